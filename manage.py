#!/usr/bin/env python
import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maturity.settings")
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as error:
        # A malformed variable: its sentence says all there is to say, a traceback would hide it.
        sys.exit(f"Maturity cannot start. {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
