"""How requirements and questions of a CISO Assistant library are rated: its scores and choices as scales."""

from typing import Any

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
    """The scales of a library, by key, each made once however many questions have the same choices."""

    def __init__(self, report: Report, document: Document):
        self.report, self.document, self.keys = report, document, Keys()
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
            self.report.adapted.say("Requirements without questions are rated “Not met”, “Partially met” or “Met”.")
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
            self.report.adapted.say(
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
        if same not in self.by_choices:
            key = self.by_choices[same] = self.keys.make(name, "answers")
            self.scales[key] = {"key": key, "values": values, "other_answers": NOT_RATINGS}
            self.place_of[key] = place
        return self.by_choices[same]

    def keep(self, used: set[str]):
        """Leaves out scales that nothing is rated on."""
        self.scales = {key: scale for key, scale in self.scales.items() if key in used} or self.scales

    def places(self) -> list[Place]:
        """Where each scale stands in the library."""
        return [self.place_of[key] for key in self.scales]

    def to_question(self, question: Reader) -> str | None:
        """The scale of a question, or None where it cannot be one: that is reported."""
        kind, text = question.text("type"), question.text("text")
        refuse = self.report.refused.say
        if question.get("depends_on"):
            refuse("questions that depend on another one, as every question is asked here", example=text)
            return None
        if kind not in ONE_CHOICE:
            kind = shortened(kind) or "unknown"
            refuse(f"questions of type {kind}, as only one choice of several can be rated", example=text)
            return None
        choices = question.get("choices")
        readers = [
            Reader(self.report, self.document, (*question.place, "choices", i), entry)
            for i, entry in enumerate(choices if isinstance(choices, list) else [])
        ]
        rated = [reader for reader in readers if not self.is_not_applicable(reader)]
        scores = [self.score(reader) for reader in rated]
        if len(rated) < 2 or None in scores or len(set(scores)) < len(scores):
            why = "with fewer than two choices" if len(rated) < 2 else "with choices without a score of their own"
            refuse(f"questions {why}, as their answers have no order", example=text)
            return None
        ordered = sorted(zip(scores, rated, strict=True), key=lambda pair: pair[0] or 0)
        lowest = ordered[0][0] or 0
        if lowest:
            self.report.adapted.say("Scores of a question that begin above 0 begin at 0 here", example=text)
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
            self.report.refused.say("choices that select implementation groups")
        score = reader.get("add_score")
        if isinstance(score, int) and not isinstance(score, bool):
            return score
        if score is None and isinstance(reader.get("compute_result"), bool | str):
            return {"true": 1, "false": 0}.get(str(reader.get("compute_result")).lower())
        return None
