"""One person's way through an assessment: what is asked, how far they are, and what comes next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from .. import scoring
from ..models import Assessment, Criterion, Dimension, Rating, Symptom, SymptomAnswer, answering_sql
from ..models.framework_texts import filled
from ..models.frameworks import Contents
from .answer_form import fingerprint
from .session import Seat

#: The longest number of a version that a page sends, in digits.
MOST_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOption:
    """One possible answer: a choice of the scale, does not apply, or I do not know."""

    code: str
    name: str
    anchor: str
    checked: bool


@dataclass(slots=True, kw_only=True)
class Question:
    """A criterion with one person's answer, as stored or as just posted, and why it could not be stored."""

    criterion: Criterion
    code: str = ""
    reason: str = ""
    comment: str = ""
    evidence: str = ""
    #: What the page has seen of the stored answer; 0 if there was none.
    version: int = 0
    errors: Mapping = field(default_factory=dict)
    #: What is stored, if another page has changed it.
    conflict: "Question | None" = None
    refusal: str = ""
    is_saved: bool = False
    #: The fingerprint of what the page showed before anything was entered.
    shown_before: str = ""
    #: Whether what could draw the answer towards it may be shown: the level and the last answer.
    shows_hints: bool = True

    @classmethod
    def stored(cls, criterion: Criterion, rating: Rating | None, *, is_saved: bool = False) -> "Question":
        """As it is stored; `is_saved` if this was the answer to a save."""
        if rating is None:
            return cls(criterion=criterion)
        codes = {choice.pk: choice.code for choice in criterion.scale.choices.all()}
        return cls(
            criterion=criterion,
            code=codes[rating.choice_id] if rating.choice_id else rating.answer,
            reason=rating.reason,
            comment=rating.comment,
            evidence=rating.evidence,
            version=rating.version,
            is_saved=is_saved,
        )

    @classmethod
    def posted(cls, criterion: Criterion, data: Mapping) -> "Question":
        """As it was entered.

        What the page has seen stays what it has seen: a refused save must not look like a stale one later.
        """
        seen = data.get("version", "")
        is_number = seen.isdecimal() and len(seen) <= MOST_DIGITS
        return cls(
            criterion=criterion,
            code=data.get("code", ""),
            reason=data.get("reason", ""),
            comment=data.get("comment", ""),
            evidence=data.get("evidence", ""),
            version=int(seen) if is_number else 0,
            shown_before=data.get("shown", ""),
        )

    @property
    def shown(self) -> str:
        """What the page sends as `shown`; an answer that is not stored stays one that was changed."""
        return self.shown_before or fingerprint(
            code=self.code, reason=self.reason, comment=self.comment, evidence=self.evidence
        )

    # ------------------------------------------------------------------ what can be answered

    @property
    def options(self) -> list[AnswerOption]:
        options = self._choices()
        if self.criterion.na:
            name = self.criterion.answer_name(scoring.NA)
            options.append(self._option(scoring.NA, name, self.criterion.na))
        name = self.criterion.answer_name(scoring.DK)
        options.append(self._option(scoring.DK, name, _("Counts as answered, not as a vote.")))
        return options

    def _choices(self) -> list[AnswerOption]:
        return [self._option(choice.code, choice.name, choice.anchor) for choice in self.criterion.scale.choices.all()]

    def _option(self, code: str, name: str, anchor: str) -> AnswerOption:
        return AnswerOption(code=code, name=name, anchor=anchor, checked=code == self.code)

    @property
    def has_cards(self) -> bool:
        """Whether answers are shown with their full texts: in a rubric each of them describes a level."""
        return self.criterion.edition.is_rubric

    @property
    def explained_options(self) -> list[AnswerOption]:
        """The choices of the scale that say what they mean, if the answers themselves do not show it."""
        return [] if self.has_cards else [option for option in self._choices() if option.anchor]

    @property
    def answer_name(self) -> str:
        return next((option.name for option in self.options if option.checked), _("No answer"))

    # ------------------------------------------------------------------ what became of a save

    @property
    def says_only_its_answer(self) -> bool:
        """Whether it is as stored, without any text by the person."""
        happened = self.conflict or self.errors or self.refusal or self.is_saved or self.shown_before
        return not (happened or self.reason or self.comment or self.evidence)

    @property
    def save_state(self) -> str:
        """A key for styles and the script, not for people."""
        if self.conflict:
            return "conflict"
        if self.errors or self.refusal:
            return "refused"
        return "saved" if self.is_saved else ""

    @property
    def http_status(self) -> int:
        """Of the response to the save."""
        if self.is_saved:
            return 200
        return 409 if self.conflict or self.refusal else 422

    @property
    def version_to_send(self) -> int:
        """After a conflict the person has seen what is stored, and may save over it."""
        return self.conflict.version if self.conflict else self.version

    @property
    def error_sentences(self) -> list[str]:
        return [str(sentence) for sentences in self.errors.values() for sentence in sentences]

    @property
    def shows_details(self) -> bool:
        """Whether comment and evidence are open from the start."""
        has_errors = "comment" in self.errors or "evidence" in self.errors
        return bool(self.comment or self.evidence or has_errors)

    @property
    def stored_there(self) -> str:
        """In a conflict: the stored answer, with its comment if the comments differ."""
        return self.conflict.in_words(with_comment=self._differs_in_comment) if self.conflict else ""

    @property
    def entered_here(self) -> str:
        return self.in_words(with_comment=self._differs_in_comment)

    @property
    def _differs_in_comment(self) -> bool:
        return self.conflict is not None and self.conflict.comment != self.comment

    def in_words(self, *, with_comment: bool) -> str:
        """The answer, and the beginning of the comment."""
        if not with_comment:
            return self.answer_name
        if not self.comment:
            return filled(_("{answer}, no comment"), answer=self.answer_name)
        return filled(_("{answer}, “{comment}”"), answer=self.answer_name, comment=Truncator(self.comment).chars(80))


def meanings_of(questions: Sequence[Question]) -> list[list[AnswerOption]]:
    """The choices of every scale on the page that say what they mean."""
    by_scale = {question.criterion.scale_id: question.explained_options for question in questions}
    return [options for options in by_scale.values() if options]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionnairePart:
    """The questions of one dimension and how many of them have an answer."""

    dimension: Dimension
    criteria: list[Criterion]
    answered: int

    @property
    def kept_by(self) -> str:
        """All that is shown of it in the list of parts, but for the texts of the edition."""
        return f"{self.dimension.pk} {self.answered} {len(self.criteria)}"

    @property
    def is_done(self) -> bool:
        return self.answered == len(self.criteria)

    @property
    def missing(self) -> int:
        return len(self.criteria) - self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredSection:
    """A part as the page before submitting lists it, with the number of comments that the person wrote in it."""

    part: QuestionnairePart
    comments: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far one person is. Progress is not a score: `I do not know` counts as answered."""

    parts: list[QuestionnairePart]
    answered_keys: set[str]

    @classmethod
    def of(cls, seat: Seat) -> "Progress":
        return cls.from_answered(seat.assessment, answering_sql.answered(seat.assessment, seat.who))

    @classmethod
    def from_answered(cls, assessment: Assessment, criteria_answered: Iterable[int]) -> "Progress":
        """`criteria_answered` are the ids of the criteria that the person has answered."""
        contents = assessment.edition.contents
        answered = {contents.criterion_by_pk[pk].key for pk in criteria_answered}
        parts = []
        for dimension in contents.dimensions:
            criteria = [criterion for criterion in dimension.asked if criterion.quick or not assessment.is_short]
            if criteria:
                number = sum(criterion.key in answered for criterion in criteria)
                parts.append(QuestionnairePart(dimension=dimension, criteria=criteria, answered=number))
        return cls(parts=parts, answered_keys=answered)

    @cached_property
    def total(self) -> int:
        return sum(len(part.criteria) for part in self.parts)

    @cached_property
    def answered(self) -> int:
        return sum(part.answered for part in self.parts)

    @property
    def is_complete(self) -> bool:
        return self.answered == self.total

    @property
    def missing(self) -> int:
        return self.total - self.answered

    def sections(self, seat: Seat) -> list[AnsweredSection]:
        """Every part with its comments. One query."""
        commented = Counter(seat.ratings().exclude(comment="").values_list("criterion__dimension", flat=True))
        return [AnsweredSection(part=part, comments=commented[part.dimension.pk]) for part in self.parts]

    def part(self, key: str) -> QuestionnairePart | None:
        return next((part for part in self.parts if part.dimension.key == key), None)

    def next_unanswered(self, *, start: str = "") -> Criterion | None:
        """The first criterion without an answer, from the dimension with this key on and then from the beginning."""
        first = next((index for index, part in enumerate(self.parts) if part.dimension.key == start), 0)
        for part in self.parts[first:] + self.parts[:first]:
            for criterion in part.criteria:
                if criterion.key not in self.answered_keys:
                    return criterion
        return None

    def neighbours(self, part: QuestionnairePart) -> tuple[QuestionnairePart | None, QuestionnairePart | None]:
        """The dimension before this one and the one after it; None at either end."""
        index = self.parts.index(part)
        before = self.parts[index - 1] if index > 0 else None
        after = self.parts[index + 1] if index + 1 < len(self.parts) else None
        return before, after


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomQuestion:
    """A symptom, whether one person agrees, and criteria that this person rated as if the symptom weren't there."""

    symptom: Symptom
    agrees: bool | None
    contradicted_by: list[Criterion]

    @property
    def name(self) -> str:
        return f"symptom-{self.symptom.pk}"


#: With this share of its points a practice is so well established that a symptom which it clears is a surprise.
WELL_DONE = Fraction(2, 3)


def symptom_questions(seat: Seat) -> list[SymptomQuestion]:
    """The symptoms whose remedies are asked about, with this person's answers."""
    assessment = seat.assessment
    contents = assessment.edition.contents
    if not contents.symptoms:
        return []
    asked = {criterion.key for criterion in assessment.criteria_asked()}
    mine = assessment.respondents.of(seat.who, anonymous=assessment.anonymous)
    agrees = dict(SymptomAnswer.objects.filter(respondent__in=mine).values_list("symptom", "agrees"))
    codes = dict(seat.ratings().filter(choice__isnull=False).values_list("criterion__key", "choice__code"))
    return [
        SymptomQuestion(
            symptom=symptom,
            agrees=agrees.get(symptom.pk),
            contradicted_by=_contradictions(symptom, contents, codes) if agrees.get(symptom.pk) else [],
        )
        for symptom in contents.symptoms
        if not symptom.cleared_by or asked.intersection(symptom.cleared_by)
    ]


def _contradictions(symptom: Symptom, contents: Contents, codes: Mapping[str, str]) -> list[Criterion]:
    """All criteria that clear the symptom, if this person rated every one of them as well done; else none."""
    clearing = [contents.criterion_by_key[key] for key in symptom.cleared_by if key in codes]
    if len(clearing) < len(symptom.cleared_by):
        return []
    are_well_done = all(_points(criterion, codes[criterion.key]) >= WELL_DONE for criterion in clearing)
    return clearing if are_well_done else []


def _points(criterion: Criterion, code: str) -> Fraction:
    """The share of the points that this choice earns."""
    choices = criterion.scale.by_code
    return Fraction(choices[code].value, max(choice.value for choice in choices.values()))
