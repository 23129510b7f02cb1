"""Values that are available in every template."""

from django.http import HttpRequest

from . import __version__, logs


def version(request: HttpRequest) -> dict[str, str]:
    return {"version": __version__}


def request_number(request: HttpRequest) -> dict[str, str]:
    """The number under which the log has this request."""
    return {"request_number": logs.request_number.get()}
