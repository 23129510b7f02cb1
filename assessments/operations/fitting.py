"""Whether a program and a database fit together, by the names of migrations.

While an upgrade runs without a stop, servers of the old and the new version work on one database. A migration says in
its name when it may run: one named `0031_before_…` runs before the first new server starts, and old servers don't mind
it; one named `0032_after_…` runs when the last old server has ended, and new servers don't mind that it's missing. All
of an application of which the database has nothing yet may run before, as old servers don't know its tables. Any other
needs every server stopped.
"""

import re
from dataclasses import dataclass, field

from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.text import get_text_list

Key = tuple[str, str]
#: What to tell if servers of one database have different secret keys.
OTHER_KEY = (
    "SECRET_KEY is not the one that this database was last used with. If another server has that one, people are "
    "signed out whenever they change servers: give both the same key. If you changed it on purpose, run “manage.py "
    "prepare --new-secret-key”."
)


def runs_before(name: str) -> bool:
    return bool(re.match(r"\d{4}_before_", name))


def runs_after(name: str) -> bool:
    return bool(re.match(r"\d{4}_after_", name))


def named(migrations: list[str]) -> str:
    """The first few of them, for a sentence."""
    shown = migrations[:3] + ([f"{len(migrations) - 3} more"] if len(migrations) > 3 else [])
    return get_text_list(shown, "and")


@dataclass(frozen=True, slots=True)
class Fit:
    """The migrations in which a program and a database differ, in order."""

    #: Those of the program that weren't applied to the database.
    missing: list[str]
    #: Those in the database that the program doesn't know: it is of a newer version.
    unknown: list[str]
    #: Whether none was ever applied.
    is_new: bool
    #: Applications that the program has and of which the database has nothing yet, each with its migrations.
    new_apps: dict[str, list[str]] = field(default_factory=dict)

    @property
    def too_new(self) -> list[str]:
        return [name for name in self.unknown if not runs_before(name)]

    @property
    def needed(self) -> list[str]:
        """Without these the program can't work."""
        brought = [name for names in self.new_apps.values() for name in names]
        return brought + [name for name in self.missing if not runs_after(name)]

    @property
    def hindrance(self) -> str:
        """Why this program can't serve this database, in a sentence; empty if it can."""
        if self.too_new:
            return (
                f"The database belongs to a newer version of Maturity, which has changed it ({named(self.too_new)}). "
                f"Start that version, or restore a backup from before the upgrade."
            )
        if self.needed:
            count = f"{len(self.needed)} migrations are" if len(self.needed) > 1 else "1 migration is"
            return f"{count} not applied. Run “manage.py prepare”."
        return ""

    @property
    def before(self) -> list[list[str]] | None:
        """What to give to `migrate`, call by call, while old servers go on; None if the upgrade needs them stopped."""
        applications = [[label] for label in self.new_apps]
        own = [name for name in self.missing if not runs_after(name)]
        if not own:
            return applications
        # One that runs after an upgrade and is followed by another is a rest of the upgrade before this one.
        is_rest = any(map(runs_after, self.missing[: self.missing.index(own[-1])]))
        return None if is_rest or not all(map(runs_before, own)) else [*applications, ["assessments", own[-1]]]


def fit_of(using: str) -> Fit:
    """Raises DatabaseError if the database doesn't answer."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    recorder = MigrationRecorder(connections[using])
    # Applications that are no longer installed leave their rows.
    applied = {key for key in recorder.applied_migrations() if key[0] in loader.migrated_apps}
    known = set(loader.disk_migrations)
    there = {label for label, _ in applied}
    missing = _in_order(known - applied)
    new_apps: dict[str, list[str]] = {}
    for label, name in missing:
        if label not in there:
            new_apps.setdefault(label, []).append(name)
    return Fit(
        missing=[name for label, name in missing if label in there],
        unknown=[name for _, name in _in_order(applied - known)],
        is_new=not applied,
        new_apps=new_apps,
    )


def _in_order(keys: set[Key]) -> list[Key]:
    """By their numbers, those of this application last: they need the others."""
    return sorted(keys, key=lambda key: (key[0] == "assessments", key))
