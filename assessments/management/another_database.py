"""Running a command of Maturity on another database than that of the installation, in a process of its own."""

import os
import sys
from urllib.parse import urlsplit

from django.conf import settings


def manage_command(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def environment_with(url: str) -> dict[str, str]:
    """The environment of this process, but with this database; a password in the URL counts."""
    environment = dict(os.environ)
    environment.pop("DATABASE_URL_FILE", None)
    if urlsplit(url).password:
        environment.pop("DATABASE_PASSWORD", None)
        environment.pop("DATABASE_PASSWORD_FILE", None)
    # Nothing is to be made up in an empty database.
    return environment | {"DATABASE_URL": url, "DEMO": "0"}
