"""Reads the environment. Every value is checked, and an invalid one stops the start with a message that names it."""

import contextlib
import ipaddress
import os
import re
import secrets
import stat
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

from .answering_connection import AnsweringConnection
from .sqlite3 import wal

#: In the folder of the data, where an installation without SECRET_KEY keeps its own.
KEY_FILE = "secret-key"
KNOWN_SECRETS = {
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "secret-key",
    "insecure",
    "django-insecure",
    "password",
}

#: In milliseconds: how long a statement may wait and take, and how long a transaction may do nothing.
LIMITS = {"lock_timeout": 4_000, "statement_timeout": 15_000, "idle_in_transaction_session_timeout": 30_000}


def refuse(name: str, sentence: str) -> None:
    raise ImproperlyConfigured(f"{name}: {sentence}")


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that NAME_FILE points to, as secrets are passed in files."""
    if path := os.environ.get(f"{name}_FILE"):
        if name in os.environ:
            refuse(name, f"set either {name} or {name}_FILE, not both.")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            refuse(f"{name}_FILE", f"the file {path!r} cannot be read ({error.__class__.__name__}).")
    return os.environ.get(name, default).strip()


def boolean(name: str, default: bool) -> bool:
    value = text(name).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        refuse(name, f"{value!r} is neither yes nor no. Write 1 or 0.")
    return default


def demo(name: str, *, names: list[str], listens_at: str) -> bool:
    """Whether to serve the demo organisation, which is for this machine only; `names` are the hosts of the server.

    `listens_at` is where it listens: a client can claim any host name, but it reaches only that address.
    """
    is_on = boolean(name, False)
    if is_on and not is_loopback(listens_at):
        refuse(
            name,
            f"anyone who reaches the server signs in to the demo organisation with one click, so HOST must be this "
            f"machine alone (127.0.0.1), not {listens_at!r}. Set DEMO=0.",
        )
    for host in names:
        if is_on and not is_loopback(host):
            refuse(
                name,
                f"anyone who reaches the server signs in to the demo organisation with one click, so SITE_URL and "
                f"ALLOWED_HOSTS must name this machine alone (127.0.0.1, [::1], localhost), not {host!r}. Set DEMO=0.",
            )
    return is_on


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def number(name: str, default: int, *, minimum: int = 0, maximum: int = 10**9) -> int:
    value = text(name)
    if not value:
        return default
    try:
        result = int(value)
    except ValueError:
        refuse(name, f"{value!r} is not a whole number.")
    if not minimum <= result <= maximum:
        refuse(name, f"{result} is not between {minimum} and {maximum}.")
    return result


def token(name: str) -> str:
    """A secret that others send; empty if there is none."""
    value = text(name)
    if value and len(value) < 16:
        refuse(name, "too short; use at least 16 random characters.")
    return value


def months_of_journal(name: str) -> int:
    """0 keeps it for ever. Pages show a year of it."""
    months = number(name, 0, maximum=1200)
    if 0 < months < 13:
        refuse(name, f"{months} is too short: pages show a year of the journal. Set at least 13, or 0 to keep it all.")
    return months


#: An assessment can be reopened, and its comments read, for so long at least.
LEAST_MONTHS_OF_ANSWERS = 3


def months_of_answers(name: str) -> dict[str, int]:
    """Months by key of a framework, and for all others under "": `24, health-check=6`. What is 0 stays for ever."""
    months = {"": 0}
    for part in words(name):
        key, _, value = part.rpartition("=")
        if " " in key.strip() or not value.strip().isascii() or not value.strip().isdecimal():
            refuse(name, f"{part!r} is neither a number of months nor the key of a framework, “=” and such a number.")
        number = int(value)
        if number > 1200 or 0 < number < LEAST_MONTHS_OF_ANSWERS:
            refuse(name, f"{number} is not 0 (for ever) or between {LEAST_MONTHS_OF_ANSWERS} and 1200.")
        months[key.strip()] = number
    return months


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = text(name, default).lower() or default
    if value not in choices:
        refuse(name, f"{value!r} is not one of {', '.join(choices)}.")
    return value


def words(name: str) -> list[str]:
    return [part.strip() for part in text(name).split(",") if part.strip()]


def header(name: str) -> str:
    """The name of a header as WSGI has it, `HTTP_X_REMOTE_USER`; empty if there is none."""
    value = text(name)
    if value and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", value):
        refuse(name, f"{value!r} is not the name of a header. Write one such as X-Remote-User.")
    return f"HTTP_{value.upper().replace('-', '_')}" if value else ""


def hosts(name: str) -> list[str]:
    names = words(name)
    for word in names:
        if not re.fullmatch(r"\*|\.?[\w.-]+|\[[0-9a-fA-F:.]+\]", word):
            refuse(name, f"{word!r} is not a host name. Write names such as maturity.example.org, without a scheme.")
    return names


def site_url(name: str, default: str) -> str:
    value = text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        refuse(name, f"{value!r} is not an address. Write it like https://maturity.example.org.")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.path:
        refuse(name, f"{value!r} is not an address of the form https://maturity.example.org (no path, no query).")
    return value


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(word, strict=False) for word in words(name)]
    except ValueError as error:
        refuse(name, f"{error}. Write addresses or networks such as 127.0.0.1,10.0.0.0/8.")
    return []


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        refuse(name, f"{value!r} is not a known time zone. Write one such as Europe/Berlin or UTC.")
    return value


def secret_key(*, debug: bool, data: Path) -> str:
    """SECRET_KEY, or a key that the first run creates in the data folder, readable only by its owner."""
    value = text("SECRET_KEY")
    if value:
        if not debug and (value.lower() in KNOWN_SECRETS or value.startswith("django-insecure")):
            refuse(
                "SECRET_KEY",
                "this is a widely known default. Remove it to get a random one, or set a long random text.",
            )
        if not debug and len(value) < 32:
            refuse("SECRET_KEY", "too short; use at least 32 random characters, or leave it out and one is made.")
        return value
    path = data / KEY_FILE
    try:
        private_folder(data)
        # Written to another file and linked into place, so that two processes that start together agree on one key.
        if not path.exists():
            draft = data / f".{KEY_FILE}-{secrets.token_hex(4)}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        refuse("SECRET_KEY", f"is not set, and {path} cannot be written ({error.strerror}). Set it or DATA_DIR.")
    return ""


def private_folder(folder: Path) -> None:
    """Creates the folder if it is missing, and makes it private to its owner.

    Leaves folders that everyone can write to, such as /tmp, and folders of other owners as they are.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode
    if mode & 0o077 and not mode & stat.S_ISVTX:
        with contextlib.suppress(PermissionError):
            folder.chmod(0o700)


def keep_private(database: dict, *, data: Path) -> None:
    """Creates the file of SQLite if it is missing, and makes it private to its owner; the data folder as well.

    If that fails, the connection that needs the file reports it.
    """
    if not is_file_of_sqlite(database):
        return
    file = Path(database["NAME"])
    with contextlib.suppress(OSError):
        if file.parent.resolve() == data.resolve():
            private_folder(data)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    # SQLite gives the files next to it the same rights; those of an earlier version may still be open to others.
    for suffix in ("", "-wal", "-shm", "-journal"):
        beside = Path(f"{file}{suffix}")
        with contextlib.suppress(OSError):
            if beside.stat().st_mode & 0o077:
                beside.chmod(0o600)


def own_changes_only(name: str, database: dict) -> None:
    """Refuses a file of SQLite beside a `-wal` of another one: opening the two would damage the database."""
    if not is_file_of_sqlite(database):
        return
    file = Path(database["NAME"])
    try:
        is_own = wal.belongs(file)
    except OSError:
        # If the file cannot be read, the connection that needs it reports it.
        return
    if not is_own:
        refuse(
            name,
            f"{file}-wal holds changes that were made to another state of the database than {file} has. Together they "
            f"would damage it, so nothing was opened or changed. If you have just restored a backup, delete {file}-wal "
            f"and {file}-shm and start again. If not, keep these files and restore your last backup; README.md says "
            f"how, under Backups.",
        )


def is_file_of_sqlite(database: dict) -> bool:
    return database["ENGINE"].endswith("sqlite3") and database["NAME"] != ":memory:"


def database(name: str, default: str) -> dict:
    """Django's database dictionary, with what each of the two databases needs to write safely and fail early."""
    url = text(name, default)
    scheme = url.partition(":")[0]
    if scheme not in {"sqlite", "postgres", "postgresql"} or "://" not in url:
        refuse(name, "write sqlite:///path/to/file or postgresql://user:password@host:5432/name.")
    try:
        config = environ.Env.db_url_config(url)
    except (ValueError, ImproperlyConfigured, environ.ImproperlyConfigured):
        refuse(name, "this address cannot be read; special characters in a password must be percent-encoded.")
    if not config.get("NAME"):
        refuse(name, "the name of the database is missing at the end of the address.")
    options = config.setdefault("OPTIONS", {})
    if scheme == "sqlite":
        config["ENGINE"] = "maturity.sqlite3"
        options.update(
            transaction_mode="IMMEDIATE",
            timeout=4,
            init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000; "
            # Without this, REPLACE would delete published editions without running the triggers.
            "PRAGMA recursive_triggers=ON; "
            # Deleted content is overwritten, so that it does not stay in the file.
            "PRAGMA secure_delete=ON;",
        )
        return config
    if password := text("DATABASE_PASSWORD"):
        config["PASSWORD"] = password
    options.setdefault("connect_timeout", 2)
    if boolean("DATABASE_PREPARE", True):
        # The server parses and plans repeated statements once.
        options |= {"server_side_binding": True, "prepare_threshold": 5}
        # To compile a statement takes PostgreSQL 20 ms and more, which no page gets back.
        of_connection = {**LIMITS, "jit": "off"}
        options["options"] = " ".join(f"-c {name}={value}" for name, value in of_connection.items())
    else:
        # A pooler may give each transaction to another connection, so nothing may be left behind on one. `prepare`
        # sets the limits for the account, as poolers refuse the option that does it for a connection.
        options["prepare_threshold"] = None
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
    # Also notices a server that disappeared silently: psycopg passes these to libpq.
    alive = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 4000}
    for name_of_option, value in alive.items():
        options.setdefault(name_of_option, value)
    options["pool"] = {
        "min_size": 1,
        "max_size": number("DATABASE_POOL", 8, minimum=1, maximum=200),
        "timeout": 3,
        "connection_class": AnsweringConnection,
    }
    return {**config, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


def replica(name: str, primary: dict) -> dict:
    """The dictionary of a replica of the database; empty if there is none."""
    if not text(name):
        return {}
    if primary["ENGINE"].endswith("sqlite3") or text(name).startswith("sqlite"):
        refuse(name, "only PostgreSQL has replicas; DATABASE_URL has to name such a server too.")
    config = database(name, "")
    # If it is away, the database itself is asked.
    config["OPTIONS"]["pool"]["timeout"] = 1
    return config


def mail(name: str) -> dict:
    """Django's mail settings from an address such as smtp+tls://user:password@mail.example.org:587; empty is off."""
    url = text(name)
    if not url:
        return {}
    if url.partition(":")[0] not in {"smtp", "smtp+tls", "smtp+ssl", "consolemail"}:
        refuse(name, "write smtp://host:25, smtp+tls://user:password@host:587 or consolemail://.")
    try:
        return environ.Env.email_url_config(url)
    except (ValueError, KeyError, ImproperlyConfigured, environ.ImproperlyConfigured):
        refuse(name, "this address cannot be read; write it like smtp+tls://user:password@mail.example.org:587.")
    return {}
