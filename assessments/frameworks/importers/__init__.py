"""Framework files of other products as framework files of our own: one adapter for each format, and what they share.

An adapter reads the published files of its format and never drops anything silently: its report lists what was changed
to fit and what could not be imported. Problems are reported with file, line and path, as for our own files.
"""

from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext as _

from ..format.problems import FrameworkFileError, Problem
from . import ciso, dsomm, samm
from .building import Adapted, Source
from .zipped import sources_in_zip

__all__ = ["ADAPTERS", "NAMES", "Adapted", "Source", "adapt", "sources_in", "sources_of"]

ADAPTERS: dict[str, Callable[[list[Source], str], Adapted]] = {
    "dsomm": dsomm.adapt,
    "samm": samm.adapt,
    "ciso": ciso.adapt,
}
NAMES = {"dsomm": "OWASP DSOMM", "samm": "OWASP SAMM", "ciso": "CISO Assistant"}


def adapt(kind: str, sources: list[Source], *, version: str = "") -> Adapted:
    """Runs the adapter of this format; raises FrameworkFileError with what is wrong with the files.

    `version` replaces the one in the files, or provides it if they have none.
    """
    return ADAPTERS[kind](sources, version)


def sources_of(kind: str, name: str, content: bytes) -> list[Source]:
    """The sources in an uploaded file: the file itself, or for SAMM the files in a ZIP. Raises FrameworkFileError."""
    return sources_in_zip(name, content) if kind == "samm" else [Source(name, content)]


def sources_in(kind: str, path: str | Path) -> list[Source]:
    """The files at a path: one file, or for SAMM every YAML file in a folder."""
    path = Path(path)
    if kind != "samm":
        return [Source.read(path)]
    if not path.is_dir():
        message = _("SAMM is imported from its folder of YAML files")
        mend = _("enter the folder, usually called 'model'")
        raise FrameworkFileError([Problem(file=path.name, line=None, path="", message=message, mend=mend)])
    files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"} and file.is_file())
    samm.refuse_too_many(len(files), path.name)
    return [Source.read(file, name=str(file.relative_to(path))) for file in files]
