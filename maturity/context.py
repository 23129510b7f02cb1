"""Values that are available in every template."""

from . import __version__


def version(request) -> dict[str, str]:
    return {"version": __version__}
