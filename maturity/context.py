"""What every page's template may name."""

from . import __version__


def version(request) -> dict[str, str]:
    return {"version": __version__}
