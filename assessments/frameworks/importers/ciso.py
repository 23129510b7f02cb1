"""CISO Assistant: a library with one framework of requirement nodes.

Nodes of the first depth become dimensions, assessable nodes criteria; implementation groups, in their order, become
levels, each node at the first group that has it. Questions with choices and scores become criteria of their own.
"""

from typing import Any

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
    "threats": "links to threats",
    "reference_controls": "links to reference controls",
    "translations": "translations",
    "weight": "weights of requirements",
    "importance": "importance of requirements",
    "visibility_expression": "conditions under which a requirement is shown",
}


def adapt(sources: list[Source], version: str = "") -> Adapted:
    return _Adapter(sources[0].documents()[0], version).adapted()


class _Adapter:
    def __init__(self, document: Document, version: str) -> None:
        self.report = Report()
        self.document, self.given_version = document, version
        self.keys, self.dimension_keys = Keys(), Keys()
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
        # What follows leans on names and numbers that are there.
        self.report.stop_if_broken()
        self.drop_empty()
        self.drop_levels()
        self.say_what_was_made()
        self.left_out(library, framework)
        if not self.criteria:
            why = f"it holds {'; '.join(self.report.refused.listed()[:3])}" if self.report.refused.times else ""
            framework.problem(("requirement_nodes",), "nothing in this library can be rated", why)
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
            library.problem(("version",), "the library does not say which version it is", ADD_THE_VERSION)
        return version

    def framework(self, library: Reader) -> Reader:
        objects = library.get("objects")
        objects = objects if isinstance(objects, dict) else {}
        for name in objects:
            if name not in ("framework", "frameworks"):
                self.report.refused.say(f"`{shortened(name)}` of the library")
        place: Place = ("objects", "framework")
        found = objects.get("framework")
        if found is None and isinstance(objects.get("frameworks"), list) and objects["frameworks"]:
            found, place = objects["frameworks"][0], ("objects", "frameworks", 0)
            self.report.refused.say("further frameworks of the library", times=len(objects["frameworks"]) - 1)
        if not isinstance(found, dict):
            holds = listed(objects) or "nothing"
            message = f"this library holds no framework (it holds {holds})"
            mend = "choose a library with 'objects: framework:'; matrices, controls and mappings cannot be rated"
            raise FrameworkFileError([self.document.problem(("objects",), message, mend)])
        return Reader(self.report, self.document, place, found)

    def read_groups(self, framework: Reader):
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
                "The library has no implementation groups: every requirement is at level 1, “In place”."
            )

    def read_nodes(self, framework: Reader) -> list[Reader]:
        nodes = framework.get("requirement_nodes")
        if not isinstance(nodes, list) or not nodes:
            framework.problem(("requirement_nodes",), "there are no requirement nodes", "add them")
            return []
        readers = []
        for i, entry in enumerate(nodes):
            reader = Reader(self.report, self.document, (*framework.place, "requirement_nodes", i), entry)
            urn = reader.text("urn", needed=True).lower()
            if urn in self.nodes:
                reader.problem(("urn",), f"the urn {shortened(urn)} is there twice", "give each node a urn of its own")
            self.nodes.setdefault(urn, reader)
            readers.append(reader)
        return readers

    def root(self, reader: Reader) -> Reader | None:
        """The node of the first depth above this one, or itself."""
        seen: set[str] = set()
        while parent := reader.text("parent_urn").lower():
            if parent not in self.nodes:
                message = f"there is no node {shortened(parent)}"
                reader.problem(("parent_urn",), message, "correct the urn of the parent")
                return None
            if parent in seen or len(seen) == MAX_DEPTH:
                message = f"these nodes are parents of each other, or nested more than {MAX_DEPTH} deep"
                reader.problem(("parent_urn",), message, "correct the urn of the parent")
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
        ref, name = reader.text("ref_id"), reader.text("name")
        return " ".join(part for part in (ref, name) if part) or reader.text("description") or reader.text("urn")

    def node(self, reader: Reader, requirement: str):
        for name, what in LINKS.items():
            if reader.get(name) not in (None, "", [], {}):
                self.report.refused.say(what)
        dimension = self.dimension(reader)
        if reader.get("assessable") is not True:
            if reader.text("parent_urn") and reader.text("description"):
                self.report.refused.say("descriptions of headings below the first depth")
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

    def add(self, reader: Reader, scale: str, shared: dict, statement: str, urn: str, code: str):
        self.origins["criteria", len(self.criteria)] = (self.document, reader.place)
        heading = self.heading(reader)
        told = reader.text("description")
        evidence = paragraphs(
            titled("Requirement", heading) if heading != statement else "",
            told if told != statement else "",
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
            self.report.refused.say("urns longer than 200 letters")
            return ""
        return urn

    @staticmethod
    def refs(reader: Reader) -> list[str]:
        return [reader.text("ref_id")] if reader.text("ref_id") else []

    @staticmethod
    def code(reader: Reader) -> str:
        return reader.text("ref_id") or reader.text("urn").rpartition(":")[2] or reader.text("name")

    def statement(self, reader: Reader) -> str:
        found = reader.text("name") or reader.text("description") or reader.text("ref_id")
        if not found:
            reader.problem((), "this requirement has neither name nor description", "add one of them")
        return found

    def level(self, reader: Reader) -> int | None:
        groups = reader.lines("implementation_groups")
        if not self.level_of_group:
            return 1
        unknown = [group for group in groups if group not in self.level_of_group]
        for group in unknown:
            message = f"there is no implementation group '{shortened(group)}'"
            reader.problem(("implementation_groups",), message, f"the groups are {listed(self.level_of_group)}")
        if unknown:
            return None
        if not groups:
            sentence = "Requirements that are in no implementation group are at level 1"
            self.report.adapted.say(sentence, example=self.heading(reader))
            return 1
        return min(self.level_of_group[group] for group in groups)

    def questions(self, reader: Reader) -> list[tuple[str, Reader]]:
        """The questions of a node with their urns; the format has them as a mapping, or as a list."""
        found = reader.get("questions")
        if isinstance(found, dict):
            pairs: list[tuple[Any, Any]] = list(found.items())
        elif isinstance(found, list):
            pairs = [
                (entry.get("urn", f"{reader.text('urn')}:{i}") if isinstance(entry, dict) else i, entry)
                for i, entry in enumerate(found)
            ]
        else:
            return []
        step = [key if isinstance(found, dict) else i for i, (key, _) in enumerate(pairs)]
        return [
            (str(urn), Reader(self.report, self.document, (*reader.place, "questions", step[i]), entry))
            for i, (urn, entry) in enumerate(pairs)
        ]

    def drop_empty(self):
        """Dimensions whose nodes were all refused have nothing to say."""
        used = {criterion["dimension"] for criterion in self.criteria}
        kept = {urn: d for urn, d in self.dimensions.items() if d["key"] in used}
        for urn, dimension in self.dimensions.items():
            if urn not in kept:
                self.report.refused.say("sections in which nothing can be rated", example=dimension["name"])
        places = {
            self.dimensions[urn]["key"]: self.origins["dimensions", i] for i, urn in enumerate(list(self.dimensions))
        }
        self.dimensions = kept
        for i, dimension in enumerate(kept.values()):
            self.origins["dimensions", i] = places[dimension["key"]]
        self.answers.keep({criterion["scale"] for criterion in self.criteria})

    def drop_levels(self):
        """A group that no requirement begins at would be a level that nobody can reach."""
        begun = {criterion["level"] for criterion in self.criteria}
        kept = [level for level in self.levels if level["level"] in begun]
        if not kept:
            return
        for level in self.levels:
            if level not in kept:
                sentence = "A group that no requirement begins at is no level of its own"
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

    def left_out(self, library: Reader, framework: Reader):
        framework.seen.update(("urn", "ref_id", "name", "description", "min_score", "max_score", "requirement_nodes"))
        library.seen.update(
            ("urn", "ref_id", "name", "version", "locale", "description", "packager", "publication_date")
        )
        library.seen.update(("provider", "copyright"))
        for reader, whose in ((library, "library"), (framework, "framework")):
            for name in reader.rest():
                self.report.refused.say(f"`{shortened(name)}` of the {whose}")
        known = {"urn", "assessable", "depth", "parent_urn", "ref_id", "name", "description", "order_id"}
        known |= {"implementation_groups", "typical_evidence", "annotation", "questions", *LINKS}
        for node in self.nodes.values():
            node.seen.update(known)
            for name in node.rest():
                self.report.refused.say(f"`{shortened(name)}` of requirement nodes")

    def say_what_was_made(self) -> None:
        say = self.report.adapted.say
        say("Nodes of the first depth became dimensions, assessable nodes criteria; headings in between are not kept.")
        if self.level_of_group:
            say("Implementation groups became levels in their order; each requirement is at its first group.")
        say("The library does not say when a level is reached: “Largely achieved” and “Fully achieved” were added.")
        say("Level 0 was added as the floor; “does not apply” and “I do not know” were added to the answers.")
