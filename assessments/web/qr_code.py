"""A link as a QR code."""

import io

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_code(link: str, *, grows: bool = False) -> SafeString:
    """SVG for a page, drawn by segno from our own link: black on white in either colour scheme, as cameras need it.

    One that `grows` takes the size that the page gives it.
    """
    out = io.BytesIO()
    code = segno.make(link, error="m")
    code.save(out, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False, svgns=True, omitsize=grows)
    return mark_safe(out.getvalue().decode())  # noqa: S308 - made of a link of our own by the library
