"""Files that somebody made to hurt: reading stops early, what is wrong is a sentence, and the answer stays short."""

import copy
import io
import json
import random
import struct
import zipfile
from functools import partial
from pathlib import Path

import pytest

from assessments.frameworks.format.differences import TextChange
from assessments.frameworks.format.document import FOREIGN, MAX_FIELDS, MAX_VALUES, parse_documents
from assessments.frameworks.format.files import FrameworkFileError, reads
from assessments.frameworks.format.problems import MAX_PROBLEMS, Problem
from assessments.frameworks.importers import Options, adapt, sources_of
from assessments.frameworks.importers.building import Lines, Source
from assessments.templatetags.editing import MarkingBudget, wordings

from .test_framework_files import SMALL

pytestmark = [pytest.mark.slow, pytest.mark.any_database]

DATA = Path(__file__).parent.parent / "data" / "importers"
SAMM = {f"model/{path.relative_to(DATA / 'samm')}": path.read_bytes() for path in (DATA / "samm").rglob("*.yml")}
(LIBRARY,) = parse_documents((DATA / "ciso.yaml").read_bytes(), name="ciso.yaml", limits=FOREIGN)
CISO = LIBRARY.value


def problems_of(text, read=lambda text: reads(text, name="file.yaml")):
    with pytest.raises(FrameworkFileError) as caught:
        read(text)
    return caught.value.problems


def told_or_read(read, given):
    """Whether it can be read or what is wrong is told; anything else that is raised fails the test."""
    try:
        return read(given).file
    except FrameworkFileError as error:
        return error.problems


def as_ciso(text):
    return adapt("ciso", [Source("file.yaml", text.encode())])


def as_dsomm(text):
    return adapt("dsomm", [Source("file.yaml", text.encode())])


def zipped(files, method=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def as_samm(packed):
    return adapt("samm", sources_of("samm", "model.zip", packed), Options(version="2.1"))


# ---------------------------------------------------------------------- many problems, many values


@pytest.mark.parametrize(
    "text",
    [
        SMALL + "".join(f"field{n}: 1\n" for n in range(1_000)),
        SMALL.replace("criteria:\n", "criteria:\n" + "".join(f"  - {{key: k{n}, colour: 1}}\n" for n in range(500))),
        SMALL.replace("criteria:\n", "criteria:\n" + "  - 1\n" * 1_500),
    ],
    ids=["fields", "fields of criteria", "wrong kinds"],
)
def test_problems_stop_at_the_limit_and_say_so(text):
    problems = problems_of(text)
    assert len(problems) == MAX_PROBLEMS + 1
    assert "there are more problems than the 200 listed here; fix these first" in str(problems[-1])


def test_after_the_limit_no_more_problems_are_looked_for():
    looked_for = iter(Problem(file="f", line=n, path="", message="wrong") for n in range(10_000))
    FrameworkFileError(looked_for)
    assert next(looked_for).line == MAX_PROBLEMS + 1


def test_problems_of_an_importer_stop_at_the_limit():
    library = copy.deepcopy(CISO)
    nodes = [{"urn": f"n{n}", "assessable": True, "parent_urn": "nobody"} for n in range(5_000)]
    library["objects"]["framework"]["requirement_nodes"] = nodes
    assert len(problems_of(json.dumps(library), as_ciso)) == MAX_PROBLEMS + 1


def test_more_fields_than_the_limit_are_refused():
    (problem,) = problems_of("".join(f"k{n}: 1\n" for n in range(MAX_FIELDS + 1)))
    assert (problem.line, problem.message) == (MAX_FIELDS + 1, "there are more than 5,000 fields here")


@pytest.mark.parametrize("limits", [None, FOREIGN])
def test_more_values_than_the_limit_are_refused(limits):
    text = "criteria: [" + "1," * MAX_VALUES + "1]"
    read = partial(parse_documents, name="file.yaml", limits=limits) if limits else partial(reads, name="file.yaml")
    (problem,) = problems_of(text, read)
    assert problem.message == "there are more than 60,000 values up to here"


def test_what_is_quoted_is_short_and_does_nothing_to_a_terminal():
    problems = problems_of(SMALL + '"' + r"\e[31m" + "x" * 900 + '": 1\n')
    (problem,) = (problem for problem in problems if "no field" in problem.message)
    assert len(str(problem)) < 300
    assert str(problem).isprintable()


def test_a_chain_of_nodes_is_refused_without_effort():
    library = copy.deepcopy(CISO)
    nodes = [{"urn": f"n{n}", "assessable": True, "name": "x", "parent_urn": f"n{n + 1}"} for n in range(3_000)]
    library["objects"]["framework"]["requirement_nodes"] = [*nodes, {"urn": "n3000", "name": "top"}]
    assert "nested more than 20 deep" in problems_of(json.dumps(library), as_ciso)[0].message


def test_thousands_of_names_alike_get_keys_without_effort(monkeypatch):
    groups = "".join(f"G{n}: {{D: {{A: {{uuid: u{n}, level: 1}}}}}}\n" for n in range(1_900))
    adapted = as_dsomm(f"meta: {{version: 1}}\n---\n{groups}")
    keys = [dimension.key for dimension in adapted.file.dimensions]
    assert (keys[:3], len(set(keys))) == (["d", "d-2", "d-3"], 1_900)


# ---------------------------------------------------------------------- what is repeated in a report


def test_a_sentence_that_is_said_again_is_one_line_with_a_count_and_examples():
    lines = Lines()
    lines.say("links to threats", times=1_200)
    for name in ("one", "two", "three", "four", "five"):
        lines.say("Sections without a question.", example=name)
    lines.say("Nothing else.")
    assert lines.listed() == (
        "links to threats (1,200 times)",
        "Sections without a question (5 times): “one”, “two”, “three” and 2 more",
        "Nothing else.",
    )


def test_a_report_does_not_grow_with_the_names_in_a_file():
    lines = Lines()
    for n in range(5_000):
        lines.say(f"the field `f{n}`")
    assert (len(lines.listed()), lines.listed()[-1]) == (51, "4,950 other things")


# ---------------------------------------------------------------------- wrong types in a library


def places(value, place=()):
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from places(inner, (*place, step))


@pytest.mark.parametrize("wrong", [None, 7, True, "", "words", [], [[]], [None], {}, {"a": 1}], ids=repr)
def test_a_wrong_type_anywhere_in_a_library_is_read_or_told(wrong):
    for *around, last in filter(None, places(CISO)):
        library = copy.deepcopy(CISO)
        part = library
        for step in around:
            part = part[step]
        part[last] = copy.deepcopy(wrong)
        assert told_or_read(as_ciso, json.dumps(library))


# ---------------------------------------------------------------------- ZIP


def changed(offset, layout, value):
    """A ZIP in whose directory one number of the first entry is another."""
    packed = bytearray(zipped(SAMM))
    struct.pack_into(layout, packed, packed.find(b"PK\x01\x02") + offset, value)
    return bytes(packed)


BROKEN_ZIPS = {
    "no zip": b"no zip",
    "cut off": zipped(SAMM)[:-200],
    "bzip2": zipped(SAMM, zipfile.ZIP_BZIP2),
    "lzma": zipped(SAMM, zipfile.ZIP_LZMA),
    "newer than is known": changed(6, "<H", 200),
    "password": changed(8, "<H", 1),
    "unknown method": changed(10, "<H", 99),
    "another method": changed(10, "<H", zipfile.ZIP_STORED),
    "wrong checksum": changed(16, "<I", 0),
    "smaller than it is": changed(20, "<I", 5),
    "wrong place": changed(42, "<I", 0x7FFFFFF0),
    "empty": zipped({}),
    "bomb": zipped({"model/bomb.yml": b"#" * 30_000_000}),
    "too many": zipped({f"{n}.yml": b"" for n in range(1_001)}),
}


@pytest.mark.parametrize("packed", BROKEN_ZIPS.values(), ids=BROKEN_ZIPS)
def test_a_broken_zip_is_told(packed):
    (problem,) = problems_of(packed, as_samm)
    assert problem.message
    assert problem.mend


def test_no_byte_of_a_zip_that_is_changed_leads_to_anything_but_a_sentence():
    chance = random.Random(7)
    whole = {method: zipped(SAMM, method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)}
    for _ in range(150):
        packed = bytearray(whole[chance.choice(list(whole))])
        for _ in range(5):
            packed[chance.randrange(len(packed))] = chance.randrange(256)
        assert told_or_read(as_samm, bytes(packed))


def test_the_name_of_an_entry_cannot_forge_a_line():
    problem = problems_of(zipped({"a\nERROR b.yml": b"["}), as_samm)[0]
    assert "\n" not in str(problem)


def test_a_folder_of_broken_files_is_left_after_the_first_few():
    problems = problems_of(zipped({f"{n}.yml": b"[" * 3_000 for n in range(500)}), as_samm)
    assert len(problems) == 26


def test_what_a_folder_holds_together_is_limited():
    many = {f"{n}.yml": b"type: T\nx: [" + b"1," * 1_900 + b"]\n" for n in range(60)}
    (problem,) = problems_of(zipped(many), as_samm)
    assert problem.message == "the files together hold more than 60,000 values"


# ---------------------------------------------------------------------- showing what is different


def test_words_are_marked_as_far_as_a_page_may_spend_on_it():
    budget = MarkingBudget(most=100)
    short = TextChange(field="next", before="Buy a red shelf.", after="Buy a blue shelf.")
    long = TextChange(field="next", before="a b " * 50, after="c d " * 50)
    assert "<del>red</del>" in wordings([short], budget)
    assert "<del>" not in wordings([long], budget)
    assert "a b a b" in wordings([long], budget)
    # What was spent stays spent: many texts cost no more than one.
    assert "<del>" not in wordings([short], budget)
