"""What people paste: tables from spreadsheets and lists of criteria, read with nothing lost in silence."""

import time

import pytest

from assessments.frameworks.editor.beginnings import RUBRIC, TableFramework
from assessments.frameworks.editor.pasted import read_list, read_table

COLUMNS = ("level", "dimension", "statement", "evidence", "next")


def read(text):
    return read_table(text, COLUMNS)


def found(pasted):
    return [(row.level, row.dimension, row.statement) for row in pasted.criteria]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_the_cells_of_a_table(delimiter):
    pasted = read(delimiter.join(["1", "People", "They talk.", "Ask them.", "Begin."]))
    (row,) = pasted.criteria
    assert (row.level, row.dimension, row.statement, row.evidence, row.next) == (
        "1",
        "People",
        "They talk.",
        "Ask them.",
        "Begin.",
    )
    assert not pasted.problems


def test_headings_say_the_order_of_the_columns():
    pasted = read("Criterion,Area,How to check,Level\nThey talk.,People,Ask.,2\n")
    assert found(pasted) == [("2", "People", "They talk.")]
    assert pasted.criteria[0].evidence == "Ask."


def test_a_column_that_is_not_known_is_told_if_something_stands_in_it():
    told = read("Level,Dimension,Criterion,Owner\n1,People,They talk.,Ann\n")
    assert ["Owner" in problem.sentence for problem in told.problems] == [True]
    assert not read("Level,Dimension,Criterion,Owner\n1,People,They talk.,\n").problems


def test_cells_in_quotes_keep_delimiters_line_breaks_and_quotes():
    pasted = read('1\tPeople\t"They ""talk"",\nand listen."\tAsk.\n2\tPeople\t"Done" means done.\n')
    assert [row.statement for row in pasted.criteria] == ['They "talk",\nand listen.', '"Done" means done.']
    assert [row.line for row in pasted.criteria] == [1, 3]


def test_a_quote_that_is_not_closed_swallows_nothing():
    pasted = read('1\tPeople\t"They talk.\n1\tPeople\tThey listen.\n')
    assert [row.statement for row in pasted.criteria] == ['"They talk.', "They listen."]


def test_merged_cells_are_filled_from_above_and_said_so():
    pasted = read("1\tPeople\tOne.\n\t\tTwo.\n2\tPeople\tThree.\n")
    assert found(pasted) == [("1", "People", "One."), ("1", "People", "Two."), ("2", "People", "Three.")]
    assert pasted.notes


def test_what_cannot_be_read_is_told_by_line():
    pasted = read("1\tPeople\tOne.\n1\tPeople\t\tAsk.\n1\tPeople\tOne.\ta\tb\tmore\n1\tPeople\t" + "x" * 2001)
    assert [problem.line for problem in pasted.problems] == [2, 3, 4]
    assert "criterion is missing" in pasted.problems[0].sentence
    assert "2001 letters" in pasted.problems[2].sentence


def test_every_line_of_a_table_is_taken_over_or_told():
    text = "\n".join(["1,A,One.", "", ",,", "x", "9,,Two.", "\x07,A,Three.", "2,B,Fo\x07ur."])
    table = TableFramework.read(text, method="levels")
    assert len(table.criteria) + len(table.problems) == 5


def test_levels_are_those_that_the_table_names():
    table = TableFramework.read(
        "2 Automated,A,Two.\nLevel 1: By hand,A,One.\n2,B,Three.\nby HAND,B,Four.", method="levels"
    )
    assert [(level.name, level.count) for level in table.levels] == [("By hand", 2), ("Automated", 2)]
    assert table.dimensions == {"A": 2, "B": 2}
    data = table.data(key="k", name="K")
    assert [level["name"] for level in data["levels"]] == ["Start", "By hand", "Automated"]
    assert [(row["statement"], row["level"]) for row in data["criteria"]] == [
        ("One.", 1),
        ("Two.", 2),
        ("Four.", 1),
        ("Three.", 2),
    ]


def test_levels_with_other_numbers_keep_them_beside_their_own():
    table = TableFramework.read("0,A,One.\n2,A,Two.", method="levels")
    levels = table.data(key="k", name="K")["levels"]
    assert [(level["level"], level.get("alias")) for level in levels] == [(0, None), (1, 0), (2, None)]
    assert any("numbered" in note for note in table.notes)


def test_a_rubric_has_no_levels_in_its_table():
    table = TableFramework.read("People,They talk.,Ask.\n", method=RUBRIC, names=["Low", "High"])
    assert not table.problems
    data = table.data(key="k", name="K")
    assert [level["level"] for level in data["levels"]] == [1, 2]
    assert data["criteria"][0]["evidence"] == "Ask."
    told = TableFramework.read("Level,Dimension,Criterion\n1,People,They talk.", method=RUBRIC, names=["Low", "High"])
    assert len(told.problems) == 1


LEVELS = ["Low", "High"]


@pytest.mark.parametrize(
    "text,expected",
    [
        ("1 One.\n2 Two.", [("1", "One."), ("2", "Two.")]),
        ("1. One.\nLevel 2: Two.", [("1", "One."), ("2", "Two.")]),
        ("1\tOne.\n2\tTwo.", [("1", "One."), ("2", "Two.")]),
        (
            "Low\n- One.\n- 2 people agree.\nHigh:\nTwo.",
            [("Low", "One."), ("Low", "2 people agree."), ("High", "Two.")],
        ),
        ("Level 1\nOne.\nLevel 2\nTwo.", [("Level 1", "One."), ("Level 2", "Two.")]),
        ("2 people agree.\nOthers know.", [("", "2 people agree."), ("", "Others know.")]),
    ],
)
def test_a_list_names_the_level_in_front_in_a_column_or_above(text, expected):
    pasted = read_list(text, LEVELS)
    assert [(row.level, row.statement) for row in pasted.criteria] == expected
    assert not pasted.problems


def test_a_list_without_levels_is_taken_as_it_is():
    pasted = read_list("• 1 team owns it.\n2 people know it.\n", [])
    assert [row.statement for row in pasted.criteria] == ["1 team owns it.", "2 people know it."]


@pytest.mark.parametrize("text", ['"' * 100_000, '"a"b,' * 20_000, "\t" * 100_000, "1 " * 50_000, "\n" * 100_000])
def test_a_hostile_text_is_read_quickly(text):
    begun = time.process_time()
    read(text)
    read_list(text, LEVELS)
    assert time.process_time() - begun < 3
