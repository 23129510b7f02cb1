"""People, teams and roles as lines of text: pasted, or from a CSV file. Pure: what is stored is compared elsewhere."""

import csv
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from ..models import Membership
from ..models.names import plain_name, validate_visible
from ..web.given_tables import as_meant, separator_of

#: In this order, unless the first line names the columns.
COLUMNS = ("email", "name", "unit", "team", "role")
LONGEST_NAME = 120
LONGEST_EMAIL = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One line as read. `text` is the line itself, `role` a value of Membership.Role or empty.

    `problem` says why it cannot be used, and what to do.
    """

    number: int
    text: str
    email: str = ""
    name: str = ""
    unit: str = ""
    team: str = ""
    role: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleLines:
    """Lines in their order; `header` is the first line if it names the columns."""

    header: str
    lines: list[PersonLine]


def read_people_lines(text: str) -> PeopleLines:
    """Every line that is not empty, also those with a problem."""
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip(" \t;,")]
    separator = separator_of(line for _number, line in numbered)
    columns: tuple[str, ...] = COLUMNS
    header = ""
    if numbered:
        named = _columns_named_by(numbered[0][1], separator)
        if "email" in named:
            columns, header = named, numbered[0][1]
            numbered = numbered[1:]
    roles = _role_names()
    return PeopleLines(
        header=header, lines=[_line(number, line, separator, columns, roles) for number, line in numbered]
    )


def _cells(line: str, separator: str) -> list[str]:
    """Raises csv.Error for a cell that is far too long."""
    cells = next(csv.reader([line], delimiter=separator), [])
    return [as_meant(cell.strip()) for cell in cells]


def _columns_named_by(line: str, separator: str) -> tuple[str, ...]:
    """The columns that a first line names, in English or the language of the page; an unknown one is skipped."""
    try:
        cells = _cells(line, separator)
    except csv.Error:
        return ()
    names = {
        "email": "email",
        "e-mail": "email",
        "name": "name",
        "unit": "unit",
        "team": "team",
        "role": "role",
        _("Email").lower(): "email",
        _("Name").lower(): "name",
        _("Unit").lower(): "unit",
        _("Team").lower(): "team",
        _("Role").lower(): "role",
    }
    return tuple(names.get(cell.lower().lstrip("\ufeff"), "") for cell in cells)


def _role_names() -> dict[str, str]:
    """What may be written for a role, in lower case: its value, or its name in English or the language of the page."""
    names: dict[str, str] = {"unit manager": Membership.Role.MANAGER.value}
    for role in Membership.Role:
        names[role.value] = role.value
        names[str(role.label).lower()] = role.value
    return names


def _line(number: int, text: str, separator: str, columns: tuple[str, ...], roles: dict[str, str]) -> PersonLine:
    try:
        cells = _cells(text, separator)
    except csv.Error:
        return PersonLine(number=number, text=text, problem=_("This line cannot be read. Type it again."))
    values = dict.fromkeys(COLUMNS, "")
    for column, cell in zip(columns, cells, strict=False):
        if column:
            values[column] = cell
    has_too_many = len(cells) > len(columns) and any(cells[len(columns) :])
    name, unit, team = (plain_name(values[column]) for column in ("name", "unit", "team"))
    role = roles.get(values["role"].lower(), "")
    if not values["role"] and team:
        role = Membership.Role.MEMBER.value
    problem = _problem_of(values, name=name, unit=unit, team=team, role=role, has_too_many=has_too_many)
    return PersonLine(
        number=number,
        text=text,
        email=values["email"],
        name=name,
        unit=unit,
        team=team,
        role=role,
        problem=problem,
    )


def _problem_of(values: dict[str, str], *, name: str, unit: str, team: str, role: str, has_too_many: bool) -> str:
    """The first thing that is wrong with the line by itself, or nothing."""
    if has_too_many:
        return _("This line has more values than columns. Put a value that contains the separator in quotes.")
    if not values["email"]:
        return _("The email is missing.")
    try:
        validate_email(values["email"])
        validate_visible(values["email"])
    except ValidationError as error:
        return " ".join(error.messages)
    if len(values["email"]) > LONGEST_EMAIL:
        return _("The email is too long.")
    if len(name) > LONGEST_NAME or len(team) > LONGEST_NAME:
        return _("A name is longer than {number} characters. Shorten it.").format(number=LONGEST_NAME)
    if values["role"] and not role:
        sentence = _("“{role}” is not a role. Write lead, member, viewer or manager.")
        return sentence.format(role=values["role"][:40])
    if role == Membership.Role.MANAGER and (team or not unit):
        return _("A manager belongs to a unit: write the unit, and no team.")
    if unit and not team and role != Membership.Role.MANAGER:
        return _("The team is missing. Only a manager belongs to a unit without a team.")
    if role and not team and role != Membership.Role.MANAGER:
        return _("The team is missing.")
    return ""
