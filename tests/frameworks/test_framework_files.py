"""Framework files: what is read, what is refused and in which words, the digest, and writing."""

import json
import random
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from assessments import scoring
from assessments.frameworks.format.document import MAX_BYTES
from assessments.frameworks.format.files import FrameworkFileError, read, reads, write
from assessments.frameworks.format.schema import FrameworkFile, LevelEntry

from ..examples import examples

BUILT_IN = Path(__file__).parent.parent.parent / "assessments" / "frameworks" / "builtin"
NAMES = ["data-management", "devops", "health-check", "ml-test-score", "mlops", "platform"]

SMALL = """\
format: 1
framework:
  key: small
  name: Small
  version: 1.0.0
  method: levels
scales:
  - key: steps
    values:
      - {code: "N", value: 0, name: Not done}
      - {code: P, value: 1, name: In part}
      - {code: F, value: 2, name: Done}
    other_answers:
      - {code: NA, name: Does not apply, needs_reason: true}
scoring:
  default_rule: most
  rules:
    - {key: most, name: Most, unit: cell, at: {more_than: 0.85}, below: {at_least: 2/3}}
levels:
  - {level: 0, name: Floor}
  - {level: 1, name: First}
groups:
  - {key: work, name: Work}
dimensions:
  - {key: people, name: People, group: work}
  - {key: data, name: Data}
criteria:
  - key: people.one
    dimension: people
    level: 1
    statement: People talk.
    na: There is one person.
  - key: data.one
    dimension: data
    level: 1
    statement: Data is kept.
symptoms:
  - {key: sym.quiet, level: 0, statement: Nobody talks., cleared_by: [people.one]}
adviser:
  question: Which level?
  inputs:
    - {key: models, type: integer, min: 0, ask: How many?}
    - {key: change, type: choice, values: [rare, often], default: rare, ask: How often?}
    - {key: live, type: boolean, ask: Is it live?}
  rules:
    - {key: A1, when: {models_min: 2, change: [often], live: true}, level: 1, why: Many.}
  adjustments:
    - {key: M1, when: {}, at_most: 1, why: Enough.}
  cases:
    - {in: {models: 3}, current: 0, expect: {level: 1, rules: [A1, M1], next: 1, stance: invest}}
"""

SUMS = """\
format: 1
framework: {key: sums, name: Sums, version: "2", method: min-of-sums}
scales:
  - {key: tests, values: [{code: none, value: 0, name: None}, {code: auto, value: 1, name: Auto}]}
scoring:
  section: sum
  result: min
  bands:
    - {upto: 0, name: Low}
    - {upto: 1.5, name: High}
dimensions:
  - {key: data, name: Data}
criteria:
  - {key: data.a, dimension: data, statement: Tested., source: Data 1}
"""


def problems_of(text, name="small.yaml"):
    with pytest.raises(FrameworkFileError) as refused:
        reads(text, name=name)
    return refused.value.problems


def broken(old, new, text=SMALL):
    assert text.count(old) >= 1, f"the example does not hold {old!r}"
    return text.replace(old, new, 1)


# ---------------------------------------------------------------------- what is there


@pytest.mark.parametrize(
    ("name", "levels", "dimensions", "criteria", "symptoms", "traces"),
    [
        ("mlops", 5, 8, 67, 13, 63),
        ("devops", 4, 4, 24, 0, 0),
        ("ml-test-score", 0, 4, 28, 0, 0),
        ("health-check", 5, 5, 10, 0, 0),
        ("platform", 5, 6, 45, 9, 0),
        ("data-management", 5, 6, 46, 9, 0),
    ],
)
def test_built_in_frameworks_are_read_whole(name, levels, dimensions, criteria, symptoms, traces):
    file = read(BUILT_IN / f"{name}.yaml")
    found = [len(part) for part in (file.levels, file.dimensions, file.criteria, file.symptoms, file.traceability)]
    assert found == [levels, dimensions, criteria, symptoms, traces]
    assert file.framework.key == name


def test_nothing_of_the_mlops_framework_is_lost():
    file = read(BUILT_IN / "mlops.yaml")
    assert sum(criterion.quick for criterion in file.criteria) == 32
    assert [level.alias for level in file.levels] == ["1", "2", "3", "4", "5"]
    assert file.scales[0].values[0].code == "N"
    assert file.scales[0].other_answers[0].needs_reason
    assert [len(part) for part in (file.adviser.inputs, file.adviser.rules, file.adviser.cases)] == [6, 6, 14]
    assert file.adviser.rules[1].when == {"proven_min": 3, "models_min": 10, "change": ("frequent",), "feedback": True}
    assert file.adviser.cases[0].given == {"production": False, "models": 0, "proven": 0}
    assert file.adviser.inputs[5].default is True
    assert [len(part) for part in (file.source_differences, file.sources)] == [4, 6]
    assert file.criteria[1].na.startswith("The people who develop a model also")


@pytest.mark.parametrize("name", NAMES)
def test_built_in_frameworks_help_with_each_criterion(name):
    criteria = read(BUILT_IN / f"{name}.yaml").criteria
    assert [c.key for c in criteria if not c.name] == []
    assert len({c.name for c in criteria}) == len({c.statement for c in criteria}) == len(criteria)
    if name != "health-check":
        # There the described answers say what to check.
        assert [c.key for c in criteria if not (c.evidence and c.next)] == []


@pytest.mark.parametrize("name", ["data-management", "mlops", "platform"])
def test_the_short_questionnaire_asks_one_criterion_of_each_dimension_and_level(name):
    file = read(BUILT_IN / f"{name}.yaml")
    cells = [(criterion.dimension, criterion.level) for criterion in file.criteria if criterion.quick]
    levels = [level.level for level in file.levels[1:]]
    assert sorted(cells) == sorted((dimension.key, level) for dimension in file.dimensions for level in levels)


@pytest.mark.parametrize("name", ["data-management", "mlops", "platform"])
def test_a_sign_of_a_low_level_is_cleared_by_criteria_above_it(name):
    file = read(BUILT_IN / f"{name}.yaml")
    levels = {criterion.key: criterion.level for criterion in file.criteria}
    wrong = [s.key for s in file.symptoms if not s.cleared_by or any(levels[key] <= s.level for key in s.cleared_by)]
    assert wrong == []


def test_every_word_of_the_built_in_files_is_in_the_canonical_form():
    for name in NAMES:
        canonical = read(BUILT_IN / f"{name}.yaml").canonical()
        said = "\n".join(
            re.sub(r"(^|\s)#.*", "", line) for line in (BUILT_IN / f"{name}.yaml").read_text().splitlines()
        )
        missing = {word for word in re.findall(r"[A-Za-z]{5,}", said) if word not in canonical}
        # Fields that say their default are left out of the canonical form.
        assert missing <= {
            *("median", "aggregation", "rater", "unanswered", "counts", "discuss", "order", "lowest", "first"),
            *("split", "spread", "applicability", "warning", "below", "language"),
        }


def test_metrics_of_the_devops_framework_keep_their_answers():
    metrics = read(BUILT_IN / "devops.yaml").metrics
    assert metrics[0].values[1] == "over six months"
    assert [metric.kind for metric in metrics] == ["choice"] * 3 + ["percent"] * 2


def test_thresholds_are_exactly_what_is_written():
    text = broken("{more_than: 0.85}", "{more_than: 0.850}").replace("{at_least: 2/3}", '{at_least: "0.1"}')
    rule = reads(text, name="x").scoring.rules[0]
    assert (rule.at.more_than, rule.below.at_least) == (Fraction(17, 20), Fraction(1, 10))
    rules = {rule.key: rule for rule in read(BUILT_IN / "mlops.yaml").scoring.rules}
    assert rules["iso33020"].at.more_than == Fraction(1, 2)
    assert rules["iso33020"].below.more_than == Fraction(17, 20)
    assert rules["largely"].at.at_least == Fraction(2, 3)
    assert rules["fully"].at.at_least == 1


def test_words_that_look_like_other_things_stay_text():
    text = (
        broken("name: Small", "name: no")
        .replace("version: 1.0.0", "version: 1.10")
        .replace("People talk.", "2024-01-02")
    )
    file = reads(text, name="x")
    assert (file.framework.name, file.framework.version, file.criteria[0].statement) == ("no", "1.10", "2024-01-02")


def test_instrument_says_what_is_scored_and_how():
    instrument = reads(SMALL, name="x").instrument()
    scale = scoring.ScoredScale(key="steps", values={"N": 0, "P": 1, "F": 2})
    assert instrument.criteria[1] == scoring.ScoredCriterion(key="data.one", dimension="data", level=1, scale=scale)
    assert instrument.dimensions == (
        scoring.ScoredDimension(key="people", group="work"),
        scoring.ScoredDimension(key="data"),
    )
    assert (instrument.groups, instrument.levels, instrument.default_rule) == (("work",), (0, 1), "most")
    assert instrument.rules[0].at == scoring.Threshold(kind="more_than", value=Fraction(17, 20))
    assert instrument.rules[0].below == scoring.Threshold(kind="at_least", value=Fraction(2, 3))
    assert (instrument.discuss_spread, instrument.discuss_split) == (2, True)
    assert instrument.applicability_warning_below == Fraction(7, 10)


def test_instrument_of_sums_has_bands_and_no_levels():
    instrument = reads(SUMS, name="x").instrument()
    assert instrument.method == "min-of-sums"
    assert [(band.upto, band.name) for band in instrument.bands] == [(0, "Low"), (Fraction(3, 2), "High")]
    assert (instrument.levels, instrument.rules, instrument.criteria[0].level) == ((), (), None)


def test_discussion_and_applicability_can_be_set():
    extra = "  discuss_when: {spread_min: 3, split_median: false}\n  applicability_warning_below: 0.5\nlevels:\n"
    instrument = reads(broken("levels:\n  - {", f"{extra}  - {{"), name="x").instrument()
    assert (instrument.discuss_spread, instrument.discuss_split) == (3, False)
    assert instrument.applicability_warning_below == Fraction(1, 2)


@pytest.mark.parametrize("part", ["criteria", "dimensions", "scales"])
def test_a_fault_in_the_only_entry_of_a_list_does_not_make_the_list_empty(part):
    data = YAML(typ="safe").load(SUMS)
    data[part] = [data[part][0] | {"colour": "green"}]
    messages = [(p.path.partition("[")[0], p.message) for p in problems_of(json.dumps(data))]
    assert (part, "there is no field 'colour' here") in messages
    assert "this list is empty" not in {message for _part, message in messages}


def test_an_empty_list_is_told():
    data = YAML(typ="safe").load(SUMS) | {"criteria": []}
    assert "this list is empty" in {problem.message for problem in problems_of(json.dumps(data))}


# ---------------------------------------------------------------------- digest and writing


def shuffled(value, order):
    if isinstance(value, dict):
        return {key: shuffled(value[key], order) for key in order.sample(list(value), len(value))}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", NAMES)
def test_digest_survives_comments_and_layout_and_order_of_fields(name):
    file = read(BUILT_IN / f"{name}.yaml")
    text = (BUILT_IN / f"{name}.yaml").read_text()
    layout = "# new comment\r\n" + text.replace("\n", "\r\n").replace(">-", ">")
    assert reads(layout, name=name).digest == file.digest
    assert FrameworkFile.model_validate(shuffled(file.plain(), random.Random(7))).digest == file.digest


@pytest.mark.parametrize("name", NAMES)
def test_written_file_reads_back_to_the_same_digest(name):
    file = read(BUILT_IN / f"{name}.yaml")
    written = write(file)
    assert reads(written, name="written.yaml") == file
    assert reads(written, name="written.yaml").digest == file.digest
    assert write(reads(written, name="written.yaml")) == written


def test_digest_is_fixed_for_good():
    # Stored editions carry these; a change of the canonical form would turn every one of them into another edition.
    assert reads(SUMS, name="x").canonical() == (
        '{"criteria":[{"dimension":"data","key":"data.a","source":"Data 1","statement":"Tested."}],'
        '"dimensions":[{"key":"data","name":"Data"}],"format":1,'
        '"framework":{"key":"sums","method":"min-of-sums","name":"Sums","version":"2"},'
        '"scales":[{"key":"tests","values":[{"code":"none","name":"None","value":0},'
        '{"code":"auto","name":"Auto","value":1}]}],'
        '"scoring":{"bands":[{"name":"Low","upto":"0"},{"name":"High","upto":"1.5"}],"result":"min","section":"sum"}}'
    )
    assert reads(SUMS, name="x").digest == DIGEST_OF_SUMS


DIGEST_OF_SUMS = "sha256:aaad8ff3b2ed0c3df0b3ea6656cb72b665dca0ef2dda3a99bba9e1f2c4c0b1a5"


def test_saying_a_default_or_writing_a_number_differently_does_not_change_the_digest():
    digest = reads(SMALL, name="x").digest
    for old, new in [
        ("method: levels", "method: levels\n  language: en"),
        ("statement: People talk.", "statement: People talk.\n    quick: false\n    meaning: 1\n    scale: steps"),
        ("more_than: 0.85", 'more_than: "17/20"'),
        ("scoring:", "scoring:\n  rater_aggregation: low-median\n  discuss_when: {}"),
        ("People talk.", "'  People talk. '"),
    ]:
        assert reads(broken(old, new), name="x").digest == digest, new


def test_any_change_of_wording_order_or_meaning_changes_the_digest():
    one, other = "  - {key: people, name: People, group: work}\n", "  - {key: data, name: Data}\n"
    changes = [
        ("People talk.", "People talk"),
        ("People talk.", "People  talk."),
        ("There is one person.", "There is one."),
        ("name: Floor", "name: Ground"),
        ("name: In part", "name: Partly"),
        ("needs_reason: true", "needs_reason: false"),
        ("0.85", "0.86"),
        ("1.0.0", "1.0.1"),
        ("why: Many.", "why: More."),
        ("statement: Data is kept.", "statement: Data is kept.\n    quick: true"),
        ("statement: Data is kept.", "statement: Data is kept.\n    meaning: 2"),
        (one + other, other + one),
    ]
    digests = [reads(broken(old, new), name="x").digest for old, new in changes]
    assert len({*digests, reads(SMALL, name="x").digest}) == len(changes) + 1


# ---------------------------------------------------------------------- what is refused, and in which words

BROKEN = [
    # old, new, line, path, what the sentence says
    ("dimension: people\n", "dimension: peopel\n", 29, "criteria[0] (people.one).dimension", "did you mean 'people'?"),
    ("    level: 1\n", "    level: 0\n", 30, "criteria[0] (people.one).level", "the lowest level cannot have criteria"),
    ("    level: 1\n", "    level: 7\n", 30, "criteria[0] (people.one).level", "no level 7; the levels are 0, 1"),
    ("    level: 1\n", "    level: one\n", 30, "criteria[0] (people.one).level", "text, but a whole number"),
    ("    level: 1\n", "", 28, "criteria[0] (people.one).level", "the level is missing; add the level"),
    ("    level: 1\n", "    level: 1.0\n", 30, "criteria[0] (people.one).level", "a whole number is expected"),
    ("    level: 1\n", "    level: true\n", 30, "criteria[0] (people.one).level", "true or false, but a whole number"),
    (
        "    statement: People",
        "    stament: People",
        31,
        "criteria[0] (people.one).stament",
        "did you mean 'statement'?",
    ),
    ("    statement: People", "    stament: People", 28, "criteria[0] (people.one).statement", "this field is missing"),
    ("statement: People talk.", "statement: ''", 31, "criteria[0] (people.one).statement", "this text is empty"),
    ("statement: People talk.", "statement:", 31, "criteria[0] (people.one).statement", "empty, but text is expected"),
    ("statement: People talk.", "statement: [a]", 31, "criteria[0] (people.one).statement", "a list, but text"),
    ("statement: People talk.", "statement: true", 31, "criteria[0] (people.one).statement", "put it in quotes"),
    ("statement: People talk.", 'statement: "a\\0b"', 31, "criteria[0] (people.one).statement", "U+0000"),
    ("statement: People talk.", 'statement: "\\ud800"', 31, "criteria[0] (people.one).statement", "half a character"),
    ("    na: There", "    quick: maybe\n    na: There", 32, "criteria[0] (people.one).quick", "write true or false"),
    ("    na: There", "    meaning: 0\n    na: There", 32, "criteria[0] (people.one).meaning", "at least 1"),
    ("    na: There", "    scale: stpes\n    na: There", 32, "criteria[0] (people.one).scale", "did you mean 'steps'?"),
    (
        "key: data.one",
        "key: people.one",
        33,
        "criteria[1] (people.one).key",
        "'people.one' is already used by criteria[0].key",
    ),
    ("key: data.one", "key: data one", 33, "criteria[1] (data one).key", "is not a key; use only letters"),
    ("key: small", "key: Small", 3, "framework.key", "'Small' is not a key"),
    ("version: 1.0.0", "version: " + "1" * 41, 5, "framework.version", "more than 40 characters"),
    ("method: levels", "method: level", 6, "framework.method", "did you mean 'levels'?"),
    ("  method: levels\n", "", 2, "framework.method", "this field is missing; add it"),
    ("format: 1", "format: 2", 1, "format", "'2' is not allowed here; choose one of '1'"),
    ("format: 1", "formt: 1", 1, "formt", "no field 'formt' here; did you mean 'format'?"),
    ("value: 1, name: In", "value: 2, name: In", 12, "scales[0] (steps).values[2] (F).value", "does not come after 2"),
    ("value: 0, name: Not", "value: 1, name: Not", 10, "scales[0] (steps).values[0] (N).value", "must start at 0"),
    ("value: 2, name: D", "value: 2.5, name: D", 12, "scales[0] (steps).values[2] (F).value", "a whole number"),
    ("value: 0, name: Not", "value: -1, name: Not", 10, "scales[0] (steps).values[0] (N).value", "at least 0"),
    ("code: F", "code: P", 12, "scales[0] (steps).values[2] (P).code", "the code 'P' is already used"),
    ("code: F", "code: DK", 12, "scales[0] (steps).values[2] (DK).code", "move NA and DK to other_answers"),
    ("{code: NA, name: Does", "{code: XX, name: Does", 14, "scales[0] (steps).other_answers[0] (XX).code", "'NA'"),
    ("code: NA", "code: DK", 32, "criteria[0] (people.one).na", "does not offer 'does not apply'"),
    ("default_rule: most", "default_rule: mots", 16, "scoring.default_rule", "no rule 'mots'; did you mean 'most'?"),
    ("  default_rule: most\n", "", 15, "scoring.default_rule", "missing; choose one of most"),
    ("0.85", "1.85", 18, "scoring.rules[0] (most).at.more_than", "1.85 is not between 0 and 1"),
    ("0.85", "-0.5", 18, "scoring.rules[0] (most).at.more_than", "not a number from 0 up; write it as 0.85"),
    ("0.85", "2/0", 18, "scoring.rules[0] (most).at.more_than", "not a number from 0 up"),
    ("0.85", "1e999999999", 18, "scoring.rules[0] (most).at.more_than", "not a number from 0 up"),
    ("more_than: 0.85", "more_than: 1", 18, "scoring.rules[0] (most).at.more_than", "write {at_least: 1}"),
    ("more_than: 0.85", "more_than: 0.5, at_least: 0.5", 18, "scoring.rules[0] (most).at", "this one has both"),
    ("{more_than: 0.85}", "{}", 18, "scoring.rules[0] (most).at", "this one has neither"),
    ("unit: cell", "unit: cells", 18, "scoring.rules[0] (most).unit", "did you mean 'cell'?"),
    (
        "{level: 1, name: First}",
        "{level: 2, name: First}",
        21,
        "levels[1].level",
        "this level is 2, but 1 is expected",
    ),
    ("  - {level: 1, name: First}\n", "", 19, "levels", "needs at least two levels"),
    ("group: work", "group: wrok", 25, "dimensions[0] (people).group", "no group 'wrok'; did you mean 'work'?"),
    (
        "cleared_by: [people.one]",
        "cleared_by: [people.won]",
        38,
        "symptoms[0] (sym.quiet).cleared_by[0]",
        "'people.one'?",
    ),
    ("sym.quiet, level: 0", "sym.quiet, level: 5", 38, "symptoms[0] (sym.quiet).level", "there is no level 5"),
    ("models_min: 2", "modles_min: 2", 46, "adviser.rules[0] (A1).when.modles_min", "did you mean 'models'?"),
    ("models_min: 2", "change_min: 2", 46, "adviser.rules[0] (A1).when.change_min", "so it has no bounds"),
    ("change: [often]", "change: [oftne]", 46, "adviser.rules[0] (A1).when.change", "did you mean 'often'?"),
    ("live: true}", "live: 3}", 46, "adviser.rules[0] (A1).when.live", "write true or false"),
    ("level: 1, why", "level: 4, why", 46, "adviser.rules[0] (A1).level", "there is no level 4"),
    ("at_most: 1", "at_most: 4", 48, "adviser.adjustments[0] (M1).at_most", "there is no level 4"),
    ("at_most: 1, ", "", 48, "adviser.adjustments[0] (M1)", "changes nothing"),
    ("key: M1", "key: A1", 48, "adviser.adjustments[0] (A1).key", "'A1' is already used"),
    ("default: rare", "default: never", 43, "adviser.inputs[1] (change).default", "'never' is not one of the values"),
    ("rules: [A1, M1]", "rules: [A1, M1x]", 50, "adviser.cases[0].expect.rules[1]", "did you mean 'M1'?"),
    ("in: {models: 3}", "in: {models: many}", 50, "adviser.cases[0].in.models", "write a whole number"),
    ("in: {models: 3}", "in: {modles: 3}", 50, "adviser.cases[0].in.modles", "did you mean 'models'?"),
    ("stance: invest", "stance: spend", 50, "adviser.cases[0].expect.stance", "'spend' is not allowed"),
    ("symptoms:\n", "sources: {a: b}\nsymptoms:\n", 37, "sources", "a mapping, but a list is expected"),
    (
        "groups:\n  - {key: work, name: Work}",
        "groups: [5]",
        22,
        "groups[0]",
        "a whole number, but a mapping is expected",
    ),
    ("key: small\n", "key: small\n  key: other\n", 4, "framework.key", "'key' is here twice, first on line 3"),
    ("name: Small", "name: *there", 4, "framework.name", "aliases such as *there are not allowed here"),
    ("name: Small", "name: !!python/name:os.system x", 4, "framework.name", "tags such as"),
    ("name: Small", "name: Small: big", 4, "", "put the text in quotes if it contains a colon"),
    ("  name: Small", "\tname: Small", 4, "", "indent with spaces"),
    ("name: Small", "name: 'Small", 4, "", "not YAML"),
    ("name: Small", "name: Sm\x07all", 4, "", "control character (U+0007)"),
    ("levels:\n  - {level: 0", "---\nlevels:\n  - {level: 0", 19, "", "more than one document"),
    ("name: Small", "name: " + "[" * 30 + "]" * 30, 4, "framework", "nested more than 20 deep"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "says"), BROKEN, ids=[f"{b[3]}-{i}" for i, b in enumerate(BROKEN)]
)
def test_fault_is_told_with_line_path_and_mend(old, new, line, path, says):
    problems = problems_of(broken(old, new))
    told = [p for p in problems if (p.line, p.path) == (line, path) and says in f"{p.message}; {p.mend}"]
    assert told, "\n".join(map(str, problems))
    assert all(problem.mend and problem.file == "small.yaml" for problem in problems)


BROKEN_SUMS = [
    ("upto: 1.5", "upto: 0", 10, "scoring.bands[1].upto", "bands must ascend and not overlap"),
    ("upto: 1.5", "upto: 0.5", 10, "scoring.bands[1].upto", "can be as high as 1, but the last band ends at 1/2"),
    ("statement: Tested.", "level: 1, statement: Tested.", 14, "criteria[0] (data.a).level", "have no level if sums"),
    ("name: Data}", "name: Data}\n  - {key: more, name: More}", 13, "dimensions[1] (more)", "every result would be 0"),
    ("  section: sum", "  default_rule: most", 6, "scoring.default_rule", "belongs to the method 'levels'"),
    ("dimensions:", "levels: [{level: 0, name: A}]\ndimensions:", 11, "levels", "belongs to the method 'levels'"),
    ("method: min-of-sums", "method: levels", 8, "scoring.bands", "belongs to the method 'min-of-sums'"),
    ("method: min-of-sums", "method: levels", 5, "scoring.rules", "needs a rule"),
    (
        "scales:\n",
        "scales:\n  - {key: b, values: [{code: 0, value: 0, name: x}]}\n",
        4,
        "scales[0] (b).values",
        "two choices",
    ),
    (
        "scales:\n",
        "scales:\n  - {key: b, values: [{code: 0, value: 0, name: x}]}\n",
        15,
        "criteria[0] (data.a).scale",
        "tests",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "path", "says"), BROKEN_SUMS)
def test_fault_of_a_framework_of_sums_is_told(old, new, line, path, says):
    problems = problems_of(broken(old, new, SUMS))
    told = [p for p in problems if p.path == path and says in f"{p.message}; {p.mend}"]
    assert told, "\n".join(map(str, problems))
    assert told[0].line == line


def test_sums_without_bands_are_refused():
    text = SUMS[: SUMS.index("  bands")] + SUMS[SUMS.index("dimensions:") :]
    assert "needs bands" in str(problems_of(text)[0])


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    text = SMALL
    for old, new in [
        ("method: levels", "method: levels\n  colour: red"),
        ("default_rule: most", "default_rule: many"),
        ("statement: People talk.", "statement: 5"),
        ("dimension: data", "dimension: date"),
        ("cleared_by: [people.one]", "cleared_by: [nobody, people.one, nothing]"),
    ]:
        text = broken(old, new, text)
    problems = problems_of(text)
    assert [problem.line for problem in problems] == [7, 17, 32, 35, 39, 39]
    assert str(problems[3]) == (
        "small.yaml:35: criteria[1] (data.one).dimension: there is no dimension 'date'; did you mean 'data'?"
    )


def test_error_reads_as_one_line_per_problem():
    with pytest.raises(FrameworkFileError) as refused:
        reads(broken("name: Floor", "nmae: Floor"), name="small.yaml")
    assert str(refused.value).splitlines() == [
        "small.yaml:20: levels[0].name: this field is missing; add it",
        "small.yaml:20: levels[0].nmae: there is no field 'nmae' here; did you mean 'name'?",
    ]


def test_every_repeated_field_is_told():
    text = broken("key: small", "key: small\n  key: b").replace("format: 1", "format: 1\nformat: 1")
    assert [problem.path for problem in problems_of(text)] == ["format", "framework.key"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "x.yaml:1: the file is empty; write a framework into it"),
        ("# only a comment\n", "x.yaml:1: the file is empty"),
        ("- a\n- b\n", "x.yaml:1: a framework file has fields at its top, but this one has a list"),
        ("just text", "a framework file has fields at its top, but this one has text"),
        (b"format: 1\nname: caf\xe9\n", "x.yaml:2: this is not UTF-8; save the file as UTF-8"),
        ("format: 1\n".encode("utf-16"), "x.yaml:1: this is not UTF-8"),
        ("a: b: c", "x.yaml:1: this is not YAML: mapping values are not allowed here"),
        ("a: [1,\nb: 2", "x.yaml:"),
        ("? [a, b]\n: 1", "x.yaml:1: a field’s name must be plain text"),
    ],
)
def test_what_is_no_framework_file_is_refused(content, says):
    assert says in str(problems_of(content, name="x.yaml")[0])


def test_byte_order_mark_is_no_fault():
    assert reads(b"\xef\xbb\xbf" + SMALL.encode(), name="x").digest == reads(SMALL, name="x").digest


# ---------------------------------------------------------------------- limits


def test_alias_bomb_is_refused_at_its_first_alias():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(c)}: &{chr(c)} [{', '.join(['*' + chr(c - 1)] * 9)}]\n" for c in range(ord("b"), ord("k"))
    )
    (problem,) = problems_of(bomb)
    assert (problem.line, problem.path) == (2, "b[0]")
    assert problem.message == "aliases such as *a are not allowed here"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_without_effort(opening):
    (problem,) = problems_of(opening * 50_000)
    assert "nested more than 20 deep" in problem.message or "plain text" in problem.message


def test_large_file_is_refused(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("#" * (MAX_BYTES + 1))
    for refused in (lambda: read(path), lambda: reads(path.read_text(), name="large.yaml")):
        with pytest.raises(
            FrameworkFileError, match=re.escape("large.yaml:1: the file is larger than 1,000,000 bytes")
        ):
            refused()


def test_more_criteria_than_the_limit_are_refused():
    many = "".join(f"  - {{key: c{i}, dimension: data, level: 1, statement: S.}}\n" for i in range(2_001))
    (problem,) = problems_of(broken("symptoms:", f"{many}symptoms:"))
    assert (problem.path, problem.message) == ("criteria", "this has more than 2,000 entries")


def test_contradictions_without_end_are_cut_short():
    wrong = ", ".join(f"nobody{i}" for i in range(1_000))
    problems = problems_of(broken("[people.one]}", f"[{wrong}]}}"))
    assert len(problems) == 201
    assert "there are more problems than the 200 listed here" in str(problems[-1])


def test_missing_file_and_folder_are_told(tmp_path):
    for path in (tmp_path / "away.yaml", tmp_path):
        with pytest.raises(FrameworkFileError, match="this file does not exist; check the path"):
            read(path)


# ---------------------------------------------------------------------- made-up frameworks

words = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1, max_size=30)
texts = words.map(str.strip).filter(lambda text: text and "\ufffe" not in text and "\uffff" not in text)
codes = st.lists(
    st.sampled_from(["N", "no", "yes", "0", "1", "0.5", "~x", "null", "true", "é", "#", "-1"]), unique=True
)


@st.composite
def frameworks(draw):
    steps = draw(codes.filter(lambda steps: len(steps) > 1))
    top = draw(st.integers(1, 3))
    share = st.fractions(0, Fraction(39, 40), max_denominator=40)
    criterion = st.fixed_dictionaries(
        {"dimension": st.sampled_from(["a", "b"]), "level": st.integers(1, top), "statement": texts},
        optional={
            "evidence": texts,
            "next": texts,
            "na": texts,
            "quick": st.booleans(),
            "refs": st.lists(texts, max_size=2),
        },
    )
    criteria = [{"key": f"c{i}", **each} for i, each in enumerate(draw(st.lists(criterion, min_size=1, max_size=4)))]
    rule = {
        "key": "r",
        "name": "R",
        "unit": "cell",
        "at": {"more_than": draw(share)},
        "below": {"at_least": draw(share)},
    }
    return FrameworkFile.model_validate(
        {
            "format": 1,
            "framework": {"key": "made-up", "name": draw(texts), "version": draw(texts), "method": "levels"},
            "scales": [
                {
                    "key": "s",
                    "values": [{"code": code, "value": i, "name": draw(texts)} for i, code in enumerate(steps)],
                    "other_answers": [{"code": "NA", "name": draw(texts)}],
                }
            ],
            "scoring": {"default_rule": "r", "rules": [rule]},
            "levels": [
                {"level": i, "name": draw(texts), "highlights": draw(st.lists(texts, max_size=2))}
                for i in range(top + 1)
            ],
            "dimensions": [{"key": "a", "name": draw(texts)}, {"key": "b", "name": draw(texts)}],
            "criteria": criteria,
        }
    )


def test_long_text_is_written_over_several_lines_and_loses_nothing():
    pieces = [
        "word",
        "long-" * 12,
        "  ",
        " ",
        "\n",
        "\n\n",
        ": ",
        " #",
        "'",
        '"',
        "\\",
        "\u2028",
        "\ufeff",
        "\t",
        "é",
        "- ",
    ]
    order = random.Random(3)
    texts = ["".join(order.choices(pieces, k=40)).strip() for _ in range(150)]
    texts += [
        " ".join(order.choices(["words", "and", "'quoted'", "a:", "#b", "-", "x" * 120], k=60)) for _ in range(50)
    ]
    framework = reads(SMALL, name="x").model_copy(
        update={
            "levels": (*reads(SMALL, name="x").levels[:1], LevelEntry(level=1, name="First", highlights=tuple(texts)))
        }
    )
    written = write(framework)
    assert reads(written, name="written.yaml").digest == framework.digest
    long_lines = [line for line in write(read(BUILT_IN / "mlops.yaml")).splitlines() if len(line) > 125]
    assert not long_lines


@examples(60, derandomize=True, suppress_health_check=list(HealthCheck))
@given(frameworks())
def test_any_framework_is_written_so_that_it_reads_back_the_same(framework):
    again = reads(write(framework), name="written.yaml")
    assert again == framework
    assert again.digest == framework.digest
