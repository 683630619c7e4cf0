"""Answers: ranked findings, calibration, studies, notes, heat maps, limits."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from made_service import LABELS, form, made_bundle, made_member, made_service, png, refused_with

from longtail.errors import UserError
from longtail.export.bundle import Bundle
from longtail.predict.combining import Plan
from longtail.predict.decisions import Decisions
from longtail.serve.limits import Limits, Refused
from longtail.serve.multipart import read_upload
from longtail.serve.schema import Answer
from longtail.serve.service import Service, open_service


def _asked(service: Service, *levels: int, views: tuple[str, ...] = (), study: bool = False) -> Answer:
    upload = read_upload(*form(*(png(level) for level in levels), views=views), service.limits)
    try:
        return service.predict(upload, time.monotonic() + 10, study=study)
    finally:
        service.close()


def _soon() -> float:
    return time.monotonic() + 10


def test_findings_are_ranked_by_how_far_above_their_threshold_they_are() -> None:
    found = _asked(made_service(), 102).images[0]
    assert (found.width, found.height) == (40, 30)
    # 0.3 calibrated: sigmoid(logit(0.3) + 0.5) = 0.414, above its 0.35; 0.4 is below its 0.5
    assert [each.label for each in found.findings] == ["Nodule", "Effusion", "Hernia"]
    assert [each.present for each in found.findings] == [True, False, False]
    np.testing.assert_allclose([each.probability for each in found.findings], [0.41401, 0.4, 0.05], atol=1e-4)


def test_a_label_that_was_never_trained_on_is_no_finding_and_comes_last() -> None:
    bundle = made_bundle()
    bundle.evidence["test"]["labels"]["Nodule"]["train_count"] = 0
    found = _asked(Service(bundle), 102).images[0].findings
    assert [(each.label, each.present, each.trained) for each in found] == [
        ("Effusion", False, True), ("Hernia", False, True), ("Nodule", False, False),
    ]  # fmt: skip
    assert {each.label: each.note for each in found} == {
        "Effusion": "not calibrated: validation had too few examples",
        "Hernia": "not calibrated: validation had too few examples; only 3 training images had it",
        "Nodule": "calibrated by platt on 40 validation rows; no training image had it",
    }
    bundle.evidence["test"]["labels"]["Effusion"]["train_count"] = 0
    one = Service(replace(bundle, members=(replace(bundle.members[0], task="singlelabel"),)))
    assert [each.present for each in _asked(one, 204).images[0].findings] == [True, False, False]


def test_a_study_is_fused_by_the_recipes_rule() -> None:
    found = _asked(made_service(), 51, 204, views=("AP", "lateral"), study=True)
    assert found.study is not None
    assert found.study.rule == "max"
    assert {each.label: round(each.probability, 3) for each in found.study.findings}["Effusion"] == 0.8
    assert [each.view for each in found.images] == ["AP", "lateral"]


def test_a_study_without_a_rule_is_the_mean() -> None:
    found = _asked(Service(made_bundle(study=None)), 51, 204, study=True)
    assert found.study is not None
    assert {each.label: round(each.probability, 3) for each in found.study.findings}["Effusion"] == 0.5


def test_ensembles_are_merged() -> None:
    service = made_service(made_member("a"), made_member("b", size=24, slope=0.5))
    found = {each.label: each.probability for each in _asked(service, 204).images[0].findings}
    assert found["Effusion"] == pytest.approx(0.6, abs=1e-5)


def test_of_one_label_per_image_the_top_one_is_present() -> None:
    bundle = made_bundle()
    member = replace(bundle.members[0], task="singlelabel")
    service = Service(Bundle((member,), Plan(), Decisions({}, None, {}, {})))
    found = _asked(service, 51).images[0].findings
    assert [each.label for each in found if each.present] == ["Nodule"]


def test_notes_say_how_far_to_trust() -> None:
    service = made_service()
    service.close()
    assert service.facts.notes == ["A note."]
    notes = {each.label: each.note for each in service.facts.labels}
    assert notes["Nodule"] == (
        "calibrated by platt on 40 validation rows; AUROC 0.80 (0.70 to 0.90) by 9 positives of test"
    )
    assert notes["Hernia"] == (
        "not calibrated: validation had too few examples; threshold left at .5;"
        " nobody knows how good it is here: no positives or no negatives to judge by"
    )


def test_heat_maps_of_a_run_and_none_of_an_export() -> None:
    upload = read_upload(*form(png()), Limits())
    service = made_service()
    found = service.heat(upload, "Nodule", _soon())
    assert np.unravel_index(np.argmax(found.rows), (8, 8)) == (3, 5)
    with pytest.raises(Refused, match="no such label"):
        service.heat(upload, "nothing", _soon())
    with pytest.raises(Refused, match="one image at a time"):
        service.heat(read_upload(*form(png(), png()), Limits()), "Nodule", _soon())
    without = made_service(made_member(heat=False))
    with pytest.raises(Refused, match="no heat maps"):
        without.heat(upload, LABELS[0], _soon())
    assert not without.facts.heatmaps
    for each in (service, without):
        each.close()


def test_more_than_the_server_takes_are_told_to_come_back() -> None:
    service = made_service(limits=Limits(waiting=2))
    with service.admitted(), service.admitted():
        with pytest.raises(Refused) as found, service.admitted():
            pass
        assert found.value.status == 429
    with service.admitted():
        assert service.active == 1
    service.close()


def test_too_slow_is_told() -> None:
    service = made_service(made_member(delay=0.3))
    with pytest.raises(Refused) as found:
        service.predict(read_upload(*form(png()), Limits()), time.monotonic() + 0.05)
    assert found.value.status == 503
    service.close()


def test_a_heat_map_waits_its_turn_no_longer_than_it_may() -> None:
    service = made_service(made_member(delay=0.4))
    upload = read_upload(*form(png()), Limits())
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(service.predict, upload, _soon())
        while not service.batcher.images and not first.running():
            time.sleep(0.005)
        time.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(Refused) as found:
            service.heat(upload, "Nodule", time.monotonic() + 0.05)
        assert found.value.status == 503
        assert time.monotonic() - began < 0.3
        assert first.result().images
    assert service.heat(upload, "Nodule", _soon()).rows  # what nobody waited for is not in the way
    service.close()


def test_past_its_time_nothing_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    service, late = made_service(), time.monotonic() - 1
    upload = read_upload(*form(png(), png()), Limits())
    one = read_upload(*form(png()), Limits())
    monkeypatch.setattr("longtail.serve.intake.read_pixels", lambda *_, **__: pytest.fail("decoded"))
    works = (
        lambda: service.predict(upload, late),
        lambda: service.heat(one, "Nodule", late),
        lambda: service.preview(one, late),
    )
    assert [refused_with(work) for work in works] == [503, 503, 503]
    service.close()


def test_ranks_cannot_be_served() -> None:
    bundle = made_bundle(made_member("a"), made_member("b"))
    with pytest.raises(UserError, match="rank_mean"):
        Service(Bundle(bundle.members, Plan("rank_mean")))


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(UserError, match="no folder 'nowhere'"):
        open_service("nowhere")


def test_metrics_are_prometheus_text() -> None:
    service = made_service()
    service.metrics.count("/v1/predict", 200, 0.03)
    service.metrics.count("/v1/predict", 415, 40.0)
    _asked(service, 1, 2)
    text = service.metrics_text()
    assert all(re.fullmatch(r'(# (HELP|TYPE) .+)|([a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+)', line)
               for line in text.splitlines())  # fmt: skip
    assert 'longtail_request_seconds_bucket{le="0.05"} 1' in text
    assert 'longtail_request_seconds_bucket{le="+Inf"} 2' in text
    assert "longtail_images_total 2" in text
