"""How requirements and questions of a CISO Assistant library are rated: its scores and choices as scales."""

from typing import Any

from django.utils.translation import gettext as _

from ..format.document import Document, Place
from ..format.problems import shortened
from .building import NOT_RATINGS, Keys, Reader, Report, short, without_empty

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


class Answers:
    """The scales of a library, by key; questions with the same choices share one."""

    def __init__(self, report: Report, document: Document) -> None:
        self.report = report
        self.document = document
        self.keys = Keys()
        self.scales: dict[str, dict] = {}
        self.by_choices: dict[tuple, str] = {}
        self.place_of: dict[str, Place] = {}

    def to_requirements(self, framework: Reader) -> str:
        """The scale for requirements without questions: the library's scores, or met and not met."""
        scores = framework.get("scores_definition")
        scores = scores.get("scale") if isinstance(scores, dict) else scores
        place = (*framework.place, "scores_definition")
        framework.get("min_score"), framework.get("max_score")
        if not isinstance(scores, list) or len(scores) < 2:
            self.report.adapted.say(_("Requirements without questions are rated “Not met”, “Partially met” or “Met”."))
            return self.scale(COMPLIANCE["values"], "compliance", place)
        choices: list[tuple[int, str, str]] = []
        for i, entry in enumerate(scores):
            reader = Reader(self.report, self.document, (*place, i), entry)
            number = reader.whole("score", least=0, most=1_000_000)
            if number is not None:
                choices.append((number, reader.text("name") or str(number), reader.text("description")))
        choices.sort()
        if len({number for number, *texts in choices}) < len(choices):
            message = _("two scores have the same number")
            self.report.problem(self.document, place, message, _("give each score its own number"))
            return ""
        lowest = choices[0][0] if choices else 0
        if lowest:
            message = _("Scores start at {lowest} in the library and at 0 here; they keep their names.")
            self.report.adapted.say(message.format(lowest=lowest))
        values = [
            without_empty({"code": str(number), "name": short(name), "anchor": anchor}) | {"value": number - lowest}
            for number, name, anchor in choices
        ]
        return self.scale(values, "scores", place)

    def scale(self, values: list, name: str, place: Place) -> str:
        """The key of the scale with these choices; questions with the same choices share one."""
        same = tuple((v["code"], v["value"], v["name"], v.get("anchor")) for v in values)
        if same not in self.by_choices:
            key = self.by_choices[same] = self.keys.make(name, "answers")
            self.scales[key] = {"key": key, "values": values, "other_answers": NOT_RATINGS}
            self.place_of[key] = place
        return self.by_choices[same]

    def keep(self, used: set[str]) -> None:
        """Leaves out scales that nothing is rated on."""
        self.scales = {key: scale for key, scale in self.scales.items() if key in used} or self.scales

    def places(self) -> list[Place]:
        """The place of each scale in the library."""
        return [self.place_of[key] for key in self.scales]

    def to_question(self, question: Reader) -> str | None:
        """The scale of a question; None, with a line in the report, if it cannot be rated."""
        kind = question.text("type")
        text = question.text("text")
        refuse = self.report.refused.say
        if question.get("depends_on"):
            refuse(_("questions that depend on another one, because here every question is asked"), example=text)
            return None
        if kind not in ONE_CHOICE:
            message = _("questions without a known type, because only single-choice questions can be rated")
            if kind:
                message = _("questions of type {type}, because only single-choice questions can be rated")
            refuse(message.format(type=shortened(kind)), example=text)
            return None
        choices = question.get("choices")
        readers = [
            Reader(self.report, self.document, (*question.place, "choices", i), entry)
            for i, entry in enumerate(choices if isinstance(choices, list) else [])
        ]
        rated = [reader for reader in readers if not self.is_not_applicable(reader)]
        scores = [self.score(reader) for reader in rated]
        if len(rated) < 2:
            refuse(_("questions with fewer than two choices, because they have no order"), example=text)
            return None
        if None in scores or len(set(scores)) < len(scores):
            refuse(_("questions whose choices have no score of their own, because they have no order"), example=text)
            return None
        ordered = sorted(zip(scores, rated, strict=True), key=lambda pair: pair[0] or 0)
        lowest = ordered[0][0] or 0
        if lowest:
            self.report.adapted.say(_("Scores of a question that start above 0 start at 0 here"), example=text)
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
            self.report.refused.say(_("choices that select implementation groups"))
        score = reader.get("add_score")
        if isinstance(score, int) and not isinstance(score, bool):
            return score
        if score is None and isinstance(reader.get("compute_result"), bool | str):
            return {"true": 1, "false": 0}.get(str(reader.get("compute_result")).lower())
        return None
