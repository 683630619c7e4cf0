"""Merge, view rule, studies: in this order, with what was chosen recorded and followed."""

import json

import numpy as np
import pytest
from made_studies import guesses, study_manifest

from longtail.errors import UserError
from longtail.predict import Judges, Plan, combine, ensemble, to_studies, with_ids
from longtail.predict.view_rules.frontal_replaces_lateral import frontal_replaces_lateral
from longtail.predict.view_rules.view_choice import ViewJudge

_VAL, _TEST = study_manifest(50, seed=1), study_manifest(30, seed=2, split="test")
_JUDGES = Judges({name: guesses(_VAL, seed, 0.2) for name, seed in (("m3", 1), ("m5", 2))}, _VAL)
_MEMBERS = {name: guesses(_TEST, seed, 0.2) for name, seed in (("m3", 3), ("m5", 4))}
_VIEWS = {"frontal_replaces_lateral": {"judged_by": "m3"}}


def test_the_paper_s_order_step_by_step() -> None:
    plan = Plan("mean", _VIEWS, "mean")
    found, decisions = combine(_MEMBERS, plan, manifest=_TEST, judges=_JUDGES)
    merged = with_ids(ensemble(list(_MEMBERS.values())), _TEST)
    viewed, choice = frontal_replaces_lateral(merged, ViewJudge(_JUDGES.predictions["m3"], _VAL), judged_by="m3")
    np.testing.assert_array_equal(found.values, to_studies(viewed, "mean").values)
    assert decisions["views"] == choice.as_json()


def test_decisions_are_followed_without_any_judge() -> None:
    plan = Plan("weighted", _VIEWS)
    first, decisions = combine(_MEMBERS, plan, manifest=_TEST, judges=_JUDGES)
    assert set(decisions) == {"ensemble", "views"}
    recorded = json.loads(json.dumps(decisions))
    again, _ = combine(_MEMBERS, plan, manifest=_TEST, decisions=recorded)
    np.testing.assert_array_equal(again.values, first.values)
    with pytest.raises(UserError, match="needs the validation predictions of 'm5'"):  # other members: fitted anew
        combine(dict(reversed(_MEMBERS.items())), plan, manifest=_TEST, decisions=recorded, judges=Judges({}, _VAL))


def test_one_member_is_itself() -> None:
    found, decisions = combine({"m3": _MEMBERS["m3"]}, Plan("weighted"))
    assert found is _MEMBERS["m3"]
    assert decisions == {}


def test_what_is_chosen_on_validation_needs_its_labels() -> None:
    with pytest.raises(UserError, match="is chosen on validation labels; give the manifest"):
        combine(_MEMBERS, Plan("mean", _VIEWS), manifest=_TEST, judges=Judges(_JUDGES.predictions, None))
    with pytest.raises(UserError, match="needs the validation predictions of 'm3'; there are those of none"):
        combine(_MEMBERS, Plan("mean", _VIEWS), manifest=_TEST)


def test_a_view_rule_that_names_no_judge() -> None:
    """One candidate is the judge; of several, none is guessed."""
    plan = Plan("mean", {"frontal_replaces_lateral": {}})
    one = Judges({"m3": _JUDGES.predictions["m3"]}, _VAL)
    named, _ = combine(_MEMBERS, Plan("mean", _VIEWS), manifest=_TEST, judges=one)
    np.testing.assert_array_equal(combine(_MEMBERS, plan, manifest=_TEST, judges=one)[0].values, named.values)
    with pytest.raises(UserError, match=r"does not say who judges, and there are .*m3.*; write .*,judged_by=m3\."):
        combine(_MEMBERS, plan, manifest=_TEST, judges=_JUDGES)
    with pytest.raises(UserError, match="needs the validation predictions of a stage, and there are none"):
        combine(_MEMBERS, plan, manifest=_TEST)
