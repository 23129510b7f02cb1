"""OWASP SAMM: its core repository, or the folder `model/` of it, with one small YAML file for each thing, joined by id.

Functions become groups, practices dimensions, questions criteria, answer sets scales. With practices as dimensions the
index equals SAMM's own score: the mean over practices of the sum over levels of the mean of both streams.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from ..format.document import FOREIGN, MAX_VALUES, Document, Place
from ..format.numbers import exact_number
from ..format.problems import ADD_THE_VERSION, FrameworkFileError, Problem, shortened
from .building import (
    NOT_RATINGS,
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
    titled,
    without_empty,
)

MAX_FILES, MAX_BYTES = 1_000, 3_000_000
#: Each file is small; the values of the whole folder are limited as well.
LIMITS = replace(FOREIGN, values=2_000)
#: What every file of the model has and hardly another one: without either it is passed over.
IS_PART = re.compile(rb"^(type|id)[ \t]*:", re.MULTILINE)
#: Reading stops after this many files that cannot be read.
MAX_BROKEN = 25
TYPES = (
    "Model",
    "Function",
    "Practice",
    "MaturityLevel",
    "PracticeLevel",
    "Stream",
    "Activity",
    "Question",
    "AnswerSet",
)
CODES = {Fraction(0): "N", Fraction(1, 4): "Q", Fraction(1, 2): "H", Fraction(1): "F"}
RULES = {
    "default_rule": "half",
    "rules": [
        {
            "key": "half",
            "name": "Half or more",
            "unit": "criterion",
            "at": {"at_least": "1/2"},
            "below": {"at_least": "1/2"},
        },
        {
            "key": "fully",
            "name": "Fully achieved",
            "unit": "criterion",
            "at": {"at_least": "1"},
            "below": {"at_least": "1"},
        },
    ],
}


def not_usable(name: str, message: str, mend: str) -> FrameworkFileError:
    return FrameworkFileError([Problem(file=name, line=None, path="", message=message, mend=mend)])


def refuse_too_many(files: int, name: str) -> None:
    if not 0 < files <= MAX_FILES:
        message = _("there are no YAML files here")
        if files:
            message = _("there are more than {limit} files here").format(limit=f"{MAX_FILES:,}")
        raise not_usable(name, message, _("use SAMM’s folder 'model'"))


def adapt(sources: list[Source], options: Options) -> Adapted:
    if sum(len(source.content) for source in sources) > MAX_BYTES:
        message = _("the files together are larger than {limit} bytes").format(limit=f"{MAX_BYTES:,}")
        raise not_usable("model", message, _("use SAMM’s folder 'model'"))
    return _SammAdapter(sources, options.version).adapted()


@dataclass(slots=True)
class _Thing:
    """One file: a function, a practice, a question …"""

    kind: str
    reader: Reader

    @property
    def id(self) -> str:
        return self.reader.text("id")

    @property
    def order(self) -> int:
        order = self.reader.get("order")
        return order if isinstance(order, int) else 0


class _SammAdapter:
    def __init__(self, sources: list[Source], version: str) -> None:
        self.report = Report()
        self.given_version = version
        self.things: dict[str, dict[str, _Thing]] = {kind: {} for kind in TYPES}
        self.origins: dict[Place, tuple[Document, Place]] = {}
        self.documents: list[Document] = []
        self.read(sources)
        self.report.stop_if_broken()

    def read(self, sources: list[Source]) -> None:
        size = 0
        broken: list[Problem] = []
        for source in sources:
            try:
                document = source.documents(LIMITS)[0]
            except FrameworkFileError as error:
                broken.append(error.problems[0])
                if len(broken) > MAX_BROKEN:
                    raise FrameworkFileError(broken) from None
                if IS_PART.search(source.content):
                    self.report.problems.append(error.problems[0])
                else:
                    self.pass_over(source.name)
                continue
            size += len(document.lines)
            if size > MAX_VALUES:
                message = _("the files together hold more than {limit} values").format(limit=f"{MAX_VALUES:,}")
                raise not_usable(document.name, message, _("use SAMM’s folder 'model'"))
            self.take(document)
        if not self.documents and not self.report.problems:
            message = _("none of these files is part of the model")
            raise not_usable(sources[0].name, message, _("use SAMM’s folder 'model'"))

    def pass_over(self, name: str) -> None:
        self.report.refused.say(_("YAML files that are no part of the model"), example=name)

    def take(self, document: Document) -> None:
        if not (isinstance(document.value, dict) and document.value.keys() & {"type", "id"}):
            self.pass_over(document.name)
            return
        self.documents.append(document)
        reader = Reader(self.report, document, (), document.value)
        kind = reader.text("type", needed=bool(reader.value)).replace(" ", "")
        if kind not in TYPES:
            if kind:
                self.report.refused.say(_("files of type “{type}”").format(type=shortened(kind)))
            return
        thing = _Thing(kind, reader)
        known = self.things[kind]
        key = thing.id or (document.name if kind == "Model" else "")
        if not key:
            reader.problem((), _("the id is missing"), _("add it; other files refer to it"))
        elif key in known:
            message = _("the id {id} is already used by {file}")
            message = message.format(id=key, file=known[key].reader.document.name)
            reader.problem(("id",), message, _("give each file its own id"))
        else:
            known[key] = thing

    def linked(self, thing: _Thing, field: str, kind: str) -> _Thing | None:
        """The thing that a field refers to; reports a problem if it is missing."""
        key = thing.reader.text(field, needed=True)
        linked = self.things[kind].get(key)
        if key and not linked:
            message = _("there is no {type} with the id {id}").format(type=kind, id=shortened(key))
            thing.reader.problem((field,), message, _("add its file, or correct the id"))
        return linked

    def adapted(self) -> Adapted:
        for kind in ("Function", "Practice", "MaturityLevel", "PracticeLevel", "Activity", "Question", "AnswerSet"):
            if not self.things[kind]:
                message = _("there is no file of type {type} in the folder").format(type=kind)
                self.report.problem(self.documents[0], (), message, _("use SAMM’s whole folder 'model'"))
        self.report.stop_if_broken()
        levels = self.levels()
        groups, functions = self.groups()
        dimensions, practices = self.dimensions(functions)
        scales, choices = self.scales()
        criteria = self.criteria(levels, practices, choices, {scale["key"]: n for n, scale in enumerate(scales)})
        used = {criterion.get("scale") for criterion in criteria}
        scales = [scale for scale in scales if scale["key"] in used] or scales
        data = {
            "format": 1,
            "framework": self.head(),
            "scales": scales,
            "scoring": RULES,
            "levels": [
                {"level": 0, "name": "Not started"},
                *(
                    without_empty({"level": n, "name": f"Maturity {n}", "summary": text})
                    for n, text in sorted(levels.values())
                ),
            ],
            "groups": groups,
            "dimensions": dimensions,
            "criteria": criteria,
            "sources": [{"id": "samm", "title": "OWASP Software Assurance Maturity Model"}],
        }
        self.say_what_was_made()
        return built(data, self.origins, self.documents[0], self.report, things="questions")

    def head(self) -> dict:
        model = next(iter(self.things["Model"].values()), None)
        version = self.given_version or (model.reader.text("version") if model else "")
        if not version:
            message = _("SAMM’s files do not say which version they are")
            document = model.reader.document if model else self.documents[0]
            self.report.problem(document, (), message, str(ADD_THE_VERSION))
        name = (model and model.reader.text("name")) or "Software Assurance Maturity Model"
        return {
            "key": "samm",
            "name": short(name),
            "version": version,
            "method": "levels",
            "purpose": kept_whole(name, "The practices of OWASP SAMM, imported from its published files."),
            "representation": ["staged", "continuous"],
        }

    def levels(self) -> dict[str, tuple[int, str]]:
        """Number and text of each maturity level, by id."""
        levels = {}
        for key, thing in self.things["MaturityLevel"].items():
            # Older copies of the folder use other names.
            name = next((name for name in ("number", "level", "order") if name in thing.reader.value), "number")
            number = thing.reader.whole(name, least=1, most=20)
            if number is not None:
                levels[key] = (number, thing.reader.text("description"))
        numbers = sorted(number for number, description in levels.values())
        if numbers != list(range(1, len(numbers) + 1)) and levels:
            message = _("the maturity levels are numbered {numbers}").format(numbers=shortened(numbers))
            self.report.problem(self.documents[0], (), message, _("number them 1, 2, 3"))
        return levels

    def groups(self) -> tuple[list[dict], dict[str, str]]:
        keys = Keys()
        rows: list[dict] = []
        by_id: dict[str, str] = {}
        for key, thing in sorted(self.things["Function"].items(), key=lambda item: item[1].order):
            name = thing.reader.text("name", needed=True)
            by_id[key] = keys.make(name, "function")
            self.origins["groups", len(rows)] = (thing.reader.document, ())
            about = kept_whole(name, thing.reader.text("description"))
            rows.append(without_empty({"key": by_id[key], "name": short(name), "about": about}))
            self.left_out(thing, "model")
        return rows, by_id

    def dimensions(self, functions: dict[str, str]) -> tuple[list[dict], dict[str, str]]:
        keys = Keys()
        rows: list[dict] = []
        by_id: dict[str, str] = {}

        def by_function(item: tuple[str, _Thing]) -> tuple[int, int]:
            function = self.things["Function"].get(item[1].reader.text("function"))
            return (function.order if function else 0, item[1].order)

        for key, thing in sorted(self.things["Practice"].items(), key=by_function):
            reader = thing.reader
            function = self.linked(thing, "function", "Function")
            name = reader.text("name", needed=True)
            by_id[key] = keys.make(name, "practice")
            about = kept_whole(name, paragraphs(reader.text("shortDescription"), reader.text("longDescription")))
            self.origins["dimensions", len(rows)] = (reader.document, ())
            group = functions.get(function.id) if function else None
            rows.append(without_empty({"key": by_id[key], "name": short(name), "group": group, "about": about}))
            self.left_out(thing, "shortName")
        return rows, by_id

    def scales(self) -> tuple[list[dict], dict[str, str]]:
        keys = Keys()
        rows: list[dict] = []
        by_id: dict[str, str] = {}
        for n, (key, thing) in enumerate(self.things["AnswerSet"].items(), start=1):
            stem = thing.reader.document.name.rpartition("/")[2].rpartition(".")[0]
            by_id[key] = keys.make(f"answers-{stem}", f"answers-{n}")
            self.origins["scales", len(rows)] = (thing.reader.document, ())
            rows.append({"key": by_id[key], "values": self.choices(thing), "other_answers": NOT_RATINGS})
        return rows, by_id

    def choices(self, thing: _Thing) -> list[dict]:
        """Values of an answer set as whole numbers: 0, .25, .5 and 1 are 0, 1, 2 and 4 of 4."""
        values = thing.reader.get("values")
        if not isinstance(values, list):
            message = _("the list of answers is missing")
            thing.reader.problem(("values",), message, _("add text and value of each answer"))
            return []
        answers: list[tuple[Fraction, str]] = []
        for i, entry in enumerate(values):
            reader = Reader(self.report, thing.reader.document, ("values", i), entry)
            value = exact_number(reader.get("value"))
            if value is None or value > 1:
                message = _("'{value}' is not a value from 0 to 1").format(value=shortened(reader.get("value")))
                reader.problem(("value",), message, _("write 0, 0.25, 0.5 or 1"))
                continue
            answers.append((value, reader.text("text", needed=True)))
            if exact_number(reader.get("weight")) not in (None, 1):
                self.report.refused.say(_("weights of answers other than 1"))
        answers.sort(key=lambda answer: answer[0])
        parts = max([4, *(value.denominator for value, text in answers)])
        return [
            without_empty({"code": CODES.get(value, f"A{i}"), "name": short(text), "anchor": kept_whole(text)})
            | {"value": int(value * parts)}
            for i, (value, text) in enumerate(answers)
        ]

    def criteria(self, levels: Any, practices: Any, choices: Any, scale_order: Any) -> list[dict]:
        rows: list[tuple[Any, dict, _Thing]] = []
        self.report.offered = len(self.things["Question"])
        for thing in self.things["Question"].values():
            activity = self.linked(thing, "activity", "Activity")
            step = activity and self.linked(activity, "level", "PracticeLevel")
            practice = step and self.linked(step, "practice", "Practice")
            level = step and self.linked(step, "maturityLevel", "MaturityLevel")
            stream = activity and self.things["Stream"].get(activity.reader.text("stream"))
            answers = self.linked(thing, "answerSet", "AnswerSet")
            if not (activity and step and practice and level and answers and level.id in levels):
                continue
            number = levels[level.id][0]
            row = self.criterion(thing, activity, step, stream)
            row |= {"dimension": practices[practice.id], "level": number, "scale": choices[answers.id]}
            letter = stream.reader.text("letter") if stream else ""
            function = self.things["Function"].get(practice.reader.text("function"))
            code = "-".join(
                part
                for part in (
                    function.reader.text("name")[:1] if function else "",
                    practice.reader.text("shortName"),
                    str(number),
                    letter,
                )
                if part
            )
            position = (function.order if function else 0, practice.order, practice.id, number, letter, thing.order)
            rows.append((position, {"code": code, **row}, thing))
        self.say_what_is_lost()
        keys = Keys()
        made: list[dict] = []
        for i, (_position, row, thing) in enumerate(sorted(rows, key=lambda item: item[0])):
            self.origins["criteria", i] = (thing.reader.document, ())
            made.append({"key": keys.make(row.pop("code"), "question"), **row})
        return made

    def criterion(self, question: _Thing, activity: _Thing, step: _Thing, stream: _Thing | None) -> dict:
        about = activity.reader
        return without_empty(
            {
                "statement": question.reader.text("text", needed=True),
                "evidence": bullets(question.reader.lines("quality")),
                # These are not part of the question: rewording them does not change what an answer means.
                "next": paragraphs(
                    titled(about.text("title") or "Activity", about.text("shortDescription")),
                    about.text("longDescription"),
                    titled("Benefit", about.text("benefit")),
                    titled("Stream", stream.reader.text("name") if stream else ""),
                    titled("Objective", step.reader.text("objective")),
                ),
                "source": question.id,
            }
        )

    def say_what_is_lost(self) -> None:
        """What questions, activities and streams hold beside what was taken, once for each of them."""
        for kind in ("Question", "Activity"):
            for thing in self.things[kind].values():
                self.left_out(thing)
        described = [stream for stream in self.things["Stream"].values() if stream.reader.text("description")]
        self.report.refused.say(_("descriptions of streams"), times=len(described))

    def left_out(self, thing: _Thing, *known: str) -> None:
        thing.reader.seen.update(("id", "type", "order", *known))
        for name in thing.reader.rest():
            message = _("the field `{field}` of type {type}")
            self.report.refused.say(message.format(field=shortened(name), type=thing.kind))

    def say_what_was_made(self) -> None:
        say = self.report.adapted.say
        say(_("Functions became groups, practices dimensions, questions criteria of their maturity level."))
        say(_("Both streams of a practice are criteria of the same dimension; the stream is shown under “Next step”."))
        say(_("Quality criteria are shown under “How to check”, the activity and its benefit under “Next step”."))
        say(_("Answers keep their texts and values; “I do not know” was added."))
        say(_("SAMM has no overall level: “Half or more” and “Fully achieved” were added. The index is SAMM’s score."))
        say(_("Level 0 was added as the lowest level."))
