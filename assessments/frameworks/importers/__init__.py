"""Other people's framework files as files of the product: one adapter for each format, and what they share.

An adapter reads the published files of its format and never drops anything in silence: what was changed to fit, and
what could not come along, is said in the report. What is broken is told with file, line and path, like in a file of the
product.
"""

from collections.abc import Callable
from pathlib import Path

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

    `version` is to be used instead of the one that the files say, or do not say.
    """
    return ADAPTERS[kind](sources, version)


def sources_of(kind: str, name: str, content: bytes) -> list[Source]:
    """What an uploaded file holds: itself, or for SAMM the files in a ZIP. Raises FrameworkFileError."""
    return sources_in_zip(name, content) if kind == "samm" else [Source(name, content)]


def sources_in(kind: str, path: str | Path) -> list[Source]:
    """The files at a path: one file, or for SAMM every YAML file in a folder."""
    path = Path(path)
    if kind != "samm":
        return [Source.read(path)]
    if not path.is_dir():
        message, mend = "SAMM is imported from its folder of YAML files", "name the folder, usually called 'model'"
        raise FrameworkFileError([Problem(file=path.name, line=None, path="", message=message, mend=mend)])
    found = sorted(each for each in path.rglob("*") if each.suffix in {".yml", ".yaml"} and each.is_file())
    samm.refuse_too_many(len(found), path.name)
    return [Source.read(each, name=str(each.relative_to(path))) for each in found]
