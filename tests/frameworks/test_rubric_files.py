"""Framework files whose answers are levels: scored as the worked cases say, checked, and written back."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from ruamel.yaml import YAML

from assessments.frameworks.format.files import FrameworkFileError, reads, write
from assessments.frameworks.format.schema import PUBLISHED, FrameworkFile

from .test_framework_files import SUMS

DATA = Path(__file__).parent.parent / "data"
TIERS = (DATA / "rubric-example.yaml").read_text()
CASES = YAML(typ="safe", pure=True).load(DATA / "rubric-vectors.yaml")
KEYS = ("a1", "a2", "a3", "b1", "b2", "c1")


def variant(name: str) -> str:
    """The file of one set of the worked cases."""
    if name == "tiers, result lowest":
        return TIERS.replace("{result: mean}", "{result: lowest}")
    if name != "edges":
        return TIERS
    text = TIERS.replace("{level: 2,", "{level: 2, from: 2.6,").replace("{level: 3,", "{level: 3, from: 4,")
    text = text.replace("  - {level: 4, name: Adaptive}\n", "").replace(
        "{key: A, name: A}", "{key: A, name: A, weight: 3}"
    )
    last = '      - {code: "4"'
    return text.replace(last, f'      - {{code: "5", value: 5, name: Beyond}}\n{last}').replace(
        '      - {code: "5", value: 5, name: Beyond}\n      - {code: "4", value: 4, name: Adaptive, '
        'anchor: "Improved from what is learned."}\n',
        '      - {code: "4", value: 4, name: Adaptive}\n      - {code: "5", value: 5, name: Beyond}\n',
    )


@pytest.mark.parametrize(
    ("name", "row"),
    [
        pytest.param(named["set"], row, id=f"{named['set']}: {row['name']}")
        for named in CASES["rubric"]
        for row in named["cases"]
    ],
)
def test_score_gives_the_figures_of_the_worked_cases(name, row, tmp_path):
    framework, ratings = tmp_path / "framework.yaml", tmp_path / "ratings.yaml"
    framework.write_text(variant(name))
    ratings.write_text(json.dumps(dict(zip(KEYS, row["ratings"].split(), strict=True))))
    out = io.StringIO()
    call_command("score", str(framework), str(ratings), "--json", stdout=out)
    figures = json.loads(out.getvalue())
    expected = row["expect"]
    assert {key: figures[key] for key in expected} == expected
    assert figures["vacuous"] == []


def test_score_says_the_level_and_the_score_of_the_highest_value(tmp_path):
    framework, ratings = tmp_path / "framework.yaml", tmp_path / "ratings.yaml"
    framework.write_text(TIERS)
    ratings.write_text("a1: 4\na2: 4\na3: 1\nb1: 3\nb2: 3\nc1: 3\n")
    out = io.StringIO()
    call_command("score", str(framework), str(ratings), stdout=out)
    text = out.getvalue()
    assert "Level     2 Informed" in text
    assert "Index     2.83 of 4" in text
    assert "a3 (rated 1): a3" in text
    with pytest.raises(CommandError, match="is a rubric"):
        call_command("score", str(framework), str(ratings), "--rule", "most", stdout=out)


def test_the_file_reads_back_to_the_same_digest():
    file = reads(variant("edges"), name="tiers.yaml")
    again = reads(write(file), name="again.yaml")
    assert again.digest == file.digest
    assert "from:" in write(file)
    weighted = {criterion.key: str(criterion.weight) for criterion in again.criteria}
    assert (weighted["a3"], weighted["a1"], str(again.dimensions[0].weight)) == ("2", "1", "3")


BROKEN = [
    ("{level: 2, name", "{level: 2, from: 5, name", "levels[1].from", "begins at 5, but the values of the answers go"),
    ("{level: 2, name", "{level: 2, from: 0.5, name", "levels[1].from", "go from 1 to 4"),
    ("{level: 1, name", "{level: 1, from: 1, name", "levels[0].from", "the lowest level has no beginning"),
    ("{level: 3, name", "{level: 3, from: 2, name", "levels[2].from", "levels must rise"),
    ("{level: 3, name", "{level: 5, name", "levels[2].level", "3 is expected"),
    ("weight: 2", "weight: 0", "criteria[2] (a3).weight", "more than 0"),
    ("weight: 2", "weight: -1", "criteria[2] (a3).weight", "not a number from 0 up"),
    ("weight: 2", "level: 2", "criteria[2] (a3).level", "the answer is the level"),
    ("weight: 2", f"name: {'x' * 41}", "criteria[2] (a3).name", "more than 40 characters"),
    ("{result: mean}", "{result: min}", "scoring.result", "belongs to the method 'min-of-sums'"),
    ("{result: mean}", "{bands: [{upto: 1, name: A}]}", "scoring.bands", "belongs to the method 'min-of-sums'"),
    ("method: rubric", "method: levels", "criteria[2] (a3).weight", "belongs to the method 'rubric'"),
    ("method: rubric", "method: levels", "scoring.result", "belongs to the method 'rubric'"),
    (
        "  - key: tier\n",
        "  - {key: b, values: [{code: x, value: 1, name: x}, {code: y, value: 5, name: y}]}\n  - key: tier\n",
        "scales[1] (tier).values",
        "in a rubric all scales begin and end at the same values",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "says"), BROKEN)
def test_what_is_wrong_with_a_rubric_is_told(old, new, path, says):
    assert TIERS.count(old) == 1
    text = TIERS.replace(old, new)
    if new.startswith("  - {key: b"):
        text = text.replace("dimension: A, statement: a1", "dimension: A, scale: b, statement: a1")
        text = text.replace("dimension: A, statement: a2", "dimension: A, scale: tier, statement: a2")
    with pytest.raises(FrameworkFileError) as refused:
        reads(text, name="tiers.yaml")
    told = [p for p in refused.value.problems if p.path == path and says in f"{p.message}; {p.mend}"]
    assert told, str(refused.value)


def test_from_belongs_to_rubrics():
    text = TIERS.replace("method: rubric", "method: levels").replace("{level: 3,", "{level: 3, from: 3,")
    with pytest.raises(FrameworkFileError) as refused:
        reads(text, name="tiers.yaml")
    assert any(problem.path == "levels[2].from" for problem in refused.value.problems)


# ---------------------------------------------------------------------- bands that no result can reach

UNREACHABLE = SUMS.replace("{upto: 1.5, name: High}", "{upto: 1, name: Some}\n    - {upto: 3, name: Much}")


def test_a_band_that_no_result_can_reach_is_refused_with_the_section_that_makes_it_so():
    with pytest.raises(FrameworkFileError) as refused:
        reads(UNREACHABLE, name="sums.yaml")
    (problem,) = refused.value.problems
    assert problem.path == "scoring.bands[2]"
    assert problem.message == (
        "no result can reach the band “Much”: it begins above 1, and the section “Data” comes to at most 1, as it has "
        "1 criterion"
    )


def test_the_smallest_section_decides_what_can_be_reached():
    row = "  - {key: data.a, dimension: data, statement: Tested., source: Data 1}\n"
    more = "".join(row.replace("data.a", f"data.{n}") for n in range(1, 3))
    text = UNREACHABLE.replace("{key: data, name: Data}", "{key: data, name: Data}\n  - {key: code, name: Code}") + more
    code = "".join(row.replace("data.a, dimension: data", f"code.{n}, dimension: code") for n in range(2))
    # Three and two criteria: the last band begins above 1, and 2 can be reached.
    assert reads(text + code, name="sums.yaml").scoring.bands[2].name == "Much"
    higher = text.replace("upto: 1, name: Some", "upto: 2, name: Some")
    with pytest.raises(FrameworkFileError, match="the section “Code” comes to at most 2, as it has 2 criteria"):
        reads(higher + code, name="sums.yaml")


def test_a_published_framework_stays_readable_whatever_is_asked_since():
    data = YAML(typ="safe", pure=True).load(UNREACHABLE)
    data["framework"]["version"] = "2"
    assert FrameworkFile.model_validate(data, context=PUBLISHED).framework.key == "sums"
