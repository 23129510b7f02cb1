"""The documentation of the file format is true: its examples can be read, and its JSON Schema is current."""

import io
import re
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.management import call_command

from assessments.frameworks.format.files import reads
from assessments.frameworks.translation_file import reads_translation
from assessments.management.commands.framework_schema import json_schema
from assessments.models import Edition

DOCS = Path(__file__).parent.parent.parent / "docs"
TEXT = (DOCS / "framework-format.md").read_text()


NAMES = ["levels", "metrics", "checks", "min-of-sums", "rubric", "translation"]
EXAMPLES = dict(zip(NAMES, re.findall(r"```yaml\n(.*?)```", TEXT, re.S), strict=True))


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["levels", "min-of-sums", "rubric"])
def test_the_example_of_each_method_is_imported(method, tmp_path):
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLES[method])
    call_command("import_framework", str(path), "--publish", stdout=io.StringIO())
    edition = Edition.objects.get()
    assert (edition.method, edition.is_published) == (method, True)


def test_the_examples_mean_what_the_text_says():
    assert reads(EXAMPLES["levels"], name="levels.yaml").criteria[0].refs == ("ISO 27001: 5.10",)
    rubric = reads(EXAMPLES["rubric"], name="rubric.yaml").instrument().rubric
    assert rubric.edges == {2: 2, 3: Fraction(13, 5)}
    translation = reads_translation(EXAMPLES["translation"], name="de.yaml")
    assert translation.texts["adviser", "inputs", "models", "ask"].text == "Wie viele Modelle gibt es?"


def test_the_json_schema_is_current():
    message = "run: python manage.py framework_schema > docs/framework-format.schema.json"
    assert (DOCS / "framework-format.schema.json").read_text() == json_schema(), message


def test_the_command_writes_the_schema():
    out = io.StringIO()
    call_command("framework_schema", stdout=out)
    assert out.getvalue() == json_schema()


@pytest.mark.parametrize("name", ["levels", "criteria_per_level", "adapted", "refused", "changes", "problems", "mend"])
def test_the_report_is_documented(name):
    assert f"`{name}`" in TEXT
