"""Implementation groups of a CISO Assistant library as levels: only where they are an order."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..format.document import Place
from ..format.problems import listed, shortened
from .building import Reader, Report

#: Words that stand for an order, the lowest first.
ORDERS = (
    ("bronze", "silver", "gold", "platinum"),
    ("low", "moderate", "medium", "high", "very high"),
    ("small", "basic", "important", "substantial", "essential", "high"),
    ("foundational", "basic", "standard", "intermediate", "enhanced", "advanced", "expert"),
    ("minimum", "baseline", "target", "optimum"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplementationGroup:
    key: str
    name: str
    about: str
    place: Place


class ImplementationGroups:
    """The implementation groups of a library by key, and those that become levels, the lowest first."""

    def __init__(self, framework: Reader, report: Report) -> None:
        self.report = report
        self.all: dict[str, ImplementationGroup] = {}
        self.levels: list[ImplementationGroup] = []
        self.unknown: dict[str, None] = {}
        given = framework.get("implementation_groups_definition")
        for i, entry in enumerate(given if isinstance(given, list) else []):
            place = (*framework.place, "implementation_groups_definition", i)
            reader = Reader(report, framework.document, place, entry)
            key = reader.text("ref_id", needed=True)
            name = reader.text("name") or key
            self.all.setdefault(
                key, ImplementationGroup(key=key, name=name, about=reader.text("description"), place=place)
            )

    def choose(self, keys: tuple[str, ...] | None, framework: Reader) -> None:
        """Makes these groups levels, the lowest first; None: those whose names say an order, if most requirements
        are in one of them.
        """
        chosen = self._plainly_ordered(framework) if keys is None else [self.all[k] for k in keys if k in self.all]
        for key in keys or ():
            if key not in self.all:
                message = _("there is no implementation group '{name}'").format(name=shortened(key))
                mend = _("the groups are {groups}").format(groups=listed(self.all)) if self.all else ""
                framework.problem(("implementation_groups_definition",), message, mend)
        self.levels = chosen
        names = ", ".join(group.name for group in chosen)
        say = self.report.adapted.say
        if chosen:
            say(
                _("Implementation groups became levels; each requirement is at its lowest group: {names}.").format(
                    names=names
                )
            )
        elif self.all:
            sentence = _("Implementation groups did not become levels ({names}). You can choose groups that do.")
            say(sentence.format(names=listed(group.name for group in self.all.values())))

    def _plainly_ordered(self, framework: Reader) -> list[ImplementationGroup]:
        """In some libraries the first of the numbers asks for the most: what is in it is not all in the others."""
        groups = in_order(list(self.all.values()))
        memberships = _memberships(framework, [group.key for group in groups])
        if 2 * sum(map(bool, memberships)) < len(memberships):
            return []
        last = len(groups) - 1
        # Among requirements of several groups, those that begin above the first and those that end before the last.
        rising = sum(len(places) > 1 and min(places) > 0 for places in memberships)
        falling = sum(len(places) > 1 and max(places) < last for places in memberships)
        if falling <= rising:
            return groups
        self.report.adapted.say(_("The first implementation group asks for the most, so it became the highest level"))
        return groups[::-1]

    def level_of(self, requirement: Reader, heading: str) -> int:
        """The lowest level among the groups of a requirement; 1 if it is in none of them."""
        named = requirement.lines("implementation_groups")
        for key in named:
            if key not in self.all:
                sentence = _("groups that the library does not define, such as “{name}”").format(name=shortened(key))
                self.report.refused.say(sentence, example=heading)
        numbers = [number for number, group in enumerate(self.levels, start=1) if group.key in named]
        if self.levels and not numbers:
            self.report.adapted.say(_("Requirements in none of these groups are at level 1"), example=heading)
        return min(numbers, default=1)


def _memberships(framework: Reader, keys: list[str]) -> list[set[int]]:
    """Of each node that can be rated, in which of these groups it is, by their places."""
    nodes = framework.get("requirement_nodes")
    listed_nodes = nodes if isinstance(nodes, list) else []
    rated = [node for node in listed_nodes if isinstance(node, dict) and node.get("assessable") is True]
    memberships = []
    for node in rated:
        named = node.get("implementation_groups") or []
        given = {str(name).strip() for name in (named if isinstance(named, list) else [named])}
        memberships.append({place for place, key in enumerate(keys) if key in given})
    return memberships


def in_order(groups: list[ImplementationGroup]) -> list[ImplementationGroup]:
    """The groups from lowest to highest if their names or keys say so: by numbers, or by words such as low and high."""
    if len(groups) < 2:
        return []
    names = [group.name for group in groups]
    keys = [group.key for group in groups]
    places = _by_number(names) or _by_word(names)
    by_key = _by_number(keys)
    # A number in the key alone may be nothing but a reference.
    if not places and by_key and all(re.search(rf"\b{n}\b", name) for n, name in zip(by_key, names, strict=True)):
        places = by_key
    if not places:
        return []
    return [group for _place, group in sorted(zip(places, groups, strict=True), key=lambda pair: pair[0])]


def _by_number(texts: list[str]) -> list[int] | None:
    """The number in each, if they differ in nothing else."""
    matches = [re.fullmatch(r"(\D*)(\d{1,3})\D*", text.strip()) for text in texts]
    if not all(matches) or len({match[1].casefold() for match in matches if match}) > 1:
        return None
    numbers = [int(match[2]) for match in matches if match]
    return numbers if len(set(numbers)) == len(numbers) else None


def _by_word(texts: list[str]) -> list[int] | None:
    words = [text.strip().casefold() for text in texts]
    for order in ORDERS:
        if set(words) <= set(order) and len(set(words)) == len(words):
            return [order.index(word) for word in words]
    return None
