"""Patients and findings: exact prevalences, stated correlations, what lasts, independence of the cohort's size."""

from statistics import NormalDist

import numpy as np
import pytest

from longtail.data.phantom.cohort import CAUSES, Causes, make_case, parse_prevalence, with_prevalence
from longtail.data.phantom.findings import findings
from longtail.errors import UserError

TABLE = findings()
NAMES = [f.name for f in TABLE]
PATIENTS = 5000


@pytest.fixture(scope="module")
def cases():
    causes = Causes.of(TABLE)
    return [make_case(5, number, causes) for number in range(PATIENTS)]


@pytest.fixture(scope="module")
def first_studies(cases):
    return np.array([np.isin(NAMES, case.studies[0].findings) for case in cases])


def test_the_table_is_a_long_tail_of_at_least_sixteen():
    shares = [f.prevalence for f in TABLE]
    assert len(TABLE) >= 16
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(0.35)
    assert shares[-1] == pytest.approx(0.003)
    assert set().union(*(f.factors for f in TABLE)) <= set(CAUSES)
    assert any(f.lateral for f in TABLE)
    assert any(not f.lateral for f in TABLE)


def test_prevalence_is_the_stated_one(first_studies):
    for share, finding in zip(first_studies.mean(axis=0), TABLE, strict=True):
        p = finding.prevalence  # one study of each patient: independent draws
        assert abs(share - p) < 4.5 * np.sqrt(p * (1 - p) / PATIENTS), finding.name


def test_later_studies_have_the_same_prevalence(cases):
    last = np.array([np.isin(NAMES, case.studies[-1].findings) for case in cases if len(case.studies) > 1])
    for share, finding in zip(last.mean(axis=0), TABLE, strict=True):
        p = finding.prevalence
        assert abs(share - p) < 4.5 * np.sqrt(p * (1 - p) / len(last)), finding.name


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ("Pleural Effusion", "Atelectasis", 1),
        ("Cardiomegaly", "Edema", 1),
        ("Pleural Effusion", "Edema", 1),
        ("Support Devices", "Pleural Effusion", 1),
        ("Lung Opacity", "Consolidation", 1),
        ("Emphysema", "Edema", -1),
    ],
)
def test_correlations_have_the_stated_sign(first_studies, one, other, sign):
    a, b = NAMES.index(one), NAMES.index(other)
    assert np.sign(Causes.of(TABLE).correlation()[a, b]) == sign
    assert sign * np.corrcoef(first_studies[:, a], first_studies[:, b])[0, 1] > 0.01


def test_air_leaks_go_together():
    table = with_prevalence(TABLE, {"Pneumomediastinum": 0.2, "Subcutaneous Emphysema": 0.2})
    causes = Causes.of(table)
    found = np.array([np.isin(NAMES, make_case(1, i, causes).studies[0].findings) for i in range(1500)])
    a, b = NAMES.index("Pneumomediastinum"), NAMES.index("Subcutaneous Emphysema")
    assert np.corrcoef(found[:, a], found[:, b])[0, 1] > 0.25


def test_the_copula_against_its_definition():
    """The correlation of two scores summed cause by cause, and a threshold from the normal quantile."""
    causes = Causes.of(TABLE)
    a, b = NAMES.index("Cardiomegaly"), NAMES.index("Edema")
    rho = causes.correlation()[a, b]
    own, now = np.sqrt(causes.lasting), np.sqrt(1 - causes.lasting)
    by_hand = sum(
        TABLE[a].factors.get(c, 0) * TABLE[b].factors.get(c, 0) * (own[a] * own[b] + now[a] * now[b]) for c in CAUSES
    )
    assert rho == pytest.approx(by_hand)
    assert causes.threshold[a] == pytest.approx(NormalDist().inv_cdf(1 - TABLE[a].prevalence))


def test_chronic_findings_last(cases):
    for f in TABLE:
        if f.lasting == 1:
            for case in cases:
                assert len({f.name in study.findings for study in case.studies}) == 1


def test_a_patient_keeps_build_and_does_not_depend_on_others(cases):
    again = make_case(5, 77, Causes.of(TABLE))
    assert again == cases[77]
    assert make_case(6, 77, Causes.of(TABLE)) != cases[77]


def test_views_studies_and_images(cases):
    views = [[shot.view for shot in study.shots] for case in cases for study in case.studies]
    assert {v for study in views for v in study} == {"AP", "PA", "LATERAL"}
    assert 1.8 < np.mean([len(case.studies) for case in cases]) < 2.6
    assert 1.4 < np.mean([len(study) for study in views]) < 2
    assert all(study.count("LATERAL") <= 1 for study in views)


def test_the_sick_are_taken_in_bed(cases):
    ap = [("Support Devices" in s.findings, s.shots[0].view == "AP") for case in cases for s in case.studies]
    devices, beds = np.array(ap).T
    assert beds[devices].mean() > beds[~devices].mean() + 0.2


def test_single_keeps_the_rarest_and_frontal_films():
    causes = Causes.of(TABLE)
    for number in range(200):
        whole, one = make_case(2, number, causes), make_case(2, number, causes, single=True)
        for full, single in zip(whole.studies, one.studies, strict=True):
            assert single.findings == full.findings[-1:]
            assert "LATERAL" not in [shot.view for shot in single.shots]


def test_bad_prevalences_name_the_finding():
    with pytest.raises(UserError, match=r"unknown finding 'Herna'.*Did you mean 'Hernia'"):
        with_prevalence(TABLE, {"Herna": 0.1})
    with pytest.raises(UserError, match="'Hernia' is 2"):
        with_prevalence(TABLE, {"Hernia": 2})
    with pytest.raises(UserError, match="no number"):
        parse_prevalence(["Hernia=much"])
    assert parse_prevalence(["Hernia=0.5"]) == {"Hernia": 0.5}


def test_prevalence_zero_and_one():
    causes = Causes.of(with_prevalence(TABLE, {"Hernia": 1.0, "Lung Opacity": 0.0}))
    for number in range(30):
        for study in make_case(0, number, causes).studies:
            assert "Hernia" in study.findings
            assert "Lung Opacity" not in study.findings
