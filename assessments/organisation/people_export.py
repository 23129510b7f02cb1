"""Everyone with an account as the lines that adding people in bulk reads."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Membership, Unit, User
from ..web.tables import Book, Cell, Table
from .people_lines import COLUMNS
from .people_plan import UnitPaths

#: So many people are fetched at a time, while the file is sent.
PEOPLE_AT_ONCE = 500


def people_book() -> Book:
    """One row for each role, and one for somebody without any."""
    table = Table(
        key="people",
        title=_("People"),
        # As they are read again, in every language.
        head=COLUMNS,
        rows=_rows(),
        widths={"email": 32, "name": 28, "unit": 32, "team": 28},
    )
    return Book(name=f"people-{timezone.localdate().isoformat()}", tables=[table])


def _rows() -> Iterator[list[Cell]]:
    paths = UnitPaths(Unit.objects.all())
    people = User.objects.order_by("email", "pk").prefetch_related("memberships__team")
    for user in people.iterator(chunk_size=PEOPLE_AT_ONCE):
        memberships = sorted(user.memberships.all(), key=lambda membership: membership.pk)
        for membership in memberships:
            yield [user.email, user.name, *_place(membership, paths), membership.role]
        if not memberships:
            yield [user.email, user.name, "", "", ""]


def _place(membership: Membership, paths: UnitPaths) -> tuple[str, str]:
    """Unit and team."""
    if membership.team is not None:
        return paths.written(membership.team.unit_id), membership.team.name
    return (paths.written(membership.unit_id), "") if membership.unit_id else ("", "")
