import json
from typing import Any

from django.core.management.base import BaseCommand
from pydantic.json_schema import GenerateJsonSchema

from assessments.frameworks.format.schema import FrameworkFile


class Command(BaseCommand):
    help = "Writes the JSON Schema of framework files, generated from the classes that read them."
    requires_system_checks = []
    requires_migrations_checks = False

    def handle(self, **options: Any) -> None:
        self.stdout.write(json_schema(), ending="")


class AsInFiles(GenerateJsonSchema):
    """Names the parts of a file as the file does: a criterion is a Criterion, whatever its class is called here."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name).removesuffix("Entry")


def json_schema() -> str:
    """The schema that is in docs/. The reader checks what a schema cannot express, such as references between parts."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **FrameworkFile.model_json_schema(by_alias=True, schema_generator=AsInFiles),
        "title": "Framework file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
