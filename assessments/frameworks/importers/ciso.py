"""CISO Assistant: a library with one framework of requirement nodes.

Nodes of the first depth become dimensions, assessable nodes criteria; implementation groups, in their order, become
levels, each node at the first group that has it. Questions with choices and scores become criteria of their own.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..format.document import MAX_DEPTH, Document, Place
from ..format.problems import ADD_THE_VERSION, FrameworkFileError, listed, shortened
from .building import (
    RULES,
    Adapted,
    Keys,
    Reader,
    Report,
    Source,
    built,
    paragraphs,
    short,
    slug,
    titled,
    without_empty,
)
from .ciso_answers import Answers

LINKS = {
    "threats": gettext_lazy("links to threats"),
    "reference_controls": gettext_lazy("links to reference controls"),
    "translations": gettext_lazy("translations"),
    "weight": gettext_lazy("weights of requirements"),
    "importance": gettext_lazy("importance of requirements"),
    "visibility_expression": gettext_lazy("conditions under which a requirement is shown"),
}


def adapt(sources: list[Source], version: str = "") -> Adapted:
    return _CisoAdapter(sources[0].documents()[0], version).adapted()


class _CisoAdapter:
    def __init__(self, document: Document, version: str) -> None:
        self.report = Report()
        self.document = document
        self.given_version = version
        self.keys = Keys()
        self.dimension_keys = Keys()
        self.answers = Answers(self.report, document)
        self.origins: dict[Place, tuple[Document, Place]] = {}
        self.levels: list[dict] = []
        self.level_of_group: dict[str, int] = {}
        self.dimensions: dict[str, dict] = {}
        self.criteria: list[dict] = []
        self.nodes: dict[str, Reader] = {}

    def adapted(self) -> Adapted:
        library = Reader(self.report, self.document, (), self.document.value)
        framework = self.framework(library)
        self.read_groups(framework)
        requirement = self.answers.to_requirements(framework)
        for reader in self.read_nodes(framework):
            self.node(reader, requirement)
        version = self.version(library)
        # The rest relies on names and numbers being there.
        self.report.stop_if_broken()
        self.drop_empty()
        self.drop_levels()
        self.say_what_was_made()
        self.left_out(library, framework)
        if not self.criteria:
            why = ""
            if self.report.refused.times:
                why = _("it holds {things}").format(things="; ".join(self.report.refused.listed()[:3]))
            framework.problem(("requirement_nodes",), _("nothing in this library can be rated"), why)
        data = {
            "format": 1,
            "framework": without_empty(
                {
                    "key": slug(framework.text("ref_id") or framework.text("name"))[:80].strip("-") or "library",
                    "name": short(framework.text("name", needed=True)),
                    "version": version,
                    "language": library.text("locale")[:20] or "en",
                    "purpose": framework.text("description"),
                    "method": "levels",
                    "representation": ["staged", "continuous"],
                }
            ),
            "scales": list(self.answers.scales.values()),
            "scoring": RULES,
            "levels": [{"level": 0, "name": "Not started"}, *self.levels],
            "dimensions": list(self.dimensions.values()),
            "criteria": self.criteria,
            "sources": [self.source(library)],
        }
        scales = {("scales", i): (self.document, place) for i, place in enumerate(self.answers.places())}
        return built(data, self.origins | scales, self.document, self.report, things="requirements and questions")

    def version(self, library: Reader) -> str:
        version = self.given_version or library.text("version")[:40]
        if not version:
            message = _("the library does not say which version it is")
            library.problem(("version",), message, str(ADD_THE_VERSION))
        return version

    def framework(self, library: Reader) -> Reader:
        objects = library.get("objects")
        objects = objects if isinstance(objects, dict) else {}
        for name in objects:
            if name not in ("framework", "frameworks"):
                self.report.refused.say(_("`{field}` of the library").format(field=shortened(name)))
        place: Place = ("objects", "framework")
        framework = objects.get("framework")
        if framework is None and isinstance(objects.get("frameworks"), list) and objects["frameworks"]:
            framework = objects["frameworks"][0]
            place = ("objects", "frameworks", 0)
            self.report.refused.say(_("other frameworks of the library"), times=len(objects["frameworks"]) - 1)
        if not isinstance(framework, dict):
            message = _("this library holds no framework")
            if objects:
                message = _("this library holds no framework (it holds {things})").format(things=listed(objects))
            mend = _("choose a library with 'objects: framework:'; matrices, controls and mappings cannot be rated")
            raise FrameworkFileError([self.document.problem(("objects",), message, mend)])
        return Reader(self.report, self.document, place, framework)

    def read_groups(self, framework: Reader) -> None:
        groups = framework.get("implementation_groups_definition")
        for i, entry in enumerate(groups if isinstance(groups, list) else []):
            place = (*framework.place, "implementation_groups_definition", i)
            reader = Reader(self.report, self.document, place, entry)
            key = reader.text("ref_id", needed=True)
            self.level_of_group.setdefault(key, len(self.levels) + 1)
            self.origins["levels", len(self.levels) + 1] = (self.document, place)
            name = short(reader.text("name") or key)
            self.levels.append(
                without_empty({"level": len(self.levels) + 1, "name": name, "summary": reader.text("description")})
            )
        if not self.levels:
            self.levels.append({"level": 1, "name": "In place"})
            self.report.adapted.say(
                _("The library has no implementation groups: every requirement is at level 1, “In place”.")
            )

    def read_nodes(self, framework: Reader) -> list[Reader]:
        nodes = framework.get("requirement_nodes")
        if not isinstance(nodes, list) or not nodes:
            framework.problem(("requirement_nodes",), _("there are no requirement nodes"), _("add them"))
            return []
        readers = []
        for i, entry in enumerate(nodes):
            reader = Reader(self.report, self.document, (*framework.place, "requirement_nodes", i), entry)
            urn = reader.text("urn", needed=True).lower()
            if urn in self.nodes:
                message = _("the urn {urn} is used twice").format(urn=shortened(urn))
                reader.problem(("urn",), message, _("give each node its own urn"))
            self.nodes.setdefault(urn, reader)
            readers.append(reader)
        return readers

    def root(self, reader: Reader) -> Reader | None:
        """The node of the first depth above this one, or itself."""
        seen: set[str] = set()
        while parent := reader.text("parent_urn").lower():
            if parent not in self.nodes:
                message = _("there is no node {urn}").format(urn=shortened(parent))
                reader.problem(("parent_urn",), message, _("correct the urn of the parent"))
                return None
            if parent in seen or len(seen) == MAX_DEPTH:
                message = _("these nodes are parents of each other, or nested more than {limit} deep")
                reader.problem(("parent_urn",), message.format(limit=MAX_DEPTH), _("correct the urn of the parent"))
                return None
            seen.add(parent)
            reader = self.nodes[parent]
        return reader

    def dimension(self, reader: Reader) -> str | None:
        root = self.root(reader)
        if root is None:
            return None
        urn = root.text("urn").lower()
        if urn not in self.dimensions:
            name = self.heading(root)
            self.origins["dimensions", len(self.dimensions)] = (self.document, root.place)
            key = self.dimension_keys.make(root.text("ref_id") or name, "section")
            about = "" if root.get("assessable") is True else root.text("description")
            self.dimensions[urn] = without_empty({"key": key, "name": short(name), "about": about})
        return self.dimensions[urn]["key"]

    @staticmethod
    def heading(reader: Reader) -> str:
        ref = reader.text("ref_id")
        name = reader.text("name")
        return " ".join(part for part in (ref, name) if part) or reader.text("description") or reader.text("urn")

    def node(self, reader: Reader, requirement: str) -> None:
        for name, what in LINKS.items():
            if reader.get(name) not in (None, "", [], {}):
                self.report.refused.say(str(what))
        dimension = self.dimension(reader)
        if reader.get("assessable") is not True:
            if reader.text("parent_urn") and reader.text("description"):
                self.report.refused.say(_("descriptions of headings below the first level"))
            return
        questions = self.questions(reader)
        self.report.offered += len(questions) or 1
        level = self.level(reader)
        if dimension is None or level is None:
            return
        shared = {"dimension": dimension, "level": level}
        if not questions:
            self.add(reader, requirement, shared, self.statement(reader), reader.text("urn"), self.code(reader))
            return
        for n, (urn, question) in enumerate(questions, start=1):
            scale = self.answers.to_question(question)
            if scale:
                code = self.code(reader) if len(questions) == 1 else f"{self.code(reader)}-{n}"
                self.add(reader, scale, shared, question.text("text", needed=True), urn, code)

    def add(self, reader: Reader, scale: str, shared: dict, statement: str, urn: str, code: str) -> None:
        self.origins["criteria", len(self.criteria)] = (self.document, reader.place)
        heading = self.heading(reader)
        description = reader.text("description")
        evidence = paragraphs(
            titled("Requirement", heading) if heading != statement else "",
            description if description != statement else "",
            titled("Typical evidence", reader.text("typical_evidence")),
            titled("Note", reader.text("annotation")),
        )
        self.criteria.append(
            {
                "key": self.keys.make(code, "requirement"),
                **shared,
                "scale": scale,
                "statement": statement,
                "na": "The requirement is not applicable here.",
            }
            | without_empty({"evidence": evidence, "source": self.fitting(urn), "refs": self.refs(reader)})
        )

    def fitting(self, urn: str) -> str:
        if len(urn) > 200:
            self.report.refused.say(_("urns longer than 200 characters"))
            return ""
        return urn

    @staticmethod
    def refs(reader: Reader) -> list[str]:
        return [reader.text("ref_id")] if reader.text("ref_id") else []

    @staticmethod
    def code(reader: Reader) -> str:
        return reader.text("ref_id") or reader.text("urn").rpartition(":")[2] or reader.text("name")

    def statement(self, reader: Reader) -> str:
        statement = reader.text("name") or reader.text("description") or reader.text("ref_id")
        if not statement:
            reader.problem((), _("this requirement has neither name nor description"), _("add one of them"))
        return statement

    def level(self, reader: Reader) -> int | None:
        groups = reader.lines("implementation_groups")
        if not self.level_of_group:
            return 1
        unknown = [group for group in groups if group not in self.level_of_group]
        for group in unknown:
            message = _("there is no implementation group '{name}'").format(name=shortened(group))
            mend = _("the groups are {groups}").format(groups=listed(self.level_of_group))
            reader.problem(("implementation_groups",), message, mend)
        if unknown:
            return None
        if not groups:
            sentence = _("Requirements without an implementation group are at level 1")
            self.report.adapted.say(sentence, example=self.heading(reader))
            return 1
        return min(self.level_of_group[group] for group in groups)

    def questions(self, reader: Reader) -> list[tuple[str, Reader]]:
        """The questions of a node with their urns; the format has them as a mapping, or as a list."""
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

    def drop_empty(self) -> None:
        """Drops dimensions of which no node was imported."""
        used = {criterion["dimension"] for criterion in self.criteria}
        kept = {urn: d for urn, d in self.dimensions.items() if d["key"] in used}
        for urn, dimension in self.dimensions.items():
            if urn not in kept:
                self.report.refused.say(_("sections in which nothing can be rated"), example=dimension["name"])
        places = {
            self.dimensions[urn]["key"]: self.origins["dimensions", i] for i, urn in enumerate(list(self.dimensions))
        }
        self.dimensions = kept
        for i, dimension in enumerate(kept.values()):
            self.origins["dimensions", i] = places[dimension["key"]]
        self.answers.keep({criterion["scale"] for criterion in self.criteria})

    def drop_levels(self) -> None:
        """Drops groups without new requirements: they would be levels that nobody can reach."""
        begun = {criterion["level"] for criterion in self.criteria}
        kept = [level for level in self.levels if level["level"] in begun]
        if not kept:
            return
        for level in self.levels:
            if level not in kept:
                sentence = _("A group that adds no requirements is not a level of its own")
                self.report.adapted.say(sentence, example=level["name"])
        number = {level["level"]: n for n, level in enumerate(kept, start=1)}
        self.levels = [level | {"level": number[level["level"]]} for level in kept]
        self.origins = {place: origin for place, origin in self.origins.items() if place[0] != "levels"}
        for criterion in self.criteria:
            criterion["level"] = number[criterion["level"]]

    def source(self, library: Reader) -> dict:
        return without_empty(
            {
                "id": slug(library.text("ref_id")) or "library",
                "title": library.text("name") or library.text("urn") or "CISO Assistant library",
                "where": library.text("urn"),
                "license": library.text("copyright"),
                "note": titled("Provider", library.text("provider")),
            }
        )

    def left_out(self, library: Reader, framework: Reader) -> None:
        framework.seen.update(("urn", "ref_id", "name", "description", "min_score", "max_score", "requirement_nodes"))
        library.seen.update(
            ("urn", "ref_id", "name", "version", "locale", "description", "packager", "publication_date")
        )
        library.seen.update(("provider", "copyright"))
        for name in library.rest():
            self.report.refused.say(_("`{field}` of the library").format(field=shortened(name)))
        for name in framework.rest():
            self.report.refused.say(_("`{field}` of the framework").format(field=shortened(name)))
        known = {"urn", "assessable", "depth", "parent_urn", "ref_id", "name", "description", "order_id"}
        known |= {"implementation_groups", "typical_evidence", "annotation", "questions", *LINKS}
        for node in self.nodes.values():
            node.seen.update(known)
            for name in node.rest():
                self.report.refused.say(_("`{field}` of requirement nodes").format(field=shortened(name)))

    def say_what_was_made(self) -> None:
        say = self.report.adapted.say
        say(_("Top-level nodes became dimensions, assessable nodes criteria; headings in between were not imported."))
        if self.level_of_group:
            say(_("Implementation groups became levels in their order; each requirement is at its first group."))
        say(_("The library does not say when a level is reached: “Largely achieved” and “Fully achieved” were added."))
        say(_("Level 0 was added as the lowest level; “does not apply” and “I do not know” were added to the answers."))
