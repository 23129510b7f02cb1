"""What is different between two editions, told by their keys."""

import copy

import pytest

from assessments.frameworks.format.differences import TextChange, compare, is_new_ladder
from assessments.frameworks.format.schema import FrameworkFile
from assessments.templatetags.editing import MarkingBudget, wordings

from .test_framework_files import SMALL, reads


def plain():
    data = reads(SMALL, name="small.yaml").plain()
    data["levels"].append({"level": 2, "name": "Second"})
    data["criteria"].append({"key": "data.two", "dimension": "data", "level": 2, "statement": "Data is named."})
    return data


def comparison(change):
    before = plain()
    after = copy.deepcopy(before)
    change(after)
    return compare(FrameworkFile.model_validate(before), FrameworkFile.model_validate(after))


def test_the_same_content_is_no_difference():
    assert comparison(lambda data: data["framework"].update(version="2.0.0")).is_empty


def test_an_added_and_a_removed_criterion_are_told():
    def change(data):
        data["criteria"][1] = {"key": "data.new", "dimension": "data", "level": 1, "statement": "Data is kept."}

    assert comparison(change).keys() == {
        "added": ["data.new"],
        "removed": ["data.one"],
        "moved": [],
        "relevelled": [],
        "reworded": [],
        "rescaled": [],
        "advice": [],
        "references": [],
    }


@pytest.mark.parametrize(
    "field,value,kind",
    [
        ("dimension", "people", "moved"),
        ("level", 2, "relevelled"),
        ("statement", "Data is kept for years.", "reworded"),
        ("evidence", "Look at the shelves.", "reworded"),
        ("next", "Buy a shelf.", "advice"),
        ("source", "b.12", "references"),
        ("refs", ["ISO 27001: 5.10"], "references"),
        ("na", "There is no data.", "reworded"),
    ],
)
def test_each_kind_of_change_is_told_and_nothing_else(field, value, kind):
    found = comparison(lambda data: data["criteria"][1].update({field: value}))
    assert {name: keys for name, keys in found.keys().items() if keys} == {kind: ["data.one"]}


@pytest.mark.parametrize("field,asks", [("statement", True), ("evidence", True), ("na", True), ("next", False)])
def test_only_what_says_what_is_rated_may_change_the_meaning(field, asks):
    (change,) = comparison(lambda data: data["criteria"][1].update({field: "Something else."})).changed
    assert change.may_change_meaning is asks


def test_other_choices_are_told_for_every_criterion_on_the_scale():
    found = comparison(lambda data: data["scales"][0]["values"][1].update(name="In large part"))
    assert found.keys()["rescaled"] == ["people.one", "data.one", "data.two"]
    assert [(part.kind, part.how) for part in found.parts] == [("scale", "changed")]


def test_a_scale_with_the_same_choices_under_another_key_is_no_change_of_choices():
    found = comparison(lambda data: data["scales"][0].update(key="renamed"))
    assert found.keys()["rescaled"] == []


def test_what_may_mean_something_else_is_counted_apart_from_advice_and_references():
    def change(data):
        people, one, two = data["criteria"]
        people.update(statement="People meet.", next="Meet.", refs=["a"])
        one.update(next="Buy a shelf.", refs=["b"])
        two.update(refs=["c"], dimension="people")

    found = comparison(change)
    assert {kind: keys for kind, keys in found.keys().items() if keys} == {
        "moved": ["data.two"],
        "reworded": ["people.one"],
        "advice": ["data.one"],
        "references": ["data.two"],
    }
    assert [change.key for change in found.major] == ["people.one", "data.two"]
    assert [change.key for change in found.minor] == ["data.one"]
    assert found.summary == (
        "Of 3 criteria in both versions, 1 may mean something else: 1 with a different question, 0 with different "
        "choices. Apart from these, 1 only have different advice and 1 only a different short name, weight or "
        "references."
    )


def test_several_changes_of_one_criterion_are_in_several_lists():
    found = comparison(lambda data: data["criteria"][1].update(dimension="people", level=2, statement="Other."))
    assert [kind for kind, keys in found.keys().items() if "data.one" in keys] == ["moved", "relevelled", "reworded"]


def test_changes_of_levels_groups_and_dimensions_are_told():
    def change(data):
        data["levels"][1]["name"] = "Early"
        data["dimensions"][1]["group"] = "work"
        data["groups"].append({"key": "more", "name": "More"})

    parts = [(part.kind, part.key, part.how) for part in comparison(change).parts]
    assert parts == [("level", "1", "changed"), ("group", "more", "added"), ("dimension", "data", "changed")]


@pytest.mark.parametrize(
    "before,after,is_new",
    [
        ("abc", "abc", False),
        ("abc", "abx", False),
        ("abc", "abcd", True),
        ("abc", "ab", True),
        ("abc", "acb", True),
    ],
)
def test_levels_added_removed_or_reordered_make_a_new_ladder(before, after, is_new):
    assert is_new_ladder(list(before), list(after)) is is_new


def test_every_piece_of_a_changed_text_is_shown_as_text():
    """What is alike before, between and behind the changed words, and these words themselves."""
    before = "<i>1 <b>one <u>2 <s>two <em>3"
    after = "<i>1 <b>eins <u>2 <s>zwei <em>3"
    shown = wordings([TextChange(field="statement", before=before, after=after)], MarkingBudget())
    assert "&lt;i&gt;1 <del>&lt;b&gt;one</del> &lt;u&gt;2 <del>&lt;s&gt;two</del> &lt;em&gt;3" in shown
    assert "&lt;i&gt;1 <ins>&lt;b&gt;eins</ins> &lt;u&gt;2 <ins>&lt;s&gt;zwei</ins> &lt;em&gt;3" in shown
