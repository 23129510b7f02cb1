"""CISO Assistant: a library with one framework of requirement nodes.

Nodes of the first depth become dimensions, assessable nodes criteria; implementation groups, in their order, become
levels, each node at the first group that has it. Questions with choices and scores become criteria of their own.
"""

from typing import Any

from ..document import Document, Place
from ..problems import FrameworkFileError, shortened
from .building import (
    NOT_RATINGS,
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

COMPLIANCE: dict[str, Any] = {
    "key": "compliance",
    "values": [
        {"code": "N", "value": 0, "name": "Not met"},
        {"code": "P", "value": 1, "name": "Partially met"},
        {"code": "F", "value": 2, "name": "Met"},
    ],
    "other_answers": NOT_RATINGS,
}
ONE_CHOICE = ("unique_choice", "single_choice", "boolean")
LINKS = {
    "threats": "links to threats",
    "reference_controls": "links to reference controls",
    "translations": "translations",
    "weight": "weights of requirements",
    "importance": "importance of requirements",
    "visibility_expression": "conditions under which a requirement is shown",
}


def adapt(sources: list[Source]) -> Adapted:
    return _Adapter(sources[0].documents()[0]).adapted()


class _Adapter:
    def __init__(self, document: Document):
        self.report = Report()
        self.document = document
        self.keys, self.dimension_keys, self.scale_keys = Keys(), Keys(), Keys()
        self.origins: dict[Place, tuple[Document, Place]] = {}
        self.levels: list[dict] = []
        self.level_of_group: dict[str, int] = {}
        self.scales: list[dict] = []
        self.scale_by_choices: dict[tuple, str] = {}
        self.dimensions: dict[str, dict] = {}
        self.criteria: list[dict] = []
        self.nodes: dict[str, Reader] = {}

    def adapted(self) -> Adapted:
        library = Reader(self.report, self.document, (), self.document.value)
        framework = self.framework(library)
        self.read_groups(framework)
        requirement = self.requirement_scale(framework)
        for reader in self.read_nodes(framework):
            self.node(reader, requirement)
        self.drop_empty()
        self.drop_levels()
        self.say_what_was_made(framework)
        self.left_out(library, framework)
        if not self.criteria and not self.report.problems:
            framework.problem(
                ("requirement_nodes",), "nothing in this library can be rated", "; ".join(self.report.refused[:3])
            )
        data = {
            "format": 1,
            "framework": without_empty(
                {
                    "key": slug(framework.text("ref_id") or framework.text("name"))[:80].strip("-") or "library",
                    "name": short(framework.text("name", needed=True)),
                    "version": library.text("version", needed=True)[:40],
                    "language": library.text("locale")[:20] or "en",
                    "purpose": framework.text("description"),
                    "method": "levels",
                    "representation": ["staged", "continuous"],
                }
            ),
            "scales": self.scales,
            "scoring": RULES,
            "levels": [{"level": 0, "name": "Not started"}, *self.levels],
            "dimensions": list(self.dimensions.values()),
            "criteria": self.criteria,
            "sources": [self.source(library)],
        }
        return built(data, self.origins, self.document, self.report)

    def framework(self, library: Reader) -> Reader:
        objects = library.get("objects")
        objects = objects if isinstance(objects, dict) else {}
        for name in objects:
            if name not in ("framework", "frameworks"):
                self.report.leave_out(f"`{name}` of the library")
        place: Place = ("objects", "framework")
        found = objects.get("framework")
        if found is None and isinstance(objects.get("frameworks"), list) and objects["frameworks"]:
            found, place = objects["frameworks"][0], ("objects", "frameworks", 0)
            self.report.leave_out("further frameworks of the library", len(objects["frameworks"]) - 1)
        if not isinstance(found, dict):
            holds = ", ".join(objects) or "nothing"
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
            self.report.adapted.append(
                "The library has no implementation groups: every requirement is at level 1, “In place”."
            )

    def requirement_scale(self, framework: Reader) -> str:
        """The scale for requirements without questions: the library's scores, or met and not met."""
        scores = framework.get("scores_definition")
        scores = scores.get("scale") if isinstance(scores, dict) else scores
        place = (*framework.place, "scores_definition")
        framework.get("min_score"), framework.get("max_score")
        if not isinstance(scores, list) or len(scores) < 2:
            self.report.adapted.append("Requirements without questions are rated “Not met”, “Partially met” or “Met”.")
            return self.scale(COMPLIANCE["values"], "compliance", place)
        choices: list[tuple[int, str, str]] = []
        for i, entry in enumerate(scores):
            reader = Reader(self.report, self.document, (*place, i), entry)
            number = reader.whole("score", least=0, most=1_000_000)
            if number is not None:
                choices.append((number, reader.text("name") or str(number), reader.text("description")))
        choices.sort()
        if len({number for number, _, _ in choices}) < len(choices):
            self.report.problem(
                self.document, place, "two scores have the same number", "give each score a number of its own"
            )
            return ""
        lowest = choices[0][0] if choices else 0
        if lowest:
            self.report.adapted.append(
                f"Scores begin at {lowest} in the library and at 0 here; what they are called stays."
            )
        values = [
            without_empty({"code": str(number), "name": short(name), "anchor": anchor}) | {"value": number - lowest}
            for number, name, anchor in choices
        ]
        return self.scale(values, "scores", place)

    def scale(self, values: list, name: str, place: Place) -> str:
        """The key of the scale with these choices; questions with the same choices share one."""
        same = tuple((v["code"], v["value"], v["name"], v.get("anchor")) for v in values)
        if same not in self.scale_by_choices:
            self.origins["scales", len(self.scales)] = (self.document, place)
            key = self.scale_keys.make(name, "answers")
            self.scales.append({"key": key, "values": values, "other_answers": NOT_RATINGS})
            self.scale_by_choices[same] = key
        return self.scale_by_choices[same]

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
        seen = set()
        while parent := reader.text("parent_urn").lower():
            if parent not in self.nodes:
                reader.problem(("parent_urn",), f"there is no node {shortened(parent)}", "mend the urn of the parent")
                return None
            if parent in seen:
                reader.problem(("parent_urn",), "these nodes are parents of each other", "mend the urn of the parent")
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
                self.report.leave_out(what)
        dimension = self.dimension(reader)
        if reader.get("assessable") is not True:
            if reader.text("parent_urn") and reader.text("description"):
                self.report.leave_out("descriptions of headings below the first depth")
            return
        level = self.level(reader)
        if dimension is None or level is None:
            return
        questions = self.questions(reader)
        shared = {"dimension": dimension, "level": level}
        if not questions:
            self.add(reader, requirement, shared, self.statement(reader), reader.text("urn"), self.code(reader))
            return
        for n, (urn, question) in enumerate(questions, start=1):
            scale = self.question_scale(question)
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
            self.report.leave_out("urns longer than 200 letters")
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
            known = ", ".join(self.level_of_group)
            message = f"there is no implementation group '{shortened(group)}'"
            reader.problem(("implementation_groups",), message, f"the groups are {known}")
        if unknown:
            return None
        if not groups:
            self.report.adapted.append(
                f"“{shortened(self.heading(reader))}” is in no implementation group: it is at level 1."
            )
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

    def question_scale(self, question: Reader) -> str | None:
        """The scale of a question, or None where it cannot be one: that is reported."""
        kind, text = question.text("type"), shortened(question.text("text"))
        if question.get("depends_on"):
            self.report.refused.append(f"The question “{text}” depends on another one; here every question is asked.")
            return None
        if kind not in ONE_CHOICE:
            self.report.refused.append(
                f"The question “{text}” is of type {kind or 'unknown'}; only one choice of several can be rated."
            )
            return None
        choices = question.get("choices")
        readers = [
            Reader(self.report, self.document, (*question.place, "choices", i), entry)
            for i, entry in enumerate(choices if isinstance(choices, list) else [])
        ]
        rated = [reader for reader in readers if not self.is_not_applicable(reader)]
        scores = [self.score(reader) for reader in rated]
        if len(rated) < 2 or None in scores or len(set(scores)) < len(scores):
            why = "fewer than two choices" if len(rated) < 2 else "choices without a score of their own"
            self.report.refused.append(f"The question “{text}” has {why}, so its answers have no order.")
            return None
        ordered = sorted(zip(scores, rated, strict=True), key=lambda pair: pair[0] or 0)
        lowest = ordered[0][0] or 0
        if lowest:
            self.report.adapted.append(f"The scores of “{text}” begin at {lowest} in the library and at 0 here.")
        values = [
            {"code": str(n), "value": (score or 0) - lowest, "name": short(reader.text("value", needed=True))}
            for n, (score, reader) in enumerate(ordered)
        ]
        return self.scale(values, "answers", question.place)

    def is_not_applicable(self, reader: Reader) -> bool:
        value = reader.text("value").lower()
        return reader.get("add_score") is None and value in ("n/a", "na", "not applicable", "does not apply")

    def score(self, reader: Reader) -> int | None:
        if reader.get("select_implementation_groups"):
            self.report.leave_out("choices that select implementation groups")
        score = reader.get("add_score")
        if isinstance(score, int) and not isinstance(score, bool):
            return score
        if score is None and isinstance(reader.get("compute_result"), bool | str):
            return {"true": 1, "false": 0}.get(str(reader.get("compute_result")).lower())
        return None

    def drop_empty(self):
        """Dimensions whose nodes were all refused have nothing to say."""
        used = {criterion["dimension"] for criterion in self.criteria}
        kept = {urn: d for urn, d in self.dimensions.items() if d["key"] in used}
        for urn, dimension in self.dimensions.items():
            if urn not in kept:
                self.report.refused.append(
                    f"The section “{shortened(dimension['name'])}” has nothing that can be rated."
                )
        places = {
            self.dimensions[urn]["key"]: self.origins["dimensions", i] for i, urn in enumerate(list(self.dimensions))
        }
        self.dimensions = kept
        for i, dimension in enumerate(kept.values()):
            self.origins["dimensions", i] = places[dimension["key"]]
        named = {criterion["scale"] for criterion in self.criteria}
        self.scales = [scale for scale in self.scales if scale["key"] in named] or self.scales

    def drop_levels(self):
        """A group that no requirement begins at would be a level that nobody can reach."""
        begun = {criterion["level"] for criterion in self.criteria}
        kept = [level for level in self.levels if level["level"] in begun]
        if not kept:
            return
        for level in self.levels:
            if level not in kept:
                self.report.adapted.append(
                    f"No requirement begins at the group “{level['name']}”: it is no level of its own."
                )
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
                self.report.leave_out(f"`{name}` of the {whose}")
        known = {"urn", "assessable", "depth", "parent_urn", "ref_id", "name", "description", "order_id"}
        known |= {"implementation_groups", "typical_evidence", "annotation", "questions", *LINKS}
        for node in self.nodes.values():
            node.seen.update(known)
            for name in node.rest():
                self.report.leave_out(f"`{name}` of requirement nodes")

    def say_what_was_made(self, framework: Reader):
        say = self.report.adapted.append
        say("Nodes of the first depth became dimensions, assessable nodes criteria; headings in between are not kept.")
        if self.level_of_group:
            say("Implementation groups became levels in their order; each requirement is at its first group.")
        say("The library does not say when a level is reached: “Largely achieved” and “Fully achieved” were added.")
        say("Level 0 was added as the floor; “does not apply” and “I do not know” were added to the answers.")
