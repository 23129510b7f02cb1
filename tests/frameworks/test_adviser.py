"""The adviser: every worked case of every built-in framework, and each answer's reasons rule by rule."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from assessments.frameworks.adviser import NoRuleApplies, advise, completed

BUILT_IN = sorted((Path(__file__).parent.parent.parent / "assessments" / "frameworks" / "builtin").glob("*.yaml"))
BLOCKS = {path.stem: block for path in BUILT_IN if (block := YAML(typ="safe").load(path.read_text()).get("adviser"))}
CASES = [(name, case) for name, block in BLOCKS.items() for case in block["cases"]]
MLOPS = BLOCKS["mlops"]


def test_there_are_cases_to_check():
    assert len(CASES) >= 14


@pytest.mark.parametrize("name,case", CASES, ids=lambda value: value if isinstance(value, str) else str(value["in"]))
def test_worked_case_of_the_framework_file(name, case):
    advice = advise(BLOCKS[name], case["in"], current=case["current"])
    expected = case["expect"]
    assert (advice.level, list(advice.rules), advice.next, advice.stance) == (
        expected["level"],
        expected["rules"],
        expected["next"],
        expected["stance"],
    )


def test_what_is_not_answered_takes_its_default():
    assert completed(MLOPS, {"models": 2})["change"] == "regular"
    assert completed(MLOPS, {})["models"] is None


def test_a_model_in_production_implies_production():
    assert completed(MLOPS, {"production": False, "models": 1})["production"] is True
    assert completed(MLOPS, {"production": False, "models": 0})["production"] is False


def test_reasons_tell_which_rules_did_not_count_too():
    advice = advise(MLOPS, {"production": True, "models": 6, "proven": 4, "change": "rare"}, current=3)
    assert [(reason.key, reason.counted, reason.level) for reason in advice.reasons] == [
        ("A0", False, 0),
        ("A4", False, 4),
        ("A3", True, 3),
        ("M1", False, 3),
        ("M2", False, 3),
        ("M3", True, 2),
    ]


def test_an_adjustment_that_changes_nothing_does_not_count():
    advice = advise(MLOPS, {"models": 5, "proven": 3, "change": "frequent", "production": True}, current=3)
    assert advice.rules == ("A3",)
    assert {reason.key: reason.fits for reason in advice.reasons} == {
        "A0": False,
        "A4": False,
        "A3": True,
        "M1": True,
        "M2": False,
        "M3": False,
    }


def test_without_a_level_the_team_stands_on_the_floor():
    advice = advise(MLOPS, {"production": True, "models": 4, "proven": 3}, current=None)
    assert (advice.level, advice.next, advice.stance) == (2, 1, "invest")


def test_a_bound_on_an_unanswered_number_does_not_hold():
    assert advise(MLOPS, {"production": True}, current=0).rules == ("A1",)


def test_a_block_without_a_last_resort_is_an_error():
    block = {**MLOPS, "rules": MLOPS["rules"][:1]}
    with pytest.raises(NoRuleApplies):
        advise(block, {"production": True}, current=0)
