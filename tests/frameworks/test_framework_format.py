"""The documentation of the file format is true: its examples can be read, and its JSON Schema is current."""

import io
import re
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.management import call_command

from assessments.frameworks.format.files import reads
from assessments.management.commands.framework_schema import json_schema

DOCS = Path(__file__).parent.parent.parent / "docs"
TEXT = (DOCS / "framework-format.md").read_text()


def test_the_annotated_example_is_a_framework():
    example, sums, rubric, translation = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    file = reads(example, name="example.yaml")
    assert file.criteria[0].refs == ("ISO 27001: 5.10",)
    assert "bands" in sums
    assert "translation" in translation
    assert reads(rubric, name="rubric.yaml").instrument().rubric.edges == {2: 2, 3: Fraction(13, 5)}


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
