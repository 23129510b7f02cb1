"""Framework files of other products as framework files of our own: one adapter for each format, and what they share.

An adapter reads the published files of its format and never drops anything silently: its report lists what was changed
to fit and what could not be imported. Problems are reported with file, line and path, as for our own files.
"""

from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext as _

from ..format.problems import FrameworkFileError, Problem
from . import ciso, dsomm, samm
from .building import Adapted, Options, Source, named_levels
from .zipped import sources_in_zip

__all__ = ["ADAPTERS", "NAMES", "Adapted", "Options", "Source", "adapt", "named_levels", "sources_in", "sources_of"]

ADAPTERS: dict[str, Callable[[list[Source], Options], Adapted]] = {
    "dsomm": dsomm.adapt,
    "samm": samm.adapt,
    "ciso": ciso.adapt,
}
#: Formats that are a folder of files, or can be one.
IN_FOLDERS = ("samm", "dsomm")
#: What a ZIP begins with.
ZIP = b"PK\x03\x04"
NAMES = {"dsomm": "OWASP DSOMM", "samm": "OWASP SAMM", "ciso": "CISO Assistant"}


def adapt(kind: str, sources: list[Source], options: Options | None = None) -> Adapted:
    """Runs the adapter of this format; raises FrameworkFileError with what is wrong with the files."""
    return ADAPTERS[kind](sources, options or Options())


def sources_of(kind: str, name: str, content: bytes) -> list[Source]:
    """The sources in an uploaded file: the file itself, or the YAML files in a ZIP. Raises FrameworkFileError.

    SAMM is many files and always a ZIP; DSOMM may be one, with an organisation's own activities beside the model.
    """
    is_zip = kind == "samm" or (kind in IN_FOLDERS and content.startswith(ZIP))
    return sources_in_zip(name, content) if is_zip else [Source(name, content)]


def sources_in(kind: str, path: str | Path) -> list[Source]:
    """The files at a path: one file, or for SAMM and DSOMM every YAML file in a folder or a ZIP."""
    path = Path(path)
    if kind not in IN_FOLDERS:
        return [Source.read(path)]
    if not path.is_dir():
        source = Source.read(path)
        if kind != "samm" or source.content.startswith(ZIP):
            return sources_of(kind, source.name, source.content)
        message = _("SAMM is imported from its folder of YAML files")
        mend = _("enter the folder, usually called 'model', or a ZIP of it")
        raise FrameworkFileError([Problem(file=path.name, line=None, path="", message=message, mend=mend)])
    files = sorted(file for file in path.rglob("*") if file.suffix in {".yml", ".yaml"} and file.is_file())
    samm.refuse_too_many(len(files), path.name)
    return [Source.read(file, name=str(file.relative_to(path))) for file in files]
