"""OWASP DSOMM, the DevSecOps Maturity Model: `model.yaml` with two documents, the head and the activities.

Its dimensions become groups and its sub-dimensions dimensions; an activity becomes a criterion of its level. Cells
without activities neither block a level nor count in the index.
"""

from typing import Any

from django.utils.translation import gettext as _

from ..format.document import Document, Place
from ..format.problems import ADD_THE_VERSION, FrameworkFileError, shortened
from .building import (
    NPLF,
    RULES,
    Adapted,
    Keys,
    Reader,
    Report,
    Source,
    built,
    bullets,
    paragraphs,
    short,
    slug,
    titled,
    without_empty,
)

MAX_LEVEL = 5
#: Fields that teams fill in their own copy: answers, which are not part of a framework.
ANSWERS = ("isImplemented", "teamsImplemented", "teamsEvidence", "evidence", "comments")


def adapt(sources: list[Source], version: str = "") -> Adapted:
    return _DsommAdapter(sources[0].documents(), version).adapted()


class _DsommAdapter:
    def __init__(self, documents: list[Document], version: str) -> None:
        self.report = Report()
        self.given_version = version
        self.document = documents[-1]
        self.meta_document = documents[0]
        self.keys = Keys()
        self.dimension_keys = Keys()
        self.group_keys = Keys()
        self.groups: list[dict] = []
        self.dimensions: list[dict] = []
        self.criteria: list[dict] = []
        self.builds_on: list[list[str]] = []
        self.names: dict[str, str] = {}
        self.origins: dict[Place, tuple[Document, Place]] = {}

    def adapted(self) -> Adapted:
        version = self.version()
        whole = self.document.value
        if not isinstance(whole, dict) or not any(
            isinstance(value, dict) for name, value in whole.items() if name != "meta"
        ):
            message = _("there are no dimensions with activities in this file")
            raise FrameworkFileError([self.document.problem((), message, _("use DSOMM’s generated model.yaml"))])
        for name, value in whole.items():
            if not (name == "meta" and self.document is self.meta_document):
                self.group(name, value)
        self.link()
        highest = max((row["level"] for row in self.criteria if row.get("level")), default=1)
        self.say_what_was_made(highest)
        data = {
            "format": 1,
            "framework": {
                "key": "dsomm",
                "name": "DevSecOps Maturity Model",
                "version": version,
                "method": "levels",
                "purpose": "The activities of OWASP DSOMM, imported from its published file.",
                "representation": ["staged", "continuous"],
            },
            "scales": [NPLF],
            "scoring": RULES,
            "levels": [
                {"level": n, "name": "Not yet there" if n == 0 else f"Maturity {n}"} for n in range(highest + 1)
            ],
            "groups": self.groups,
            "dimensions": self.dimensions,
            "criteria": self.criteria,
            "sources": [{"id": "dsomm", "title": "OWASP DevSecOps Maturity Model", **self.publisher()}],
        }
        return built(data, self.origins, self.document, self.report, things="activities")

    def meta(self) -> dict:
        value = self.meta_document.value
        meta = value.get("meta") if isinstance(value, dict) else None
        return meta if isinstance(meta, dict) else {}

    def version(self) -> str:
        version = self.given_version or self.meta().get("version")
        if not isinstance(version, str | int) or version == "":
            message = _("the file does not say which version it is (`version` below `meta`)")
            self.report.problem(self.meta_document, ("meta",), message, str(ADD_THE_VERSION))
        return str(version)

    def publisher(self) -> dict:
        return {"where": str(self.meta()["publisher"])} if self.meta().get("publisher") else {}

    def group(self, name: str, value: Any) -> None:
        reader = Reader(self.report, self.document, (name,), value)
        key = self.group_keys.make(name, "group")
        self.origins["groups", len(self.groups)] = (self.document, (name,))
        self.groups.append({"key": key, "name": short(name)})
        for dimension, activities in reader.value.items():
            self.dimension(key, (name, dimension), activities)

    def dimension(self, group: str, place: Place, value: Any) -> None:
        name = str(place[-1])
        reader = Reader(self.report, self.document, place, value)
        key = self.dimension_keys.make(name, "dimension")
        self.origins["dimensions", len(self.dimensions)] = (self.document, place)
        self.dimensions.append({"key": key, "name": short(name), "group": group})
        for activity, fields in reader.value.items():
            self.activity(key, (*place, activity), fields)

    def activity(self, dimension: str, place: Place, value: Any) -> None:
        name = str(place[-1])
        reader = Reader(self.report, self.document, place, value)
        self.report.offered += 1
        if not reader.value:
            self.report.refused.say(_("empty activities"), example=name)
            return
        uuid = reader.text("uuid")
        if not uuid:
            message = _("the activity '{name}' has no uuid").format(name=shortened(name))
            reader.problem((), message, _("add it; newer versions are matched by it"))
        elif uuid in self.names:
            message = _("the uuid {uuid} of '{name}' is already used by '{other}'")
            message = message.format(uuid=uuid, name=shortened(name), other=shortened(self.names[uuid]))
            reader.problem(("uuid",), message, _("give each activity its own uuid"))
        self.names.setdefault(uuid, name)
        level = reader.whole("level", least=1, most=MAX_LEVEL)
        risk = reader.text("risk")
        measure = reader.text("measure")
        evidence = paragraphs(
            reader.text("description"), titled("Risk", risk), titled("How to check", reader.text("assessment"))
        )
        self.builds_on.append(reader.lines("dependsOn"))
        self.origins["criteria", len(self.criteria)] = (self.document, place)
        self.criteria.append(
            without_empty(
                {
                    "key": self.keys.make(name, "activity"),
                    "dimension": dimension,
                    "level": level,
                    "statement": name,
                    "evidence": evidence,
                    "next": paragraphs(measure, self.effort(reader)),
                    "source": uuid,
                    "refs": self.references(reader),
                }
            )
        )
        self.left_out(reader)

    def effort(self, reader: Reader) -> str:
        difficulty = reader.get("difficultyOfImplementation")
        parts = []
        if usefulness := reader.text("usefulness"):
            parts.append(f"Usefulness {usefulness} of 5")
        if isinstance(difficulty, dict):
            known = [f"{name} {value}" for name, value in difficulty.items() if isinstance(value, int)]
            parts += [f"effort: {', '.join(known)}"] if known else []
        return f"{'; '.join(parts)}." if parts else ""

    def references(self, reader: Reader) -> list[str]:
        """References such as `samm2: I-SB-A-2`; values that look like numbers stay text."""
        references = reader.get("references")
        if not isinstance(references, dict):
            return []
        kept = []
        for standard, items in references.items():
            for item in items if isinstance(items, list) else [items]:
                if isinstance(item, str | int) and str(item).strip():
                    reference = f"{standard}: {str(item).strip()}"
                    if len(reference) > 200:
                        self.report.refused.say(_("references longer than 200 characters"))
                    else:
                        kept.append(reference)
        return kept

    def left_out(self, reader: Reader) -> None:
        if reader.get("implementation"):
            self.report.refused.say(_("lists of tools and their links (`implementation`)"))
        if reader.get("tags") not in (None, [], ["none"]):
            self.report.refused.say(_("tags of activities (`tags`)"))
        for name in ANSWERS:
            if reader.get(name) not in (None, "", False, [], {}) and any(self.holds(reader.get(name))):
                self.report.refused.say(_("answers of a team (`{field}`)").format(field=name))
        for name in reader.rest():
            self.report.refused.say(_("the field `{field}`").format(field=shortened(name)))

    @staticmethod
    def holds(value: Any) -> list[bool]:
        return [bool(answer) for answer in value.values()] if isinstance(value, dict) else [bool(value)]

    def link(self) -> None:
        """Adds to each activity the names of those it builds on, if they are in the file."""
        names = {row["statement"]: row["statement"] for row in self.criteria} | self.names
        for criterion, needed in zip(self.criteria, self.builds_on, strict=True):
            for name in needed:
                if name not in names:
                    example = f"{criterion['statement']} → {name}"
                    self.report.refused.say(_("dependencies on activities that are not in the file"), example=example)
            named = bullets(names[name] for name in needed if name in names)
            if named:
                criterion["next"] = paragraphs(criterion.get("next", ""), f"Builds on:\n{named}")

    def say_what_was_made(self, highest: int) -> None:
        say = self.report.adapted.say
        say(_("Dimensions became groups, sub-dimensions dimensions, activities criteria of their level."))
        say(
            _("No answers to choose from in the file: a scale from “Not implemented” to “Fully implemented” was added.")
        )
        say(_("The file does not say when a level is reached: “Largely achieved” and “Fully achieved” were added."))
        message = _(
            "Level 0 was added as the lowest level; the levels are called “Maturity 1” to “Maturity {highest}”."
        )
        say(message.format(highest=highest))
        say(_("Risk and assessment are shown under “How to check”; measure, usefulness and effort under “Next step”."))
        if any(self.builds_on):
            say(_("What an activity depends on is shown under “Next step”; it does not affect levels."))
        empty = {slug(g["name"]) for g in self.groups} - {d["group"] for d in self.dimensions}
        if empty:
            say(_("Groups without activities stay empty."))
