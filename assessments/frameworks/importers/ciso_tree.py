"""The requirement nodes of a CISO Assistant library as a tree: what becomes a group, and what a dimension."""

from django.utils.translation import gettext as _

from ..format.document import MAX_DEPTH, Document, Place
from ..format.problems import shortened
from .building import Keys, Reader, Report, kept_whole, short, without_empty


def heading_of(reader: Reader) -> str:
    """What people call a node: its number and name."""
    parts = (reader.text("ref_id"), reader.text("name"))
    return " ".join(part for part in parts if part) or reader.text("description") or reader.text("urn")


class RequirementTree:
    """Nodes in their order. In a deep tree those of the first depth are groups and those of the second dimensions;
    otherwise those of the first depth are dimensions. Groups and dimensions are made when something in them is rated.
    """

    def __init__(self, framework: Reader, report: Report) -> None:
        self.report = report
        self.document = framework.document
        self.nodes: list[Reader] = []
        #: Questions by urn, for others that depend on them.
        self.asked: dict[str, Reader] = {}
        self.groups: dict[str, dict] = {}
        self.dimensions: dict[str, dict] = {}
        #: Where groups and dimensions come from.
        self.origins: dict[Place, tuple[Document, Place]] = {}
        self._by_urn: dict[str, Reader] = {}
        self._questions: dict[Place, list[tuple[str, Reader]]] = {}
        self._above: dict[Place, list[Reader]] = {}
        self._group_keys = Keys()
        self._dimension_keys = Keys()
        self._read(framework)
        self._parents = {reader.text("parent_urn").lower() for reader in self.nodes}
        rated = [reader for reader in self.nodes if reader.get("assessable") is True]
        self.is_deep = any(len(self.above(reader)) > 1 for reader in rated)
        #: The topmost nodes of what is rated.
        self._rated_in = {[*self.above(reader), reader][0].place for reader in rated}

    def _read(self, framework: Reader) -> None:
        nodes = framework.get("requirement_nodes")
        if not isinstance(nodes, list) or not nodes:
            framework.problem(("requirement_nodes",), _("there are no requirement nodes"), _("add them"))
            return
        for i, entry in enumerate(nodes):
            reader = Reader(self.report, self.document, (*framework.place, "requirement_nodes", i), entry)
            urn = reader.text("urn", needed=True).lower()
            if urn in self._by_urn:
                message = _("the urn {urn} is used twice").format(urn=shortened(urn))
                reader.problem(("urn",), message, _("give each node its own urn"))
            self._by_urn.setdefault(urn, reader)
            self.nodes.append(reader)
            self._questions[reader.place] = self._read_questions(reader)
            self.asked |= {urn.lower(): question for urn, question in self._questions[reader.place]}

    def _read_questions(self, reader: Reader) -> list[tuple[str, Reader]]:
        questions = reader.get("questions")
        place = (*reader.place, "questions")
        if isinstance(questions, dict):
            return [
                (str(urn), Reader(self.report, self.document, (*place, urn), entry)) for urn, entry in questions.items()
            ]
        if not isinstance(questions, list):
            return []
        readers = []
        for i, entry in enumerate(questions):
            urn = entry.get("urn", f"{reader.text('urn')}:{i}") if isinstance(entry, dict) else i
            readers.append((str(urn), Reader(self.report, self.document, (*place, i), entry)))
        return readers

    def questions(self, reader: Reader) -> list[tuple[str, Reader]]:
        """The questions of a node with their urns; the format has them as a mapping, or as a list."""
        return self._questions[reader.place]

    def above(self, reader: Reader) -> list[Reader]:
        """The nodes above this one, the topmost first; none, and a problem in the report, if a parent is wrong."""
        if reader.place not in self._above:
            self._above[reader.place] = self._climbed(reader)
        return self._above[reader.place]

    def _climbed(self, reader: Reader) -> list[Reader]:
        nodes: list[Reader] = []
        seen: set[str] = set()
        while parent := reader.text("parent_urn").lower():
            if parent not in self._by_urn:
                message = _("there is no node {urn}").format(urn=shortened(parent))
                reader.problem(("parent_urn",), message, _("correct the urn of the parent"))
                return []
            if parent in seen or len(seen) == MAX_DEPTH:
                message = _("these nodes are parents of each other, or nested more than {limit} deep")
                reader.problem(("parent_urn",), message.format(limit=MAX_DEPTH), _("correct the urn of the parent"))
                return []
            seen.add(parent)
            reader = self._by_urn[parent]
            nodes.insert(0, reader)
        return nodes

    def dimension(self, reader: Reader) -> str:
        """The key of the dimension that a node belongs to."""
        nodes = [*self.above(reader), reader]
        heading = nodes[0]
        # A requirement directly below a group stands in a dimension with the name of the group.
        if self.is_deep and (len(nodes) > 2 or (len(nodes) == 2 and reader.text("urn").lower() in self._parents)):
            heading = nodes[1]
        urn = heading.text("urn").lower()
        if urn not in self.dimensions:
            self.origins["dimensions", len(self.dimensions)] = (self.document, heading.place)
            described = "" if heading.get("assessable") is True else heading.text("description")
            about = kept_whole(heading_of(heading), described)
            group = self._group(nodes[0]) if self.is_deep else ""
            self.dimensions[urn] = without_empty(
                {"key": self._key(self._dimension_keys, heading, "section"), "name": short(heading_of(heading))}
                | {"group": group, "about": about}
            )
        return self.dimensions[urn]["key"]

    def _group(self, reader: Reader) -> str:
        urn = reader.text("urn").lower()
        if urn not in self.groups:
            self.origins["groups", len(self.groups)] = (self.document, reader.place)
            self.groups[urn] = without_empty(
                {
                    "key": self._key(self._group_keys, reader, "group"),
                    "name": short(heading_of(reader)),
                    "about": kept_whole(heading_of(reader), reader.text("description")),
                }
            )
        return self.groups[urn]["key"]

    @staticmethod
    def _key(keys: Keys, reader: Reader, fallback: str) -> str:
        return keys.make(reader.text("ref_id") or heading_of(reader), fallback)

    def say_what_is_lost(self, heading: Reader) -> None:
        """What a node that is not rated says, and no group or dimension takes over."""
        depth = len(self.above(heading))
        if depth > int(self.is_deep) and heading.text("description"):
            self.report.refused.say(_("descriptions of headings below the dimensions"))
        if depth == 0 and heading.place not in self._rated_in:
            self.report.refused.say(_("sections in which nothing can be rated"), example=heading_of(heading))
