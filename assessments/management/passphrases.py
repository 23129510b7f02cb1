"""Asking for a passphrase, so that it stands neither in a command line nor in the environment."""

import getpass
import sys
from pathlib import Path

from django.core.management.base import CommandError

from assessments.operations.passphrase import SHORTEST


def read_passphrase(file: str | None, *, is_new: bool) -> str:
    """From the first line of the file, or typed in; a new one has to be long enough."""
    if file:
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The passphrase cannot be read from {file} ({error.__class__.__name__}).") from error
        passphrase = lines[0] if lines else ""
    elif sys.stdin.isatty():
        passphrase = getpass.getpass("Passphrase: ")
        if is_new and getpass.getpass("Again: ") != passphrase:
            raise CommandError("The two passphrases are not the same.")
    else:
        raise CommandError("There is nobody to type a passphrase. Use --passphrase-file.")
    if is_new and len(passphrase) < SHORTEST:
        raise CommandError(f"The passphrase is too short. Use at least {SHORTEST} characters.")
    return passphrase
