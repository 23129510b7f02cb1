"""How requirements and questions of a CISO Assistant library are rated: its scores and choices as scales."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ..format.document import Document, Place
from ..format.problems import shortened
from .building import NOT_RATINGS, Keys, Reader, Report, kept_whole, short, without_empty

#: Values, codes and names of a scale; values begin at what the library begins at.
COMPLIANCE: list[dict[str, Any]] = [
    {"code": "N", "value": 0, "name": "Not met"},
    {"code": "P", "value": 1, "name": "Partially met"},
    {"code": "F", "value": 2, "name": "Met"},
]
NO_OR_YES: list[dict[str, Any]] = [
    {"code": "0", "value": 0, "name": "No"},
    {"code": "1", "value": 1, "name": "Yes"},
]
ONE_CHOICE = ("unique_choice", "single_choice", "boolean")
#: The order of what a choice says about its requirement. Earlier files say true and false.
RESULTS = {"non_compliant": 0, "false": 0, "partially_compliant": 1, "compliant": 2, "true": 2}
NOT_APPLICABLE = "not_applicable"
NAMES_OF_NOT_APPLICABLE = ("n/a", "na", "not applicable", "does not apply")
#: The highest value that a scale of ours can have.
MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedScore:
    """A score that the library describes, and where it does."""

    number: int
    name: str
    about: str
    place: Place


class Answers:
    """The scales of a library, by key; questions with the same choices share one."""

    def __init__(self, report: Report, document: Document) -> None:
        self.report = report
        self.document = document
        self.keys = Keys()
        self.scales: dict[str, dict] = {}
        self.by_choices: dict[tuple, str] = {}
        self.place_of: dict[str, Place] = {}
        self.described: list[DescribedScore] = []

    def read_described_scores(self, framework: Reader) -> None:
        """What the library says about its scores, from the lowest to the highest."""
        scores = framework.get("scores_definition")
        scores = scores.get("scale") if isinstance(scores, dict) else scores
        place = (*framework.place, "scores_definition")
        framework.get("min_score"), framework.get("max_score")
        for i, entry in enumerate(scores if isinstance(scores, list) else []):
            reader = Reader(self.report, self.document, (*place, i), entry)
            number = reader.whole("score", least=0, most=MOST)
            if number is not None:
                name = reader.text("name") or str(number)
                self.described.append(
                    DescribedScore(number=number, name=name, about=reader.text("description"), place=reader.place)
                )
        self.described.sort(key=lambda score: score.number)
        if len({score.number for score in self.described}) < len(self.described):
            message = _("two scores have the same number")
            self.report.problem(self.document, place, message, _("give each score its own number"))

    def to_requirements(self, framework: Reader) -> str:
        """The scale for what has no questions to rate: the library's scores, or met and not met."""
        place = (*framework.place, "scores_definition")
        if len(self.described) < 2:
            return self.scale(COMPLIANCE, "compliance", place)
        values = [choice(str(score.number), score.number, score.name, score.about) for score in self.described]
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

    def are_rubric(self) -> bool:
        """Whether scores are described, and all scales go from one lowest to one highest value that hold them."""
        ends = {(scale["values"][0]["value"], scale["values"][-1]["value"]) for scale in self.scales.values()}
        if len(self.described) < 2 or len(ends) != 1:
            return False
        ((lowest, highest),) = ends
        return lowest >= 0 and all(lowest <= score.number <= highest for score in self.described[1:])

    def begin_at_zero(self) -> None:
        """Where a level is a share of the points, the lowest choice is none of them."""
        for scale in self.scales.values():
            lowest = scale["values"][0]["value"]
            if lowest:
                sentence = _("Scores that start above or below 0 in the library start at 0 here; they keep their names")
                self.report.adapted.say(sentence, example=scale["values"][0]["name"])
            scale["values"] = [value | {"value": value["value"] - lowest} for value in scale["values"]]

    def to_question(self, question: Reader) -> str | None:
        """The scale of a question; None, with a line in the report, if it cannot be rated."""
        kind = question.text("type")
        text = question.text("text")
        say = self.report.adapted.say
        if kind not in ONE_CHOICE:
            message = _("Questions of type {type} cannot be rated, and are under “How to check”")
            say(message.format(type=shortened(kind or "?")), example=text)
            return None
        choices = self.choices_of(question)
        if kind == "boolean" and not choices:
            return self.scale(NO_OR_YES, "answers", question.place)
        rated = [reader for reader in choices if not is_not_applicable(reader)]
        for reader in choices:
            if is_not_applicable(reader) and reader.text("value").lower() not in NAMES_OF_NOT_APPLICABLE:
                sentence = _("Choices that make a requirement not applicable are “Does not apply”")
                say(sentence, example=reader.text("value"))
        scores = self.scores(rated)
        if scores is None:
            say(_("Questions whose choices have no order cannot be rated, and are under “How to check”"), example=text)
            return None
        ordered = sorted(zip(scores, rated, strict=True), key=lambda pair: pair[0])
        if ordered[-1][0] - ordered[0][0] > MOST:
            question.problem(("choices",), _("the scores are more than {most} apart").format(most=f"{MOST:,}"))
            return None
        values = [
            choice(str(score), score, reader.text("value", needed=True), reader.text("description"))
            for score, reader in ordered
        ]
        return self.scale(values, "answers", question.place)

    def choices_of(self, question: Reader) -> list[Reader]:
        choices = question.get("choices")
        return [
            Reader(self.report, self.document, (*question.place, "choices", i), entry)
            for i, entry in enumerate(choices if isinstance(choices, list) else [])
        ]

    def scores(self, choices: list[Reader]) -> list[int] | None:
        """A number for each of the choices, from the library's scores or results; None where they give no order."""
        for reader in choices:
            if reader.get("select_implementation_groups"):
                self.report.refused.say(_("choices that select implementation groups"))
        given = [reader.get("add_score") for reader in choices]
        results = [RESULTS.get(str(reader.get("compute_result")).lower()) for reader in choices]
        for numbers in (given, results):
            whole = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool)]
            if len(whole) == len(choices) > 1 and len(set(whole)) == len(whole):
                return whole
        return None


def is_not_applicable(choice: Reader) -> bool:
    """Whether the result of a choice says so, or its text where it has neither result nor score."""
    if str(choice.get("compute_result")).lower() == NOT_APPLICABLE:
        return True
    return choice.get("add_score") is None and choice.text("value").lower() in NAMES_OF_NOT_APPLICABLE


def choice(code: str, value: int, name: str, about: str) -> dict[str, Any]:
    """A choice of a scale; a text that is longer than a name is kept whole beside its beginning."""
    return {"code": code, "value": value, "name": short(name)} | without_empty({"anchor": kept_whole(name, about)})
