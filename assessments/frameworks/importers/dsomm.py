"""OWASP DSOMM, the DevSecOps Maturity Model: `model.yaml` with two documents, the head and the activities.

Its dimensions become groups and its sub-dimensions dimensions; an activity becomes a criterion of its level. Cells
without activities neither block a level nor count in the index.

Beside it there may be files of an organisation's own, `custom-activities.yaml`, which add, change, move and remove
activities, and the settings `meta.yaml`, which name the levels and the files that count.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ..format.document import Document, Place
from ..format.problems import ADD_THE_VERSION, FrameworkFileError, shortened
from .building import (
    NPLF,
    RULES,
    Adapted,
    Keys,
    Options,
    Reader,
    Report,
    Source,
    built,
    bullets,
    kept_whole,
    paragraphs,
    short,
    slug,
    titled,
    without_empty,
)
from .dsomm_files import ModelFile, ModelFiles

MAX_LEVEL = 5
#: Fields that teams fill in their own copy: answers, which are not part of a framework.
ANSWERS = ("isImplemented", "teamsImplemented", "teamsEvidence", "evidence", "comments")
#: What DSOMM writes before the name of a level.
NUMBER_OF_LEVEL = re.compile(r"^\s*level\s+\d+\s*[:.–-]\s*", re.IGNORECASE)


def adapt(sources: list[Source], options: Options) -> Adapted:
    report = Report()
    return _DsommAdapter(ModelFiles.of(sources, report), report, options.version).adapted()


@dataclass(slots=True)
class _Activity:
    """An activity as the files read so far have it, and where the newest of them says so."""

    heading: tuple[str, str]
    name: str
    fields: Any
    document: Document
    place: Place

    @property
    def uuid(self) -> str:
        uuid = self.fields.get("uuid") if isinstance(self.fields, dict) else None
        return str(uuid).strip() if isinstance(uuid, str | int) else ""


class _DsommAdapter:
    def __init__(self, files: ModelFiles, report: Report, version: str) -> None:
        self.report = report
        self.given_version = version
        self.files = files
        self.document = files.models[0].document
        self.meta_document = files.head
        self.keys = Keys()
        self.group_keys = Keys()
        self.dimension_keys = Keys()
        self.activities: list[_Activity] = []
        #: By names of dimension and sub-dimension: its key.
        self.headings: dict[tuple[str, str], str] = {}
        self.groups: list[dict] = []
        self.dimensions: list[dict] = []
        self.criteria: list[dict] = []
        self.builds_on: list[list[str]] = []
        self.names: dict[str, str] = {}
        self.origins: dict[Place, tuple[Document, Place]] = {}

    def adapted(self) -> Adapted:
        version = self.version()
        for number, file in enumerate(self.files.models):
            self.read(file, is_first=number == 0)
        self.place_under_headings()
        for activity in self.activities:
            self.criterion(activity)
        self.link()
        highest = max((row["level"] for row in self.criteria if row.get("level")), default=1)
        levels = self.levels(highest)
        self.say_what_was_made(levels)
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
            "levels": levels,
            "groups": self.groups,
            "dimensions": self.dimensions,
            "criteria": self.criteria,
            "sources": [{"id": "dsomm", "title": "OWASP DevSecOps Maturity Model", **self.publisher()}],
        }
        return built(data, self.origins, self.document, self.report, things="activities")

    def levels(self, highest: int) -> list[dict]:
        """Level 0, and those of the activities under the names of `meta.yaml`."""
        named = [NUMBER_OF_LEVEL.sub("", name) for name in self.files.level_names()]
        levels: list[dict] = [{"level": 0, "name": "Not yet there"}]
        for number in range(1, highest + 1):
            name = (named[number - 1] if number <= len(named) else "") or f"Maturity {number}"
            levels.append(without_empty({"level": number, "name": short(name), "summary": kept_whole(name)}))
        return levels

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

    def read(self, file: ModelFile, *, is_first: bool) -> None:
        """Adds the activities of a file, or lays them over those that are there."""
        whole = file.document.value
        if not isinstance(whole, dict) or not any(
            isinstance(value, dict) for name, value in whole.items() if name != "meta"
        ):
            message = _("there are no dimensions with activities in this file")
            raise FrameworkFileError([file.document.problem((), message, _("use DSOMM’s generated model.yaml"))])
        before = self.activities
        self.activities = list(before)
        seen: dict[str, str] = {}
        for group, dimensions in whole.items():
            if group == "meta" and file.holds_head:
                continue
            groups = Reader(self.report, file.document, (group,), dimensions)
            if is_first:
                self.headings.setdefault((group, ""), "")
            for dimension, activities in groups.value.items():
                if dimension == "ignore":
                    self.ignore([known for known in before if known.heading[0] == group])
                    continue
                heading = (group, dimension)
                place = (group, dimension)
                reader = Reader(self.report, file.document, place, activities)
                if is_first:
                    self.headings.setdefault(heading, "")
                for name, fields in reader.value.items():
                    if name == "ignore":
                        self.ignore([known for known in before if known.heading[1] == dimension])
                        continue
                    activity = _Activity(heading, name, fields, file.document, (*place, name))
                    self.named_once(activity, seen)
                    self.lay_over(activity, before, is_first=is_first)

    def named_once(self, activity: _Activity, seen: dict[str, str]) -> None:
        """Reports a uuid that the same file has used already."""
        uuid = activity.uuid
        if uuid and uuid in seen:
            message = _("the uuid {uuid} of '{name}' is already used by '{other}'")
            message = message.format(uuid=uuid, name=shortened(activity.name), other=shortened(seen[uuid]))
            mend = _("give each activity its own uuid")
            self.report.problem(activity.document, (*activity.place, "uuid"), message, mend)
        seen.setdefault(uuid, activity.name)

    def lay_over(self, activity: _Activity, before: list[_Activity], *, is_first: bool) -> None:
        """One activity of a file: it is new, or removes or changes the one with its uuid, else with its name."""
        fields = activity.fields if isinstance(activity.fields, dict) else {}
        if fields.get("ignore") is True:
            by_uuid = [known for known in before if known.uuid == activity.uuid]
            meant = by_uuid if activity.uuid else [known for known in before if known.name == activity.name]
            if meant:
                self.ignore(meant)
            else:
                self.say_ignored(activity.name)
            return
        if is_first:
            self.activities.append(activity)
            return
        known = next((other for other in before if activity.uuid and other.uuid == activity.uuid), None)
        same_name = next((other for other in before if other.name == activity.name), None)
        if not activity.uuid:
            known = same_name
        elif known is None and same_name is not None and same_name.uuid:
            message = _("the activity '{name}' has another uuid in the file before: {uuid}")
            message = message.format(name=shortened(activity.name), uuid=same_name.uuid)
            mend = _("use that uuid to change the activity, or give the new one another name")
            self.report.problem(activity.document, (*activity.place, "uuid"), message, mend)
        if known is None:
            self.report.adapted.say(_("Activities added by another file"), example=activity.name)
            self.activities.append(activity)
            return
        self.report.adapted.say(_("Activities changed by another file"), example=activity.name)
        activity.fields = {**(known.fields if isinstance(known.fields, dict) else {}), **fields}
        if known in self.activities:
            self.activities = [activity if other is known else other for other in self.activities]
        else:
            # The same file says to ignore it where it was, and has it here.
            self.activities.append(activity)

    def ignore(self, activities: list[_Activity]) -> None:
        """Takes out activities of the files before, unless this has happened already, and says so."""
        for activity in activities:
            if activity in self.activities:
                self.activities.remove(activity)
                self.say_ignored(activity.name)

    def say_ignored(self, name: str) -> None:
        self.report.refused.say(_("activities that the file says to ignore"), example=name)

    def place_under_headings(self) -> None:
        """Groups and dimensions, in the order of the files; those from which everything was moved are left out."""
        used = {activity.heading for activity in self.activities}
        first = self.files.models[0].document.value
        for group, dimension in [*self.headings, *(activity.heading for activity in self.activities)]:
            if (group, dimension) in used or not (first[group][dimension] if dimension else first[group]):
                self.group(group)
                if dimension:
                    self.dimension(group, dimension)

    def group(self, name: str) -> None:
        if self.headings.get((name, "")):
            return
        self.headings[name, ""] = key = self.group_keys.make(name, "group")
        self.origins["groups", len(self.groups)] = (self.document, (name,))
        self.groups.append(without_empty({"key": key, "name": short(name), "about": kept_whole(name)}))

    def dimension(self, group: str, name: str) -> None:
        if self.headings.get((group, name)):
            return
        self.headings[group, name] = key = self.dimension_keys.make(name, "dimension")
        self.origins["dimensions", len(self.dimensions)] = (self.document, (group, name))
        about = kept_whole(name)
        row = {"key": key, "name": short(name), "group": self.headings[group, ""], "about": about}
        self.dimensions.append(without_empty(row))

    def criterion(self, activity: _Activity) -> None:
        name = activity.name
        place = activity.place
        reader = Reader(self.report, activity.document, place, activity.fields)
        reader.get("ignore")
        self.report.offered += 1
        if not reader.value:
            self.report.refused.say(_("empty activities"), example=name)
            return
        uuid = reader.text("uuid")
        if not uuid:
            message = _("the activity '{name}' has no uuid").format(name=shortened(name))
            reader.problem((), message, _("add it; newer versions are matched by it"))
        self.names.setdefault(uuid, name)
        level = reader.whole("level", least=1, most=MAX_LEVEL)
        risk = reader.text("risk")
        measure = reader.text("measure")
        evidence = paragraphs(
            reader.text("description"), titled("Risk", risk), titled("How to check", reader.text("assessment"))
        )
        self.builds_on.append(reader.lines("dependsOn"))
        self.origins["criteria", len(self.criteria)] = (activity.document, place)
        self.criteria.append(
            without_empty(
                {
                    "key": self.keys.make(name, "activity"),
                    "dimension": self.headings[activity.heading],
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
        tags = reader.get("tags")
        tags = [tag for tag in tags if tag != "none"] if isinstance(tags, list) else []
        self.report.refused.say(_("tags of activities (`tags`)"), times=len(tags))
        for name in ANSWERS:
            answers = sum(self.holds(reader.get(name)))
            self.report.refused.say(_("answers of a team (`{field}`)").format(field=name), times=answers)
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

    def say_what_was_made(self, levels: list[dict]) -> None:
        say = self.report.adapted.say
        say(_("Dimensions became groups, sub-dimensions dimensions, activities criteria of their level."))
        say(
            _("No answers to choose from in the file: a scale from “Not implemented” to “Fully implemented” was added.")
        )
        say(_("The file does not say when a level is reached: “Largely achieved” and “Fully achieved” were added."))
        if self.files.level_names():
            say(_("Level 0 was added as the lowest level; the others are called as in `meta.yaml`."))
        else:
            message = _(
                "Level 0 was added as the lowest level; the levels are called “Maturity 1” to “Maturity {highest}”."
            )
            say(message.format(highest=levels[-1]["level"]))
        say(_("Risk and assessment are shown under “How to check”; measure, usefulness and effort under “Next step”."))
        if any(self.builds_on):
            say(_("What an activity depends on is shown under “Next step”; it does not affect levels."))
        empty = {slug(g["name"]) for g in self.groups} - {d["group"] for d in self.dimensions}
        if empty:
            say(_("Groups without activities stay empty."))
