"""CISO Assistant's libraries keep their meaning: what can be rated, on which answers, at which level."""

import pytest
import yaml

from assessments.frameworks.format.files import FrameworkFileError
from assessments.frameworks.import_plan import matched, plan, with_meanings
from assessments.frameworks.importers import Options, Source, adapt, named_levels
from assessments.frameworks.publishing import publish
from assessments.frameworks.translating import Coverage
from assessments.models.framework_texts import source_texts

from .test_importers import DATA

URN = "urn:example:risk:req_node:made-up:"


def library(name, **options):
    return adapt("ciso", [Source.read(DATA / "ciso" / f"{name}.yaml")], Options(**options))


def made(*nodes, groups=(), scores=(), **options):
    """A library of these requirements below one section."""
    section = {"urn": f"{URN}s", "assessable": False, "ref_id": "S", "name": "Section"}
    rows = [
        {"urn": f"{URN}{n}", "assessable": True, "parent_urn": f"{URN}s", "ref_id": f"S.{n}", "name": f"Rule {n}"}
        | node
        for n, node in enumerate(nodes, start=1)
    ]
    framework = {"ref_id": "MADE", "name": "Made up", "requirement_nodes": [section, *rows]}
    framework["implementation_groups_definition"] = [{"ref_id": key, "name": name} for key, name in groups]
    framework["scores_definition"] = [{"score": score, "name": name} for score, name in scores]
    whole = {"version": 1, "locale": "en", "objects": {"framework": framework}}
    return adapt("ciso", [Source("made.yaml", yaml.safe_dump(whole).encode())], Options(**options))


def question(text, *choices, kind="unique_choice", **fields):
    return {"type": kind, "text": text, "choices": list(choices), **fields}


def names(scale):
    return [value.name for value in scale.values]


def said(lines, text):
    return [line for line in lines if text in line]


def test_a_requirement_is_not_lost_because_its_questions_cannot_be_rated():
    result = library("yesno", levels=("L1", "L2"))
    first, second = result.file.criteria
    assert [(c.statement, c.level) for c in (first, second)] == [("Regular meals", 1), ("Clean bowls", 2)]
    assert [level.name for level in result.file.levels] == ["Not started", "Level 1", "Level 2"]
    for text in ("Meals are given at fixed times.", "[a] meal times are written down;", "Who feeds?"):
        assert text in first.evidence
    (scale,) = result.file.scales
    assert names(scale) == ["Not met", "Partially met", "Met"]
    assert said(
        result.adapted, "Requirements whose questions cannot be rated are rated themselves: “FD.1 Regular meals”"
    )
    assert (result.refused, result.offered) == ((), 2)


def test_results_give_choices_their_order():
    result = library("result")
    assert [c.statement for c in result.file.criteria] == [
        "Are meals given at fixed times?",
        "Is the bowl clean?",
        "Is there water?",
    ]
    assert [names(scale) for scale in result.file.scales] == [
        ["Never", "Sometimes", "Always"],
        ["No", "Yes"],
        ["No", "Yes"],
    ]
    assert [[value.value for value in scale.values] for scale in result.file.scales][1] == [0, 10]
    assert all("NA" in {other.code for other in scale.other_answers} for scale in result.file.scales)
    assert said(result.adapted, "“No pet”, “Not relevant here”")


def test_a_deep_tree_has_groups_and_dimensions():
    file = library("depth").file
    assert [(group.key, group.name) for group in file.groups] == [("id", "ID Identify")]
    assert [(d.key, d.group) for d in file.dimensions] == [("id-am", "id"), ("id-ra", "id")]
    assert file.dimensions[0].about == "Know what you have."


def test_an_unknown_group_is_reported_and_not_fatal():
    result = library("typo")
    assert [(c.statement, c.level) for c in result.file.criteria] == [("Clean bowls", 1), ("Meals", 1)]
    assert said(result.refused, "“SIlver”: “FD.1 Clean bowls”")


@pytest.mark.parametrize(
    "groups,levels",
    [
        ([("L1", "Level 1"), ("L2", "Level 2")], ("L1", "L2")),
        ([("2", "Tier 2 - Operational"), ("1", "Tier 1 - Strategic")], ("1", "2")),
        ([("S", "Silver"), ("B", "Bronze")], ("B", "S")),
        ([("L", "Low"), ("M", "Moderate"), ("H", "High")], ("L", "M", "H")),
        ([("A", "Automatic"), ("M", "Manual")], ()),
        ([("IG1", "Physical security"), ("IG2", "Suppliers")], ()),
        ([("L1", "Level 1")], ()),
        ([("L1", "Level 1"), ("L1b", "Level 1")], ()),
    ],
)
def test_groups_are_levels_only_where_their_names_say_an_order(groups, levels):
    nodes = [{"implementation_groups": [key]} for key, _name in groups]
    result = made(*nodes, groups=groups)
    assert result.groups == tuple(key for key, _name in groups)
    assert result.levels == levels
    assert max(c.level for c in result.file.criteria) == (len(levels) or 1)


@pytest.mark.parametrize(
    "memberships,levels,of_each",
    [
        # What the first class asks for, the others ask for too, and more.
        (["123", "23", "3", "3"], "123", [1, 2, 3, 3]),
        # The first class is the strictest: it asks for all that the others do, and more.
        (["123", "12", "1", "123"], "321", [1, 2, 3, 1]),
        # One requirement out of line turns nothing around.
        (["123", "23", "23", "12"], "123", [1, 2, 2, 1]),
        # Each requirement in one class only says nothing.
        (["1", "2", "3", "3"], "123", [1, 2, 3, 3]),
        # So few are in a class that the classes are about something else.
        (["1", "", "", ""], "", [1, 1, 1, 1]),
    ],
)
def test_numbered_groups_may_begin_with_the_strictest(memberships, levels, of_each):
    groups = [(number, f"Class {number}") for number in "123"]
    result = made(*[{"implementation_groups": list(named)} for named in memberships], groups=groups)
    assert result.levels == tuple(levels)
    assert [criterion.level for criterion in result.file.criteria] == of_each
    assert bool(said(result.adapted, "asks for the most")) == (levels == "321")


def test_groups_are_levels_in_the_order_that_is_chosen():
    groups = [("A", "Automatic"), ("M", "Manual")]
    nodes = [{"implementation_groups": ["A"]}, {"implementation_groups": ["M", "A"]}, {"implementation_groups": ["M"]}]
    result = made(*nodes, groups=groups, levels=named_levels("M, A"))
    assert [level.name for level in result.file.levels] == ["Not started", "Manual", "Automatic"]
    assert [c.level for c in result.file.criteria] == [2, 1, 1]
    assert made(*nodes, groups=[("L1", "Level 1"), ("L2", "Level 2")], levels=named_levels("none")).levels == ()
    with pytest.raises(FrameworkFileError, match="there is no implementation group 'X'"):
        made(*nodes, groups=groups, levels=("M", "X"))


def test_described_scores_are_a_rubric_with_the_numbers_of_the_library():
    tiers = [(1, "Partial"), (2, "Risk informed"), (3, "Repeatable"), (4, "Adaptive")]
    file = made({"weight": 2}, {}, scores=tiers).file
    assert file.framework.method == "rubric"
    assert [(level.level, level.name, level.start) for level in file.levels] == [(n, name, None) for n, name in tiers]
    (scale,) = file.scales
    assert [(value.code, value.value, value.name) for value in scale.values] == [(str(n), n, name) for n, name in tiers]
    assert [criterion.weight for criterion in file.criteria] == [2, 1]
    assert all(criterion.level is None for criterion in file.criteria)


def test_scored_questions_are_in_the_rubric_if_they_end_where_the_scores_do():
    scores = [(0, "None"), (40, "Some"), (100, "All")]
    ends = question(
        "How?", {"value": "Not", "add_score": 0}, {"value": "So", "add_score": 30}, {"value": "Well", "add_score": 100}
    )
    file = made({"questions": {"q": ends}}, {}, scores=scores).file
    assert file.framework.method == "rubric"
    assert [(level.level, level.start) for level in file.levels] == [(1, None), (2, 40), (3, 100)]
    short_of_it = question("How?", {"value": "Not", "add_score": 0}, {"value": "Well", "add_score": 50})
    assert made({"questions": {"q": short_of_it}}, {}, scores=scores).file.framework.method == "levels"


def test_weights_without_a_rubric_are_reported():
    result = made({"weight": 3}, {})
    assert said(result.refused, "weights of requirements")
    assert [criterion.weight for criterion in result.file.criteria] == [1, 1]


def test_a_question_that_depends_on_another_one_says_so():
    first = question(
        "Do you have a pet?",
        {"urn": "u:yes", "value": "Yes", "add_score": 1},
        {"urn": "u:no", "value": "No", "add_score": 0},
    )
    second = question(
        "Is it fed?", kind="boolean", depends_on={"question": "u:q1", "answers": ["u:yes"], "condition": "any"}
    )
    result = made({"questions": {"u:q1": first, "u:q2": second}})
    assert result.file.criteria[1].statement == "Is it fed?"
    assert "**Only if:** “Do you have a pet?” is answered with “Yes”" in result.file.criteria[1].evidence
    assert said(result.adapted, "Questions that depend on another one are asked always")


def test_choices_that_differ_after_the_length_of_a_name_stay_different():
    long = "x" * 130
    asked = question("Which?", {"value": f"{long} no", "add_score": 0}, {"value": f"{long} yes", "add_score": 1})
    (scale,) = made({"questions": {"q": asked}}).file.scales
    assert [value.anchor for value in scale.values] == [f"{long} no", f"{long} yes"]
    assert all(len(value.name) == 120 for value in scale.values)


def test_a_requirement_of_questions_alone_is_rated_by_the_first():
    asked = question("Who feeds?", kind="text")
    result = made({"name": "", "ref_id": "", "questions": {"q": asked}})
    assert result.file.criteria[0].statement == "Who feeds?"


def test_a_new_number_is_no_new_meaning():
    before = made({"ref_id": "S.1"}, {"ref_id": "S.2"}).file
    renumbered = made({"ref_id": "7.1"}, {"ref_id": "7.2"}, version="2").file
    after = with_meanings(matched(renumbered, before), before)
    assert [(c.key, c.meaning, c.refs) for c in before.criteria] == [("s-1", 1, ("S.1",)), ("s-2", 1, ("S.2",))]
    assert [(c.key, c.meaning, c.refs) for c in after.criteria] == [("s-1", 1, ("7.1",)), ("s-2", 1, ("7.2",))]


@pytest.mark.parametrize("wrong", [7, "words", True, [1], {"question": 1, "answers": 7}])
def test_a_condition_of_the_wrong_kind_is_read_or_told(wrong):
    asked = question("Is it?", kind="boolean", depends_on=wrong)
    if isinstance(wrong, dict):
        assert made({"questions": {"q": asked}}).file.criteria[0].statement == "Is it?"
    else:
        with pytest.raises(FrameworkFileError, match="depends_on"):
            made({"questions": {"q": asked}})


def test_a_fault_in_a_question_is_told_once():
    with pytest.raises(FrameworkFileError) as caught:
        made({"questions": {"q": "no mapping"}})
    assert len(caught.value.problems) == 1


def test_a_section_without_anything_to_rate_is_reported():
    empty = {"urn": "u:empty", "assessable": False, "ref_id": "E", "name": "Empty", "parent_urn": ""}
    below = {"urn": "u:below", "assessable": False, "name": "Below", "parent_urn": "u:empty"}
    result = made({}, empty, below)
    assert said(result.refused, "sections in which nothing can be rated: “E Empty”")
    assert [dimension.name for dimension in result.file.dimensions] == ["S Section"]


def test_an_unknown_level_is_told_where_the_groups_stand():
    with pytest.raises(FrameworkFileError) as caught:
        made({"implementation_groups": ["1"]}, groups=[("1", "Level 1"), ("2", "Level 2")], levels=("1", "9"))
    assert caught.value.problems[0].path.endswith("implementation_groups_definition")


# ---------------------------------------------------------------------- translations


def translated_library(**options):
    """A question and a requirement that are rated, in English and two other languages."""
    asked = question(
        "Is there water?",
        {"urn": "u:1", "value": "Often", "add_score": 1, "translations": {"fr": {"value": "Souvent"}}},
        {"urn": "u:2", "value": "Never", "add_score": 0, "translations": {"fr": {"value": "Jamais"}}},
        {"urn": "u:3", "value": "N/A", "translations": {"fr": {"value": "Sans objet"}}},
        translations={"fr": {"text": "Y a-t-il de l’eau ?"}},
    )
    return made(
        {"questions": {"q:1": asked}, "translations": {"fr": {"name": "Règle 1"}}},
        {"description": "About.", "translations": {"fr": {"name": "Règle 2"}, "pt-br": {"description": "Sobre."}}},
        **options,
    )


def test_translations_come_over_by_place():
    result = translated_library()
    french = result.translations["fr"]
    first, second = result.file.criteria
    assert french["criteria", first.key, "statement"] == "Y a-t-il de l’eau ?"
    assert french["criteria", first.key, "evidence"] == "**Requirement:** Règle 1"
    assert french["criteria", second.key, "statement"] == "Règle 2"
    assert french["scales", first.scale, "1", "name"] == "Souvent"
    assert ("criteria", second.key, "evidence") not in french
    assert result.translations["pt-br"] == {("criteria", second.key, "evidence"): "Sobre."}
    assert said(result.adapted, "Translations came over, to be checked: fr, pt-br")
    assert not said(result.refused, "translations")


def test_a_choice_that_does_not_apply_is_known_in_every_language():
    result = translated_library()
    codes = [choice.code for choice in result.file.scale_of(result.file.criteria[0]).values]
    assert codes == ["0", "1"]
    assert not said(result.refused, "do not fit")


def test_a_language_that_cannot_be_read_is_told():
    broken = made({"translations": {"fr": {"name": "a\u0085b"}, "de": {"name": "Regel"}}})
    assert list(broken.translations) == ["de"]
    assert said(broken.refused, "Translations that do not fit the library: fr")


def test_what_is_no_translation_is_passed_over():
    for odd in ({"fr": "Règle"}, ["fr"], {"fr": {"name": ["Règle"]}}, {"<b>": {"name": "x"}}, {"fr": None}):
        assert made({"translations": odd}).translations == {}


@pytest.mark.django_db
def test_translations_are_stored_beside_the_draft_and_stay_when_it_is_published():
    planned = plan(translated_library())
    draft = planned.carry_out(by=None).edition
    translation = draft.translations.get(language="fr")
    assert not translation.is_checked
    assert draft.translations.filter(language="pt-BR").exists()
    place = ("criteria", planned.file.criteria[1].key, "statement")
    assert translation.current(source_texts(draft.source))[place] == "Règle 2"
    published = publish(draft, by=None)
    assert Coverage.of(published.translations.get(language="fr")).stale == 0
    assert published.digest == planned.file.digest
