"""Models of several files: an organisation's own activities over DSOMM, and SAMM's repository as GitHub packs it."""

import io
import zipfile
from pathlib import Path

import pytest

from assessments.frameworks.format.files import FrameworkFileError
from assessments.frameworks.importers import Options, adapt, sources_in, sources_of
from assessments.frameworks.importers.building import Source

DATA = Path(__file__).parent.parent / "data" / "importers"
MODEL = (DATA / "dsomm.yaml").read_text()
META = """
activityFiles: [default/model.yaml, custom/custom-activities.yaml]
lang: en
strings:
  de: {maturityLevels: [Eins, Zwei]}
  en:
    maturityLevels: ['Level 1: On the ground', 'Level 2: Up the ladder', Under the roof]
teams: {$ref: 'default/teams.yaml#/teams'}
"""
OWN = """
Building a tree house:
  Wood:
    Counting every plank twice:
      uuid: 11111111-0000-4000-8000-000000000001
      measure: Count, then count again.
    Painting the planks:
      uuid: 11111111-0000-4000-8000-00000000000a
      level: 2
      risk: Rot.
  Nails:
    Choosing the nails:
      ignore: true
Around it:
  Garden:
    A rope ladder for guests:
      level: 3
"""
PROGRESS = "progress: {11111111-0000-4000-8000-000000000001: {The Owls: {Started: 2026-01-01}}}"


def dsomm(**files):
    """The model with other files beside it, by their names without an ending."""
    named = {"default/model": MODEL, **{name.replace("__", "/"): text for name, text in files.items()}}
    return adapt("dsomm", [Source(f"{name}.yaml", text.encode()) for name, text in named.items()])


def problems(**files):
    with pytest.raises(FrameworkFileError) as caught:
        dsomm(**files)
    return caught.value.problems


def found(lines, words):
    (line,) = [line for line in lines if words in line]
    return line


def packed(folder, *, beside=()):
    """A folder as a ZIP with one folder on top, as GitHub makes it, and texts beside the folder by their paths."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in sorted(folder.rglob("*.yml")):
            archive.write(path, f"core-main/model/{path.relative_to(folder)}")
        for name, text in dict(beside).items():
            archive.writestr(f"core-main/{name}", text)
    return stream.getvalue()


class TestOwnActivities:
    def test_they_add_change_move_and_remove(self):
        file = dsomm(custom__custom_activities=OWN).file
        rows = [(c.statement, c.dimension, c.level) for c in file.criteria]
        assert rows == [
            ("Counting every plank twice", "wood", 1),
            ("Planing both sides", "wood", 3),
            ("A rope ladder for guests", "garden", 3),
            ("Painting the planks", "wood", 2),
        ]
        assert [d.name for d in file.dimensions] == ["Wood", "Garden"]
        assert [g.name for g in file.groups] == ["Building a tree house", "Around it"]

    def test_what_they_do_not_mention_stays(self):
        counting = dsomm(custom__custom_activities=OWN).file.criteria[0]
        assert counting.source.endswith("000000000001")
        assert "Without a count" in counting.evidence
        assert counting.next.startswith("Count, then count again.")

    def test_the_report_says_what_they_did(self):
        result = dsomm(custom__custom_activities=OWN)
        changed = found(result.adapted, "Activities changed by another file (2 times)")
        assert "Counting every plank twice" in changed
        assert "Painting the planks" in found(result.adapted, "Activities added by another file")
        assert "Choosing the nails" in found(result.refused, "says to ignore")
        assert result.offered == len(result.file.criteria) == 4

    def test_what_is_ignored_in_one_place_may_stand_in_another(self):
        uuid = "11111111-0000-4000-8000-000000000003"
        moved = OWN + f"  Nails in the garden:\n    Choosing garden nails: {{uuid: {uuid}}}\n"
        file = dsomm(custom__custom_activities=moved).file
        (nails,) = [c for c in file.criteria if c.source == uuid]
        assert (nails.statement, nails.dimension, nails.level) == ("Choosing garden nails", "nails-in-the-garden", 2)

    @pytest.mark.parametrize(
        "text,left",
        [
            ("Building a tree house: {ignore: true}", ["A rope ladder for guests"]),
            (
                "Living in it: {Visitors: {ignore: true}}",
                ["Counting the planks", "Planing both sides", "Choosing the nails"],
            ),
        ],
    )
    def test_a_whole_part_can_be_ignored(self, text, left):
        assert [c.statement for c in dsomm(own=text).file.criteria] == left

    def test_a_second_uuid_for_the_same_name_is_refused_where_it_stands(self):
        own = "Living in it:\n  Visitors:\n    A rope ladder for guests: {uuid: another-one, level: 1}\n"
        (problem,) = problems(own=own)
        assert "has another uuid in the file before: 11111111-0000-4000-8000-000000000004" in problem.message
        assert (problem.file, problem.line) == ("own.yaml", 3)

    def test_a_fault_in_an_added_activity_is_told_in_its_own_file(self):
        own = "Living in it:\n  Visitors:\n    Ringing a bell: {uuid: another-one, level: 7}\n"
        (problem,) = problems(own=own)
        assert (problem.file, problem.line, problem.path) == (
            "own.yaml",
            3,
            "Living in it.Visitors.Ringing a bell.level",
        )

    def test_the_model_comes_first_whatever_the_files_are_called(self):
        assert dsomm(a_first=OWN).file.criteria[0].statement == "Counting every plank twice"


class TestSettings:
    def test_levels_have_the_names_of_the_settings(self):
        levels = dsomm(meta=META, custom__custom_activities=OWN).file.levels
        assert [level.name for level in levels] == ["Not yet there", "On the ground", "Up the ladder", "Under the roof"]

    def test_a_level_without_a_name_keeps_its_number(self):
        levels = dsomm(meta=META.replace("lang: en", "lang: de")).file.levels
        assert [level.name for level in levels] == ["Not yet there", "Eins", "Zwei", "Maturity 3"]

    def test_files_that_the_settings_do_not_list_are_left_out_and_reported(self):
        meta = META.replace(", custom/custom-activities.yaml", ", custom/gone.yaml")
        result = dsomm(meta=meta, own=OWN)
        assert "Counting the planks" in {c.statement for c in result.file.criteria}
        assert "own.yaml" in found(result.refused, "does not list")
        assert "custom/gone.yaml" in found(result.refused, "lists and that are not here")

    def test_other_files_of_the_folder_are_passed_over_and_reported(self):
        result = dsomm(meta=META, team_progress=PROGRESS)
        assert "team_progress.yaml" in found(result.refused, "YAML files that are no part of the model")
        assert "teams" in found(result.refused, "settings in `meta.yaml`")


def test_dsomm_comes_as_a_file_a_folder_or_a_zip(tmp_path):
    (tmp_path / "model.yaml").write_text(MODEL)
    (tmp_path / "own.yaml").write_text(OWN)
    folder = adapt("dsomm", sources_in("dsomm", tmp_path)).file
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.writestr("x/model.yaml", MODEL)
        archive.writestr("x/own.yaml", OWN)
    content = (tmp_path / "both.zip").read_bytes()
    assert adapt("dsomm", sources_in("dsomm", tmp_path / "both.zip")).file.digest == folder.digest
    assert adapt("dsomm", sources_of("dsomm", "both.zip", content)).file.digest == folder.digest
    assert adapt("dsomm", sources_of("dsomm", "model.yaml", MODEL.encode())).file.criteria[0].statement[-6:] == "planks"


def test_numbers_in_reports_count_what_is_named():
    text = MODEL.replace("tags: [sanding]", "tags: [sanding, planes, none]")
    text = text.replace("isImplemented: false", "teamsImplemented: {The Owls: true, The Jays: true, The Wrens: false}")
    refused = dsomm(**{"default/model": text}).refused
    assert "tags of activities (`tags`) (2 times)" in refused
    assert "answers of a team (`teamsImplemented`) (2 times)" in refused


class TestSammFromGitHub:
    BESIDE = {
        ".github/workflows/release.yml": "on: push\njobs: {}\n",
        ".github/workflows/broken.yml": "a: [\n",
        ".github/many.yml": "---\na: 1\n---\nb: 2\n---\nc: 3\n",
        "crowdin.yml": "files:\n  - source: model\n",
        "list.yaml": "- 1\n",
    }

    def test_its_zip_goes_in_as_it_is(self, tmp_path):
        (tmp_path / "core.zip").write_bytes(packed(DATA / "samm", beside=self.BESIDE))
        plain = adapt("samm", sources_in("samm", DATA / "samm"), Options(version="2.1"))
        result = adapt("samm", sources_in("samm", tmp_path / "core.zip"), Options(version="2.1"))
        assert result.file.digest == plain.file.digest
        passed_over = found(result.refused, "YAML files that are no part of the model (5 times)")
        assert "broken.yml" in passed_over

    def test_a_broken_file_of_the_model_is_still_told(self):
        content = packed(DATA / "samm", beside={"model/questions/X.yml": "id: q\ntype: Question\ntext: [\n"})
        with pytest.raises(FrameworkFileError) as caught:
            adapt("samm", sources_of("samm", "core.zip", content), Options(version="2.1"))
        (problem,) = caught.value.problems
        assert problem.file.endswith("model/questions/X.yml")

    def test_a_file_that_lost_its_type_is_still_told(self):
        content = packed(DATA / "samm", beside={"model/questions/X.yml": "id: q\ntext: Is it?\n"})
        with pytest.raises(FrameworkFileError, match="the field 'type' is missing"):
            adapt("samm", sources_of("samm", "core.zip", content), Options(version="2.1"))

    def test_a_zip_without_the_model_says_so(self):
        with pytest.raises(FrameworkFileError, match="none of these files is part of the model"):
            adapt("samm", sources_of("samm", "core.zip", packed(DATA / "nothing", beside=self.BESIDE)))

    def test_streams_are_counted_and_not_their_questions(self):
        streams = list((DATA / "samm" / "streams").glob("*.yml"))
        assert len(streams) < 18
        result = adapt("samm", sources_in("samm", DATA / "samm"), Options(version="2.1"))
        assert f"descriptions of streams ({len(streams)} times)" in result.refused


@pytest.mark.parametrize("kind", ["samm", "ciso"])
def test_answers_that_differ_after_the_length_of_a_name_stay_two(kind):
    first, second = (f"{'We do it ' * 15}and {word}" for word in ("mean it", "forget it"))
    if kind == "samm":
        text = (DATA / "samm" / "answer_sets" / "K.yml").read_text()
        text = text.replace("Yes, but we do it ad-hoc", first).replace("Yes, we do it regularly", second)
        sources = [s for s in sources_in("samm", DATA / "samm") if not s.name.endswith("K.yml")]
        file = adapt("samm", [*sources, Source("K.yml", text.encode())], Options(version="2.1")).file
    else:
        text = (DATA / "ciso.yaml").read_text().replace("value: Never", f"value: {first}")
        file = adapt("ciso", [Source("ciso.yaml", text.replace("value: No\n", f"value: {second}\n").encode())]).file
    anchors = [choice.anchor for scale in file.scales for choice in scale.values if choice.anchor]
    assert [anchor for anchor in anchors if anchor in (first, second)] == [first, second]


@pytest.mark.parametrize("heading", ["Building a tree house", "Wood"])
def test_a_heading_longer_than_a_name_is_kept_whole(heading):
    long = heading + " of a very long name" * 6
    file = dsomm(**{"default/model": MODEL.replace(f"{heading}:", f"{long}:")}).file
    parts = [*file.groups, *file.dimensions]
    assert [part.about for part in parts if part.name.endswith("…")] == [long]
