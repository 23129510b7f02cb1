"""Other people's files: what comes over, what is reported, and how broken files are refused."""

import shutil
from pathlib import Path

import pytest

from assessments import scoring
from assessments.frameworks.format.document import FOREIGN, parse_documents
from assessments.frameworks.format.files import FrameworkFileError, reads, write
from assessments.frameworks.import_plan import matched
from assessments.frameworks.importers import Options, adapt, sources_in
from assessments.frameworks.importers.building import Source

DATA = Path(__file__).parent.parent / "data" / "importers"
FILES = {"dsomm": DATA / "dsomm.yaml", "samm": DATA / "samm", "ciso": DATA / "ciso.yaml"}


def adapted(kind, path=None):
    return adapt(kind, sources_in(kind, path or FILES[kind]), Options(version="2.1" if kind == "samm" else ""))


def edited(kind, old, new):
    """The example file with one piece of text replaced, adapted."""
    text = FILES[kind].read_text()
    assert old in text
    return adapt(kind, [Source(FILES[kind].name, text.replace(old, new, 1).encode())])


def with_an_empty_activity() -> bytes:
    """DSOMM's example with an activity that says nothing, so that it cannot come over."""
    return FILES["dsomm"].read_bytes() + b"  Nails:\n    Nothing yet: {}\n"


def refusal(kind, old, new):
    with pytest.raises(FrameworkFileError) as caught:
        edited(kind, old, new)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("kind", FILES)
def test_what_is_adapted_is_a_framework_of_the_product(kind):
    file = adapted(kind).file
    assert reads(write(file), name="again.yaml").digest == file.digest


# ---------------------------------------------------------------------- DSOMM


def test_dsomm_becomes_groups_dimensions_and_criteria():
    file = adapted("dsomm").file
    assert file.framework.version == "1.2.0"
    assert [group.name for group in file.groups] == ["Building a tree house", "Living in it"]
    assert [(d.name, d.group) for d in file.dimensions] == [
        ("Wood", "building-a-tree-house"),
        ("Nails", "building-a-tree-house"),
        ("Visitors", "living-in-it"),
    ]
    assert [(c.statement, c.level) for c in file.criteria] == [
        ("Counting the planks", 1),
        ("Planing both sides", 3),
        ("Choosing the nails", 2),
        ("A rope ladder for guests", 1),
    ]


def test_dsomm_keeps_risk_measure_effort_dependencies_and_ids():
    first, second, *_ = adapted("dsomm").file.criteria
    assert first.source == "11111111-0000-4000-8000-000000000001"
    assert "**Risk:** Without a count" in first.evidence
    assert "- Show the list of planks." in first.evidence
    assert first.next.startswith("Count the planks before the first nail.")
    assert "effort: knowledge 1, time 2, resources 1" in first.next
    assert "Builds on:\n- Counting the planks" in second.next


def test_dsomm_references_that_look_like_numbers_stay_text():
    first, *_ = adapted("dsomm").file.criteria
    assert first.refs == ("samm2: I-SB-1-A", "iso27001-2022: 5.10", "iso27001-2022: 8.31")


def test_dsomm_says_what_it_leaves_out():
    refused = adapted("dsomm").refused
    assert any("implementation" in line for line in refused)
    assert any("tags" in line for line in refused)
    unknown = edited("dsomm", "      usefulness: 2\n", "      usefulness: 2\n      favouriteColour: green\n")
    assert "the field `favouriteColour`" in unknown.refused


def test_dsomm_cells_without_activities_neither_block_nor_score():
    file = adapted("dsomm").file
    only_nails = {"counting-the-planks": "F", "choosing-the-nails": "F", "a-rope-ladder-for-guests": "F"}
    whole = scoring.score(file.instrument(), [only_nails | {"planing-both-sides": "N"}], {}).whole
    # Dimensions without a criterion at level 1 or 2 do not keep the others from level 2.
    assert whole.outcomes["largely"].level == 2
    # Levels 1 and 2 are full, level 3 is empty-handed: 3 x (1 + 1 + 0) / 3.
    assert whole.index == 2


def test_dsomm_dependencies_that_lead_nowhere_are_told():
    found = edited("dsomm", "dependsOn: [Choosing the nails]", "dependsOn: [Choosing screws]")
    told = "dependencies on activities that are not in the file: “A rope ladder for guests → Choosing screws”"
    assert told in found.refused
    assert "Builds on" not in found.file.criteria[3].next


def test_dsomm_activities_to_ignore_are_counted_and_left_out():
    result = edited("dsomm", "      risk: Splinters.\n", "      risk: Splinters.\n      ignore: true\n")
    assert "Planing both sides" not in [criterion.statement for criterion in result.file.criteria]
    assert "activities that the file says to ignore: “Planing both sides”" in result.refused
    assert result.offered == len(result.file.criteria) == 3


def test_dsomm_duplicate_uuids_are_refused_by_name():
    problem = refusal("dsomm", "000000000003\n", "000000000001\n")
    assert "Choosing the nails" in problem.message
    assert "Counting the planks" in problem.message
    assert problem.line == 50
    assert problem.path == "Building a tree house.Nails.Choosing the nails.uuid"


@pytest.mark.parametrize(
    "old,new,path,message",
    [
        ("level: 3", "level: 7", "Planing both sides.level", "'7' is not a whole number from 1 to 5"),
        ("level: 3", "level: high", "Planing both sides.level", "'high' is not"),
        ("  version: 1.2.0\n", "", "meta", "does not say which version"),
        ("uuid: 11111111-0000-4000-8000-000000000002", "note: x", "Planing both sides", "has no uuid"),
    ],
)
def test_dsomm_faults_are_told_with_their_place(old, new, path, message):
    problem = refusal("dsomm", old, new)
    assert problem.path.endswith(path)
    assert message in problem.message
    assert problem.line > 1
    assert problem.mend


def test_a_script_in_an_imported_text_stays_text():
    nails = adapted("dsomm").file.criteria[2]
    assert "<script>alert(1)</script>" in nails.evidence


def test_a_newer_version_is_matched_by_the_ids_of_the_source():
    before = adapted("dsomm").file
    after = matched(adapted("dsomm", DATA / "dsomm-newer.yaml").file, before)
    assert [(c.key, c.statement) for c in after.criteria] == [
        ("counting-the-planks", "Counting and marking the planks"),
        ("choosing-the-nails", "Choosing the nails"),
        ("planning-the-roof", "Planning the roof"),
        ("planing-both-sides", "Planing both sides of every plank"),
    ]


def test_a_new_practice_never_takes_the_key_of_an_old_one():
    before = adapted("dsomm").file
    after = matched(edited("dsomm", "000000000003\n", "00000000000a\n").file, before)
    assert "choosing-the-nails" not in {c.key for c in after.criteria}
    assert "choosing-the-nails-2" in {c.key for c in after.criteria}


# ---------------------------------------------------------------------- SAMM


def test_samm_becomes_functions_practices_and_questions():
    file = adapted("samm").file
    assert [group.name for group in file.groups] == ["Baking", "Selling"]
    assert [(d.name, d.group) for d in file.dimensions] == [
        ("Dough", "baking"),
        ("Oven", "baking"),
        ("Counter", "selling"),
    ]
    assert len(file.criteria) == 18
    assert file.criteria[0].key == "b-do-1-a"
    assert file.criteria[0].statement == "Do you take care 1A of the dough?"
    assert file.criteria[0].evidence == "- You have written it down\n- Everybody knows where"
    assert "**Stream:**" in file.criteria[0].next
    assert file.levels[1].summary == "Step 1 of the bakery"


def test_samm_answer_sets_keep_their_texts_and_values():
    scales = adapted("samm").file.scales
    assert [(c.name, c.value) for c in scales[0].values] == [
        ("No", 0),
        ("Yes, but we do it ad-hoc", 1),
        ("Yes, we do it regularly", 2),
        ("Yes, we do it continuously", 4),
    ]
    assert next(c.name for c in scales[1].values) == "No"


@pytest.mark.parametrize(
    "code,levels,score",
    [("F", {1, 2, 3}, "3.00"), ("H", {1, 2, 3}, "1.50"), ("F", {1}, "1.00"), ("Q", {1, 2, 3}, "0.75")],
)
def test_the_index_is_the_score_of_samm(code, levels, score):
    file = adapted("samm").file
    ratings = {criterion.key: code if criterion.level in levels else "N" for criterion in file.criteria}
    assert scoring.rounded(scoring.score(file.instrument(), [ratings], {}).whole.index, 2) == score


@pytest.mark.parametrize(
    "file,old,new,message",
    [
        ("questions/DO-1-A.yml", "answerSet: s1", "answerSet: s9", "there is no AnswerSet with the id s9"),
        ("answer_sets/K.yml", "value: 0.25", "value: 2", "'2' is not a value from 0 to 1"),
        ("streams/DO-A.yml", "id: st1A", "id: st1B", "the id st1B is already used"),
        ("security_practices/Oven.yml", "function: f1", "function: f7", "there is no Function with the id f7"),
    ],
)
def test_samm_faults_are_told_with_file_and_line(tmp_path, file, old, new, message):
    folder = tmp_path / "model"
    shutil.copytree(FILES["samm"], folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    with pytest.raises(FrameworkFileError) as caught:
        adapted("samm", folder)
    assert any(message in problem.message for problem in caught.value.problems)
    assert all(p.line for p in caught.value.problems)


def test_samm_wants_a_folder(tmp_path):
    with pytest.raises(FrameworkFileError, match="folder of YAML files"):
        adapted("samm", FILES["dsomm"])
    with pytest.raises(FrameworkFileError, match="no YAML files"):
        adapted("samm", tmp_path)


# ---------------------------------------------------------------------- CISO Assistant


def test_ciso_becomes_sections_levels_and_criteria():
    file = adapted("ciso").file
    assert file.framework.key == "garden"
    assert [(level.level, level.name) for level in file.levels] == [(0, "Not started"), (1, "Basic"), (2, "Advanced")]
    assert [(c.key, c.level, c.dimension) for c in file.criteria] == [
        ("w-1", 1, "w"),
        ("w-2", 2, "w"),
        ("t-1-1", 1, "t"),
    ]
    assert file.criteria[0].source == "urn:example:risk:req_node:garden:w.1"
    assert file.criteria[1].statement == "Rain water is collected."


def test_ciso_scores_and_choices_become_scales():
    file = adapted("ciso").file
    by_key = {scale.key: [(c.name, c.value) for c in scale.values] for scale in file.scales}
    assert by_key == {
        "scores": [("Wild", 0), ("Tended", 1), ("Kept", 2)],
        "answers": [("Never", 0), ("No", 10), ("After use", 40)],
    }


def test_ciso_says_what_cannot_be_expressed():
    result = adapted("ciso")
    assert any("What else do you do?" in line and "type text" in line for line in result.adapted)
    assert "What else do you do?" in result.file.criteria[2].evidence
    assert "links to threats" in result.refused


@pytest.mark.parametrize(
    "old,new,message",
    [
        ("  framework:\n", "  risk_matrix:\n", "holds no framework (it holds risk_matrix)"),
        ("parent_urn: urn:example:risk:req_node:garden:t\n", "parent_urn: urn:nobody\n", "there is no node urn:nobody"),
        ("urn: urn:example:risk:req_node:garden:w.2", "urn: urn:example:risk:req_node:garden:w.1", "is used twice"),
    ],
)
def test_ciso_faults_are_told(old, new, message):
    assert message in refusal("ciso", old, new).message


# ---------------------------------------------------------------------- limits


def test_a_few_lines_of_aliases_cannot_stand_for_gigabytes():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(FrameworkFileError, match="stand for more than 50,000 values"):
        parse_documents("\n".join(lines), name="bomb.yaml", limits=FOREIGN)


def test_an_alias_stands_for_what_was_named():
    (document,) = parse_documents("a: &x {b: [1, 2]}\nc: *x\n", name="x.yaml", limits=FOREIGN)
    assert document.value["c"] == {"b": [1, 2]}


def test_nothing_contains_itself():
    with pytest.raises(FrameworkFileError, match="is not defined"):
        parse_documents("a: &x [*x]\n", name="x.yaml", limits=FOREIGN)


@pytest.mark.parametrize(
    "text,message",
    [
        ("a: 1\n---\nb: 2\n---\nc: 3\n", "more than 2 documents"),
        ("a: 1\na: 2\n", "'a' is here twice"),
        ("[" * 30 + "]" * 30, "nested more than 20 deep"),
        ("x" * 6_000_001, "larger than 6,000,000 bytes"),
    ],
)
def test_foreign_files_have_limits_too(text, message):
    with pytest.raises(FrameworkFileError, match=message):
        parse_documents(text, name="x.yaml", limits=FOREIGN)
