"""A model's folder as a ZIP, the way a browser sends it, or GitHub hands out a whole repository."""

import io
import struct
import zipfile
import zlib

from django.utils.translation import gettext as _

from ..format.problems import FrameworkFileError
from .building import Source
from .samm import MAX_BYTES, not_usable, refuse_too_many

#: Raised by reading a ZIP that is broken, or packed by an unknown method.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
    # A password, or unknown methods and versions.
    RuntimeError,
)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MAX_NAME = 120


def sources_in_zip(name: str, content: bytes) -> list[Source]:
    """The YAML files in it; raises FrameworkFileError if there are none, too many, or it cannot be unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _sources(archive, name)
    except FrameworkFileError:
        raise
    except BROKEN:
        mend = _("pack the folder of YAML files into a ZIP again, without a password")
        raise not_usable(name, _("this ZIP cannot be unpacked"), mend) from None


def _sources(archive: zipfile.ZipFile, name: str) -> list[Source]:
    entries = [
        entry
        for entry in archive.infolist()
        if entry.filename.endswith((".yml", ".yaml")) and "__MACOSX" not in entry.filename
    ]
    refuse_too_many(len(entries), name)
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        message = _("its files are larger than {limit} bytes").format(limit=f"{MAX_BYTES:,}")
        raise not_usable(name, message, _("pack only the folder of the model"))
    if any(entry.compress_type not in METHODS for entry in entries):
        raise not_usable(name, _("it is packed with an unknown method"), _("pack it as an ordinary ZIP"))
    # An entry is read no further than the size that it claims.
    return [Source(_name(entry), archive.read(entry)) for entry in entries]


def _name(entry: zipfile.ZipInfo) -> str:
    """The end of the path, which is the useful part, without characters that control a terminal or a log."""
    letters = (letter if letter.isprintable() else "?" for letter in entry.filename[-MAX_NAME:])
    return "".join(letters)
