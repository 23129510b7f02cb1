from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pydantic import ValidationError

from assessments.frameworks.format.files import write
from assessments.frameworks.import_plan import version_order
from assessments.frameworks.storing import file_of
from assessments.frameworks.translating import file_of_translation
from assessments.management.prepared import PreparedCommand
from assessments.models import Edition, Framework
from assessments.models.reading import normal


class Command(PreparedCommand):
    help = (
        "Writes a version of a framework to a file; importing it gives the same digest. With --language, writes its "
        "translation, with an empty text for what is not translated yet."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("framework", metavar="KEY", help="the framework's key, such as mlops")
        parser.add_argument("--edition", metavar="VERSION", help="its version, instead of the default one")
        parser.add_argument(
            "--origin",
            choices=Edition.Origin.values,
            help="its origin, if versions of several origins have the same name",
        )
        parser.add_argument(
            "--language", metavar="CODE", help="the translation into this language, such as de or pt-BR"
        )
        parser.add_argument("--output", metavar="PATH", help="a file to write to, instead of standard output")

    def handle(
        self,
        *,
        framework: str,
        edition: str | None,
        origin: str | None,
        language: str | None,
        output: Any,
        **options: Any,
    ) -> None:
        if language and not normal(language):
            raise CommandError(f"'{language}' is not the name of a language. Write a code such as de, fr or pt-BR.")
        chosen = chosen_edition(framework, edition, origin)
        try:
            text = file_of_translation(chosen, normal(language)) if language else write(file_of(chosen))
        except ValidationError as error:
            raise CommandError(f"The draft {chosen} is not complete yet. Finish it in the editor.") from error
        if output:
            Path(output).write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {chosen} to {output}.")
        else:
            self.stdout.write(text, ending="")


def chosen_edition(key: str, version: str | None, origin: str | None) -> Edition:
    framework = Framework.objects.filter(key=key).first()
    if framework is None:
        known = ", ".join(Framework.objects.values_list("key", flat=True)) or "none yet"
        raise CommandError(f"There is no framework '{key}'. The frameworks are: {known}.")
    editions = framework.editions.all()
    if origin:
        editions = editions.filter(origin=origin)
    if version:
        editions = editions.filter(version=version)
    default = editions.published().first()
    chosen = default or max(editions.drafts(), key=lambda draft: version_order(draft.version), default=None)
    if chosen is None:
        known = ", ".join(f"{row.version} ({row.origin}, {row.status})" for row in framework.editions.all())
        raise CommandError(f"'{key}' has no such version. The versions are: {known}.")
    return chosen
