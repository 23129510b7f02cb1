"""What a draft would look like in use: a questionnaire that nobody answers, and a result of made-up answers.

Nothing here is stored. The rows are those of a real assessment, so the ordinary pages can show them.
"""

from collections.abc import Mapping
from functools import cached_property
from random import Random

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import scoring
from ..frameworks.storing import data_of
from ..models import Assessment, Criterion, CriterionResult, PartResult, Result, Team
from ..models.assessments import instrument_of
from ..models.frameworks import Contents
from ..models.results import ResultRows
from ..questionnaire.pages import Progress, QuestionnairePart
from ..results.report import Standing
from ..web.kept_fragments import fragment_digest


def open_assessment(contents: Contents) -> Assessment:
    """An assessment of nobody with this draft.

    Pages keep questions by the digest of the edition. A draft has none, so it gets one of what it says now.
    """
    contents.edition.digest = f"draft:{fragment_digest(data_of(contents))}"
    return Assessment(
        team=Team(name=_("Your team")),
        edition=contents.edition,
        rule=contents.default_rule,
        status=Assessment.Status.OPEN,
        date=timezone.localdate(),
    )


class PreviewSeat:
    """In place of the seat of a person who answers: every address stays within the preview."""

    def __init__(self, contents: Contents) -> None:
        self.draft = [contents.edition.framework.key, contents.edition.pk]

    def url(self, name: str, *args: object) -> str:
        if name == "answer-dimension":
            return reverse("draft-preview-dimension", args=[*self.draft, *args])
        return reverse("draft-preview", args=self.draft)


def unanswered(contents: Contents) -> Progress:
    """Every dimension with all of its questions."""
    by_dimension: dict[int, list[Criterion]] = {}
    for criterion in contents.criteria:
        by_dimension.setdefault(criterion.dimension_id, []).append(criterion)
    parts = [
        QuestionnairePart(dimension=dimension, criteria=by_dimension[dimension.pk], answered=0)
        for dimension in contents.dimensions
        if dimension.pk in by_dimension
    ]
    return Progress(parts=parts, answered_keys=set())


# ---------------------------------------------------------------------- answers


def answer_steps(contents: Contents) -> list[str]:
    """What every question can be answered with, from the lowest: by name if all share one scale, else by number."""
    used = {criterion.scale_id: criterion.scale for criterion in contents.criteria}
    scales = [list(scale.choices.all()) for scale in used.values()]
    if len(scales) == 1:
        return [choice.name for choice in scales[0]]
    count = max(map(len, scales), default=0)
    return [_("Answer {number} of {count}").format(number=number, count=count) for number in range(1, count + 1)]


def answers_at(contents: Contents, step: int) -> dict[str, str]:
    """The code of the same answer for every criterion, counted from 0; a shorter scale is answered in proportion."""
    highest = len(answer_steps(contents)) - 1
    answers = {}
    for criterion in contents.criteria:
        codes = [choice.code for choice in criterion.scale.choices.all()]
        answers[criterion.key] = codes[(2 * step * (len(codes) - 1) + highest) // (2 * highest) if highest else 0]
    return answers


def random_answers(contents: Contents, seed: int) -> dict[str, str]:
    """The code of some answer for every criterion; the same for the same seed.

    As in most teams, what belongs to lower levels is done better: the best of several draws counts there.
    """
    # Nothing secret: a page that is opened again has to show the same.
    chance = Random(seed)  # noqa: S311
    answers = {}
    for criterion in contents.criteria:
        codes = [choice.code for choice in criterion.scale.choices.all()]
        draws = 1 + 2 * (contents.top - criterion.level.number) if criterion.level else 1
        answers[criterion.key] = codes[max(chance.randrange(len(codes)) for _draw in range(draws))]
    return answers


# ---------------------------------------------------------------------- the result


class MadeUpStanding(Standing):
    """A result that is not stored, read for showing."""

    is_made_up = True

    def __init__(self, rows: ResultRows, contents: Contents) -> None:
        super().__init__(rows.result, None, is_newest=False)
        self.contents = contents
        self.rows = rows

    @cached_property
    def _parts(self) -> Mapping[tuple, PartResult]:
        return {(self.result.pk, part.kind, part.key): part for part in self.rows.parts}

    @cached_property
    def _criteria(self) -> dict[object, dict[str, CriterionResult]]:
        return {self.result.pk: {row.key: row for row in self.rows.criteria}}


def made_up_result(contents: Contents, answers: Mapping[str, str]) -> MadeUpStanding:
    """What one person's answers, codes by key of the criterion, come to under this draft."""
    assessment = open_assessment(contents)
    score = scoring.score(instrument_of(contents.edition, contents), [answers])
    rows = ResultRows.of(assessment, score, by=None, closing=1, respondents=1, participants=1)
    result: Result = rows.result
    result.edition = contents.edition
    result.team = assessment.team
    return MadeUpStanding(rows, contents)
