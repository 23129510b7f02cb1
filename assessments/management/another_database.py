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
    # What belongs to the database of the installation.
    others = ["DATABASE_URL", "DATABASE_REPLICA_URL"]
    if urlsplit(url).password:
        others.append("DATABASE_PASSWORD")
    for name in others:
        environment.pop(name, None)
        environment.pop(f"{name}_FILE", None)
    # Nothing is to be made up in an empty database.
    return environment | {"DATABASE_URL": url, "DEMO": "0"}
