"""`manage.py score`: files in, figures out, and no database. No test here asks for one, so touching it would fail."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
BUILT_IN = ROOT / "assessments" / "frameworks" / "builtin"
VECTORS = YAML(typ="safe", pure=True).load(ROOT / "tests" / "data" / "scoring-vectors.yaml")

TOY_HEAD = """\
format: 1
framework: {key: toy, name: Toy, version: 1.0.0, method: levels}
scales:
  - key: nplf
    values:
      - {code: "N", value: 0, name: Not}
      - {code: P, value: 1, name: Partially}
      - {code: L, value: 2, name: Largely}
      - {code: F, value: 3, name: Fully}
    other_answers: [{code: NA, name: Does not apply}, {code: DK, name: I do not know}]
scoring:
  default_rule: largely
  rules:
    - {key: largely, name: Largely achieved, unit: criterion, at: {at_least: 2/3}, below: {at_least: 2/3}}
    - {key: iso33020, name: ISO/IEC 33020, unit: cell, at: {more_than: 0.50}, below: {more_than: 0.85}}
    - {key: fully, name: Fully achieved, unit: criterion, at: {at_least: 1}, below: {at_least: 1}}
levels: [{level: 0, name: A}, {level: 1, name: B}, {level: 2, name: C}, {level: 3, name: D}]
groups: [{key: all, name: All}]
dimensions: [{key: X, name: X, group: all}, {key: Y, name: Y, group: all}]
criteria:
"""


@pytest.fixture
def toy(tmp_path):
    rows = [row.split() for row in VECTORS["toy_model"]["criteria"]]
    lines = (f"  - {{key: {k}, dimension: {d}, level: {n}, statement: S {k}., next: Do {k}.}}\n" for k, d, n in rows)
    path = tmp_path / "toy.yaml"
    path.write_text(TOY_HEAD + "".join(lines))
    return path


@pytest.fixture
def score(tmp_path):
    """Runs the command on a framework file and on ratings given as data or as text; returns what it prints."""

    def run(framework, ratings, *options) -> str:
        path = tmp_path / "ratings.yaml"
        path.write_text(ratings if isinstance(ratings, str) else json.dumps(ratings))
        out = io.StringIO()
        call_command("score", str(framework), str(path), *options, stdout=out)
        return out.getvalue()

    return run


def answers(row: str) -> dict[str, str]:
    return dict(zip(VECTORS["toy_model"]["order"].split(), row.split(), strict=True))


LEVEL_ROWS = [pytest.param(row, id=row["name"]) for row in VECTORS["levels"]]


@pytest.mark.parametrize("rule", ["largely", "iso33020", "fully"])
@pytest.mark.parametrize("row", LEVEL_ROWS)
def test_worked_case_comes_out_as_json(score, toy, row, rule):
    figures = json.loads(score(toy, answers(row["ratings"]), "--json", "--rule", rule))
    expected, of_rule = row["expect"], row["expect"][rule]
    assert figures["level"] == of_rule["level"]
    assert figures["level_best"] == of_rule.get("level_if_F", of_rule["level"])
    assert figures["index"] == expected["index"]
    assert figures["index_best"] == expected.get("index_if_F", expected["index"])
    assert {key: part["level"] for key, part in figures["dimensions"].items()} == of_rule["profile"]
    assert {key: part["index"] for key, part in figures["dimensions"].items()} == expected["dimension_index"]
    # The worked cases list blockers by criterion; the order for people is tested with the engine.
    assert sorted(figures["blockers"]) == sorted(of_rule["blockers"])
    assert figures["vacuous"] == expected.get("vacuous", [])
    assert figures["groups"]["all"]["level"] == of_rule["level"]


RATER_ROWS = [pytest.param(row, id=row["votes"]) for row in VECTORS["raters"]]


@pytest.mark.parametrize("row", RATER_ROWS)
def test_several_people_come_out_as_one_rating(score, toy, row):
    votes = row["votes"].split()
    ratings = {"respondents": {f"person {i}": {"x1": vote} for i, vote in enumerate(votes)}}
    criterion = json.loads(score(toy, ratings, "--json"))["criteria"]["x1"]
    assert criterion["rating"] == row["result"]
    assert criterion["votes"] == {vote: votes.count(vote) for vote in votes}
    for figure in ("share", "spread", "rwg", "split", "discuss"):
        if figure in row:
            assert criterion[figure] == row[figure]


def test_agreed_rating_wins_over_what_each_said(score, toy):
    respondents = {"ann": answers("F F L N F F P N"), "bob": answers("N N N N N N N N")}
    figures = json.loads(score(toy, {"respondents": respondents, "agreed": answers("F F L N F F P N")}, "--json"))
    assert (figures["level"], figures["index"], figures["coverage"]) == (1, "1.67", "1.00")
    assert figures["criteria"]["x1"]["votes"] == {"F": 1, "N": 1}
    assert figures["alpha"] is not None


@pytest.mark.parametrize("row", VECTORS["ml_test_score"], ids=lambda row: row["band"] + row["result"])
def test_sums_come_out_as_json(score, row):
    sections = {}
    for key in ("data", "model", "infra", "monitor"):
        automatic, manual = (int(part[:-1]) for part in row[key].split())
        sections[key] = ["auto"] * automatic + ["manual"] * manual
        sections[key] += ["none"] * (7 - len(sections[key]))
    framework = BUILT_IN / "ml-test-score.yaml"
    criteria = YAML(typ="safe", pure=True).load(framework)["criteria"]
    figures = json.loads(score(framework, {c["key"]: sections[c["dimension"]].pop(0) for c in criteria}, "--json"))
    assert list(figures["sections"].values()) == [f"{section}0" for section in row["sections"]]
    assert (figures["result"], figures["band"]) == (f"{row['result']}0", row["band"])
    assert (figures["result_best"], figures["band_best"]) == (figures["result"], figures["band"])


def test_untouched_assessment_has_no_figures(score, toy):
    figures = json.loads(score(toy, {}, "--json"))
    assert (figures["level"], figures["level_best"], figures["index"], figures["index_best"]) == (None,) * 4
    assert (figures["coverage"], figures["blockers"], figures["alpha"]) == ("0.00", [], None)


def test_people_get_a_table(score, toy):
    assert score(toy, answers("F F L N F F - N")).splitlines() == [
        "Toy 1.0.0",
        "Rule: Largely achieved (largely)",
        "",
        "Level     1 B, could be 2 C",
        "Index     1.58, could be 1.83",
        "Coverage  88%",
        "",
        "     Level            Index",
        "All  1, could be 2    1.58, could be 1.83",
        "X    2                1.67",
        "Y    1, could be 2    1.50, could be 2.00",
        "",
        "What keeps the team from the next level:",
        "  y3 (unanswered, level 2): S y3.",
        "    Next: Do y3.",
    ]


def test_people_get_a_table_of_sums(score):
    lines = score(BUILT_IN / "ml-test-score.yaml", {"data.schema": "auto"}).splitlines()
    assert lines[2:5] == [
        "Result    0.0, could be 7.0",
        "Band      Research stage, could be Exceptional",
        "Coverage  4%",
    ]


def test_table_says_where_nothing_applies(score, toy):
    lines = score(toy, answers("F F NA L F NA NA F")).splitlines()
    assert "Level     3 D" in lines
    assert "Nothing applies at level 2, so it cannot be reached." in lines


def test_unknown_rule_is_named_with_the_choices(score, toy):
    with pytest.raises(
        CommandError, match=r"^There is no rule 'fuly'\. Did you mean 'fully'\? The rules are 'largely'"
    ):
        score(toy, {}, "--rule", "fuly")
    with pytest.raises(CommandError, match="There is no rule 'fully': this framework is scored by sums"):
        score(BUILT_IN / "ml-test-score.yaml", {}, "--rule", "fully")


@pytest.mark.parametrize(
    ("ratings", "sentences"),
    [
        ("x1: F\ny44: F\n", ["ratings.yaml:2: y44: there is no criterion 'y44'; did you mean 'y4'?"]),
        ("x1: G\nx2: [F]\n", ["ratings.yaml:1: x1: 'G' is not an answer here", "ratings.yaml:2: x2: "]),
        ("x1: true", ["ratings.yaml:1: x1: 'true' is not an answer here; choose one of N (Not), P (Partially)"]),
        (
            "respondents:\n  ann: {x1: F}\n  bob: {x1: E}\nagreed:\n  x1: DK\n",
            ["ratings.yaml:3: respondents.bob.x1: 'E'", "ratings.yaml:5: agreed.x1: 'DK' is not an answer here"],
        ),
        ("respondents: [1]", ["ratings.yaml:1: respondents: this is a list, but codes by criterion are expected"]),
        ("respondents: {ann: F}", ["ratings.yaml:1: respondents.ann: this is text, but"]),
        ("agreed: {}\nx1: F", ["ratings.yaml:2: x1: 'x1' does not belong next to respondents and agreed"]),
        ("- x1", ["ratings.yaml:1: this is a list, but codes by criterion are expected"]),
        ("x1: F\nx1: P", ["ratings.yaml:2: x1: 'x1' is here twice, first on line 1"]),
        ("", ["ratings.yaml:1: the file is empty"]),
    ],
)
def test_wrong_ratings_are_all_told_with_their_lines(score, toy, ratings, sentences):
    with pytest.raises(CommandError) as refused:
        score(toy, ratings)
    lines = str(refused.value).splitlines()
    assert len(lines) == len(sentences)
    for line, sentence in zip(lines, sentences, strict=True):
        assert line.startswith(sentence)


def test_does_not_apply_is_taken_only_where_the_framework_allows_it(score):
    mlops = BUILT_IN / "mlops.yaml"
    assert json.loads(score(mlops, {"training.unattended": "NA"}, "--json"))["criteria"]["training.unattended"][
        "rating"
    ]
    with pytest.raises(CommandError, match=r"data\.described: 'NA' is not an answer here"):
        score(mlops, {"data.described": "NA"})
    with pytest.raises(CommandError, match=r"data\.schema: 'NA' is not an answer here"):
        score(BUILT_IN / "ml-test-score.yaml", {"data.schema": "NA"})


def test_unanswered_may_be_written_as_a_dash_or_left_empty(score, toy):
    figures = json.loads(score(toy, "x1: F\nx2: '-'\nx3:\n", "--json"))
    assert [figures["criteria"][key]["rating"] for key in ("x1", "x2", "x3", "x4")] == ["F", None, None, None]


def test_faults_of_the_framework_are_told(score, toy):
    toy.write_text(toy.read_text().replace("dimension: X, level: 2", "dimension: Z, level: 9"))
    with pytest.raises(CommandError) as refused:
        score(toy, {})
    assert [line.split(": ")[1] for line in str(refused.value).splitlines()] == [
        "criteria[2] (x3).dimension",
        "criteria[2] (x3).level",
    ]


def test_command_works_in_a_shell_without_a_database(tmp_path, toy):
    ratings = tmp_path / "ratings.yaml"
    ratings.write_text("x1: F\n")
    # A database server that is not there: the command must not miss it.
    settings = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DATA_DIR": str(tmp_path / "data")}

    def shell(*arguments):
        command = [sys.executable, ROOT / "manage.py", "score", toy, *arguments]
        return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)

    done = shell(ratings, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["coverage"] == "0.13"
    failed = shell(tmp_path / "away.yaml")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "CommandError: away.yaml: this file does not exist; check the path\n"
