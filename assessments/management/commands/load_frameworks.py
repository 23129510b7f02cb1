from django.core.management.base import CommandError

from assessments.frameworks.format.files import FrameworkFileError
from assessments.frameworks.storing import VersionTaken, load_built_in
from assessments.management.prepared import PreparedCommand


class Command(PreparedCommand):
    help = "Stores the built-in frameworks; run again, it changes nothing."

    def handle(self, **options):
        try:
            stored = load_built_in()
        except (FrameworkFileError, VersionTaken) as error:
            raise CommandError(str(error)) from error
        for each in stored:
            self.stdout.write(f"{each.edition}: {'stored' if each.is_new else 'there already'}")
