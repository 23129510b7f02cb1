"""Looking after an installation: what could be wrong with it, each with a sentence that says what to do."""

import shutil
import stat
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.utils import timezone

from ..models import Event, Installation, Mail, standings
from ..models.edition_triggers import is_frozen
from .fitting import OTHER_KEY, fit_of

#: Bytes that have to be free on the disk of the data folder.
TIGHT, TOO_LITTLE = 1 << 30, 100 << 20
#: Seconds by which the clocks of two machines may differ.
SAME_TIME = 5


class Severity(StrEnum):
    FINE = "fine"
    #: It works, and somebody should look at it.
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    severity: Severity
    sentence: str


def fine(sentence: str) -> Diagnosis:
    return Diagnosis(Severity.FINE, sentence)


def warning(sentence: str) -> Diagnosis:
    return Diagnosis(Severity.WARNING, sentence)


def problem(sentence: str) -> Diagnosis:
    return Diagnosis(Severity.PROBLEM, sentence)


def is_for_this_machine() -> bool:
    return urlsplit(settings.SITE_URL).hostname in {"127.0.0.1", "localhost", "::1"}


def examine_settings() -> Iterator[Diagnosis]:
    if settings.DEBUG:
        severity = Severity.WARNING if is_for_this_machine() else Severity.PROBLEM
        yield Diagnosis(severity, "DEBUG is on: error pages show the program's inside. Set DEBUG=0.")
    if settings.DEMO:
        yield warning("DEMO is on: anyone who reaches the server can sign in, as long as there is only demo data.")
    if not is_for_this_machine() and not settings.SECURE:
        yield warning("SITE_URL begins with http, so passwords cross the network unencrypted. Use https.")
    yield fine(f"Version {settings.VERSION}, for {settings.SITE_URL}.")


def examine_proxy() -> Iterator[Diagnosis]:
    if settings.SECURE and not settings.TRUSTED_PROXY:
        yield warning(
            "SITE_URL is https, which a proxy provides, but TRUSTED_PROXY is not set: all people look like one address."
        )
    address = f"{settings.SITE_URL}/healthz"
    try:
        # The scheme was checked when the settings were read.
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310
            text = answer.read(200).decode(errors="replace").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error.__class__.__name__
        yield warning(f"{address} does not answer from here ({reason}). Is the server running, and does the proxy?")
        return
    if text == f"ok {settings.VERSION}":
        yield fine(f"{address} answers.")
    else:
        yield problem(f"{address} is answered by something else, or by another version: {text[:60]!r}.")


def examine_database() -> Iterator[Diagnosis]:
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        milliseconds = (time.monotonic() - started) * 1000
        if connection.vendor == "postgresql":
            cursor.execute("SHOW transaction_read_only")
            if cursor.fetchone()[0] == "on":
                yield problem("The database can only be read, so nothing can be saved.")
                return
            cursor.execute("SHOW server_version")
            name = f"PostgreSQL {cursor.fetchone()[0].split()[0]}"
        else:
            cursor.execute("PRAGMA quick_check(1)")
            told = cursor.fetchone()[0]
            if told != "ok":
                yield damaged(told)
                return
            name = "SQLite"
    yield fine(f"{name} answers after {milliseconds:.0f} ms.")
    if not Installation.objects.shares_key():
        yield problem(OTHER_KEY)


def damaged(why: str) -> Diagnosis:
    return problem(f"The file of the database is damaged ({why}). Restore the last backup.")


def examine_migrations() -> Iterator[Diagnosis]:
    fit = fit_of(DEFAULT_DB_ALIAS)
    if fit.hindrance:
        yield problem(fit.hindrance)
    elif fit.unknown:
        yield warning("An upgrade is under way: a newer version has changed the database, and this one still fits it.")
    elif fit.missing:
        yield warning("An upgrade is not finished. When no server of the old version runs, run “manage.py prepare”.")
    else:
        yield fine("The database is up to date.")


def examine_triggers() -> Iterator[Diagnosis]:
    if is_frozen(DEFAULT_DB_ALIAS):
        yield fine("Published versions of frameworks are protected from changes.")
    else:
        yield problem("Published versions of frameworks are not protected from changes. Run “manage.py prepare”.")
    if not standings.is_installed(DEFAULT_DB_ALIAS):
        yield problem("Nothing keeps up to date what the portfolio reads. Run “manage.py prepare”.")
    elif wrong := standings.differing(DEFAULT_DB_ALIAS):
        yield problem(f"Rows that the portfolio reads and that are wrong: {wrong}. Run “manage.py rebuild_standings”.")
    else:
        yield fine("What the portfolio reads is what the results say.")


def examine_clock() -> Iterator[Diagnosis]:
    now = timezone.now()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            differs = abs((cursor.fetchone()[0] - now).total_seconds())
        if differs > SAME_TIME:
            yield warning(f"The clocks of this machine and of the database differ by {differs:.0f} seconds.")
    if Event.objects.filter(at__gt=now + timedelta(minutes=1)).exists():
        yield warning("The journal has entries from the future: this clock was set back, or another one is wrong.")
    yield fine(f"It is {now:%F %T} UTC here.")


def examine_disk() -> Iterator[Diagnosis]:
    if not settings.DATA_DIR.is_dir():
        yield problem(f"{settings.DATA_DIR} is not there. Set DATA_DIR, or run “manage.py prepare”.")
        return
    free = shutil.disk_usage(settings.DATA_DIR).free
    sentence = f"{free / (1 << 30):.1f} GB are free in {settings.DATA_DIR}."
    if free < TOO_LITTLE:
        yield problem(f"{sentence} Soon nothing can be saved.")
    elif free < TIGHT:
        yield warning(f"{sentence} Make room soon.")
    else:
        yield fine(sentence)


def examine_permissions() -> Iterator[Diagnosis]:
    paths = [settings.DATA_DIR, settings.DATA_DIR / "secret-key"]
    if connection.vendor == "sqlite":
        paths.append(Path(str(connection.settings_dict["NAME"])))
    if open_ones := [str(path) for path in paths if is_open_to_others(path)]:
        yield problem(f"Others can read {', '.join(open_ones)}. Take the rights away with chmod go=.")
    else:
        yield fine("Only their owner can read the data.")


def is_open_to_others(path: Path) -> bool:
    """A folder that everyone writes to, such as /tmp or that of a container, is not: its files are private."""
    try:
        mode = path.stat().st_mode
    except OSError:
        # It is not there, or not even this process gets near it.
        return False
    return bool(mode & 0o077) and not mode & stat.S_ISVTX


def examine_mail(recipient: str = "") -> Iterator[Diagnosis]:
    if not settings.MAIL_ENABLED:
        yield warning("Mail is not set up, so nobody is invited or reminded by email. Set EMAIL_URL.")
        return
    # When they were queued is not stored: in anonymous assessments it would tell too much.
    if waiting := Mail.objects.due().count():
        yield warning(
            f"Mails wait: {waiting}. If there are not fewer in a minute, “manage.py send_due” is not running."
        )
    server = get_connection()
    try:
        if recipient:
            text = f"This mail was sent by “manage.py doctor” of {settings.SITE_URL}. Sending mail works."
            EmailMessage("Maturity can send mail", text, to=[recipient], connection=server).send()
            yield fine("The mail server has taken a mail. Look if it arrives.")
        else:
            server.open()
            server.close()
            yield fine("The mail server answers. With --mail-to, a mail is sent.")
    except OSError as error:
        yield problem(f"The mail server does not take mails: {error.__class__.__name__}. Look at EMAIL_URL.")


CHECKS: dict[str, Callable[[], Iterator[Diagnosis]]] = {
    "settings": examine_settings,
    "permissions": examine_permissions,
    "disk": examine_disk,
    "database": examine_database,
    "migrations": examine_migrations,
    "triggers": examine_triggers,
    "clock": examine_clock,
    "mail": examine_mail,
    "proxy": examine_proxy,
}


def examine(name: str, *, recipient: str = "") -> list[Diagnosis]:
    """What one check finds. If the database doesn't let it look, that is what it finds."""
    check = CHECKS[name]
    try:
        return list(examine_mail(recipient) if check is examine_mail else check())
    except DatabaseError as error:
        # Where the damage is large, SQLite does not even look for it.
        if str(getattr(error.__cause__, "sqlite_errorname", "")).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return [damaged(str(error))]
        if lacks_tables(error):
            return [problem("The database has no tables yet. Start the server, or run “manage.py prepare”.")]
        return [problem(f"The database does not answer: {error.__class__.__name__}.")]


def lacks_tables(error: DatabaseError) -> bool:
    """Whether a table was missing; SQLite has no code for that."""
    return getattr(error.__cause__, "sqlstate", "") == "42P01" or str(error).startswith("no such table")
