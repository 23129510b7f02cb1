from typing import Any

from django.core.management.base import CommandError

from assessments.frameworks.format.files import FrameworkFileError
from assessments.frameworks.storing import VersionTaken, load_built_in
from assessments.management.prepared import PreparedCommand


class Command(PreparedCommand):
    help = "Stores the built-in frameworks; running it again changes nothing."

    def handle(self, **options: Any) -> None:
        try:
            stored = load_built_in()
        except (FrameworkFileError, VersionTaken) as error:
            raise CommandError(str(error)) from error
        for version in stored:
            self.stdout.write(f"{version.edition}: {'stored' if version.is_new else 'already there'}")
