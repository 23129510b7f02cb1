"""Values that are available in every template."""

from django.http import HttpRequest

from . import __version__


def version(request: HttpRequest) -> dict[str, str]:
    return {"version": __version__}
