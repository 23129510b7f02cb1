"""What the commands about sealed files have in common: reading the file, and the keys to trust."""

from pathlib import Path

from django.core.management.base import CommandError, CommandParser

from assessments.sealed.canonical import MAX_BYTES
from assessments.sealed.signing import keys_in

#: The exit code for what says nothing about the file: a wrong option, or a file that cannot be read.
USAGE = 64


def add_file_and_keys(parser: CommandParser) -> None:
    parser.add_argument("path", metavar="FILE.maturity.json")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FILE",
        help="trust these keys and no others: a PEM file, or the maturity-keys.json of an installation",
    )


def sealed_bytes(path: str) -> bytes:
    """The content of a file, as far as it may be long. Raises CommandError if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 2)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.", returncode=USAGE) from error


def trusted_keys(paths: list[str]) -> set[str]:
    """The public keys in these files. Raises CommandError for a file that has none."""
    keys: set[str] = set()
    for path in paths:
        try:
            keys |= keys_in(Path(path))
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.", returncode=USAGE) from error
        except ValueError as error:
            raise CommandError(f"{path} has no Ed25519 public key.", returncode=USAGE) from error
    return keys
