"""What of a page of questions is kept between requests, and what each piece is drawn from.

Nothing that anybody wrote, and no address with a personal link, is in a piece. Each has a digest of everything that it
is drawn from; the language, and in which state the reader may see the framework, are in every digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..models import Assessment
from ..web.kept_fragments import fragment_digest
from .pages import Progress, Question, QuestionnairePart
from .previous_answers import Hint


@dataclass(frozen=True, kw_only=True)
class KeptPieces:
    """The digests of the pieces of one page. `hints` are those of its questions, by the key of the criterion."""

    assessment: Assessment
    progress: Progress
    part: QuestionnairePart
    questions_asked: Sequence[Question]
    hints: Mapping[str, Hint]

    @cached_property
    def edition(self) -> str:
        """Of what is drawn from the texts of the framework alone."""
        return fragment_digest(self.assessment.edition.digest)

    @cached_property
    def around(self) -> str:
        """Of what stands above the questions and beside them: how far the person is in each dimension."""
        assessment = self.assessment
        return fragment_digest(
            assessment.edition.digest,
            assessment.status,
            assessment.questionnaire,
            self.part.dimension.pk,
            [part.kept_by for part in self.progress.parts],
        )

    @cached_property
    def questions(self) -> dict[int, str]:
        """Of each question, by the id of its criterion; empty if it must be drawn for this person alone."""
        return {
            question.criterion.pk: self._digest([question]) if self._may_keep(question) else ""
            for question in self.questions_asked
        }

    @cached_property
    def all_questions(self) -> str:
        """Of all questions in one piece; empty while any of them has an answer, for then they are kept one by one.

        So is nearly every page when it is opened first, and a piece serves all who answer about the same framework,
        or the same team where it shows the last result. Pieces with answers would hardly serve anybody else: eight
        questions can be answered in thousands of ways.
        """
        if any(question.code or not self._may_keep(question) for question in self.questions_asked):
            return ""
        return self._digest(self.questions_asked)

    def _may_keep(self, question: Question) -> bool:
        return question.says_only_its_answer and not self.assessment.has_checks

    def _digest(self, questions: Sequence[Question]) -> str:
        assessment = self.assessment
        return fragment_digest(
            assessment.edition.digest,
            assessment.is_open,
            assessment.hides_hints,
            [self._drawn_from(question) for question in questions],
        )

    def _drawn_from(self, question: Question) -> tuple[Any, ...]:
        hint = self.hints.get(question.criterion.key)
        return (
            question.criterion.pk,
            question.code,
            question.version,
            question.shows_hints,
            hint and hint.drawn_from,
        )
