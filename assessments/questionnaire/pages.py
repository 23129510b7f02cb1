"""One person's way through an assessment: what is asked, how far they are, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .. import scoring
from ..models import Criterion, Dimension, Rating, Symptom, SymptomAnswer, answering_sql
from .session import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that can be answered: a choice of the scale, does not apply, or I do not know."""

    code: str
    name: str
    anchor: str
    checked: bool


class Question:
    """A criterion with one person's answer, as stored or as just posted, and why it could not be stored."""

    def __init__(
        self, criterion: Criterion, rating: Rating | None = None, *, posted: Mapping | None = None, errors=None
    ):
        self.criterion = criterion
        self.errors = errors or {}
        self.conflict: Question | None = None
        self.refusal = ""
        self.version = rating.version if rating else 0
        if posted is not None:
            self.code, self.reason = posted.get("code", ""), posted.get("reason", "")
            self.comment, self.evidence = posted.get("comment", ""), posted.get("evidence", "")
            # What the page has seen stays what it has seen: a refused save must not look like a stale one later.
            seen = posted.get("version", "")
            self.version = int(seen) if seen.isdecimal() and len(seen) <= 10 else 0
        elif rating is not None:
            chosen = {choice.pk: choice.code for choice in criterion.scale.choices.all()}
            self.code = chosen[rating.choice_id] if rating.choice_id else rating.answer
            self.reason, self.comment, self.evidence = rating.reason, rating.comment, rating.evidence
        else:
            self.code = self.reason = self.comment = self.evidence = ""

    @property
    def options(self) -> list[Option]:
        scale = self.criterion.scale
        named = [(choice.code, choice.name, choice.anchor) for choice in scale.choices.all()]
        if self.criterion.na:
            named.append((scoring.NA, self._other_name(scoring.NA, "Does not apply"), self.criterion.na))
        named.append((scoring.DK, self._other_name(scoring.DK, "I do not know"), "Counts as answered, not as a vote."))
        return [Option(code=c, name=n, anchor=a, checked=c == self.code) for c, n, a in named]

    def _other_name(self, code: str, default: str) -> str:
        return self.criterion.scale.other_by_code.get(code, {}).get("name", default)

    @property
    def answer_name(self) -> str:
        return next((option.name for option in self.options if option.checked), "No answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The questions of one dimension and how many of them have an answer."""

    dimension: Dimension
    criteria: list[Criterion]
    answered: int

    @property
    def is_done(self) -> bool:
        return self.answered == len(self.criteria)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one person is. Progress is not a score: `I do not know` counts as answered."""

    parts: list[Part]
    answered_keys: set[str]

    @classmethod
    def of(cls, seat: Seat) -> "Progress":
        assessment = seat.assessment
        known = assessment.edition.contents.criterion_by_pk
        answered = {known[pk].key for pk in answering_sql.answered(assessment, seat.who)}
        by_dimension: dict[int, list[Criterion]] = {}
        for criterion in assessment.criteria_asked():
            by_dimension.setdefault(criterion.dimension_id, []).append(criterion)
        parts = [
            Part(dimension=d, criteria=asked, answered=sum(c.key in answered for c in asked))
            for d in assessment.edition.contents.dimensions
            if (asked := by_dimension.get(d.pk))
        ]
        return cls(parts=parts, answered_keys=answered)

    @property
    def total(self) -> int:
        return sum(len(part.criteria) for part in self.parts)

    @property
    def answered(self) -> int:
        return sum(part.answered for part in self.parts)

    @property
    def is_complete(self) -> bool:
        return self.answered == self.total

    def part(self, key: str) -> Part | None:
        return next((part for part in self.parts if part.dimension.key == key), None)

    def next_unanswered(self, *, start: str = "") -> Criterion | None:
        """The first criterion without an answer, from the dimension with this key on and then from the beginning."""
        place = next((i for i, part in enumerate(self.parts) if part.dimension.key == start), 0)
        ordered = [criterion for part in self.parts[place:] + self.parts[:place] for criterion in part.criteria]
        return next((criterion for criterion in ordered if criterion.key not in self.answered_keys), None)

    def neighbours(self, part: Part) -> tuple[Part | None, Part | None]:
        place = self.parts.index(part)
        before = self.parts[place - 1] if place else None
        return before, self.parts[place + 1] if place + 1 < len(self.parts) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomQuestion:
    """A symptom with what one person says to it, and criteria that this person rated as if there were no such thing."""

    symptom: Symptom
    agrees: bool | None
    contradicted_by: list[Criterion]

    @property
    def name(self) -> str:
        return f"symptom-{self.symptom.pk}"


#: From here on a practice is there well enough for a symptom that it clears to be a surprise.
WELL_DONE = Fraction(2, 3)


def symptom_questions(seat: Seat) -> list[SymptomQuestion]:
    """The symptoms whose remedies are asked about, with what this person said to them."""
    assessment, contents = seat.assessment, seat.assessment.edition.contents
    if not contents.symptoms:
        return []
    asked = {criterion.key for criterion in assessment.criteria_asked()}
    mine = assessment.respondents.of(seat.who, anonymous=assessment.anonymous)
    said = dict(SymptomAnswer.objects.filter(respondent__in=mine).values_list("symptom", "agrees"))
    codes = dict(seat.ratings().filter(choice__isnull=False).values_list("criterion__key", "choice__code"))
    return [
        SymptomQuestion(
            symptom=symptom,
            agrees=said.get(symptom.pk),
            contradicted_by=_contradictions(symptom, contents, codes) if said.get(symptom.pk) else [],
        )
        for symptom in contents.symptoms
        if not symptom.cleared_by or asked.intersection(symptom.cleared_by)
    ]


def _contradictions(symptom: Symptom, contents, codes: Mapping[str, str]) -> list[Criterion]:
    """All criteria that clear the symptom, where this person rated every one of them as well done; else none."""
    clearing = [contents.criterion_by_key[key] for key in symptom.cleared_by if key in codes]
    if len(clearing) < len(symptom.cleared_by):
        return []
    return clearing if all(_points(criterion, codes[criterion.key]) >= WELL_DONE for criterion in clearing) else []


def _points(criterion: Criterion, code: str) -> Fraction:
    choices = criterion.scale.by_code
    return Fraction(choices[code].value, max(choice.value for choice in choices.values()))
