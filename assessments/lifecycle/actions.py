"""What one person can do next with an assessment."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..invitations.tracking import answer_label
from ..models import Assessment, Participation
from ..permissions.access import Permissions
from ..permissions.roles import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """The buttons on the page of an assessment."""

    assessment: Assessment
    may: Permissions
    #: Of the person who looks; None if they are not asked.
    participation: Participation | None
    has_result: bool
    #: Why ending and closing would be refused; empty if they are possible or not up to this person.
    too_few: str
    has_people_to_remind: bool

    @classmethod
    def of(
        cls,
        assessment: Assessment,
        may: Permissions,
        *,
        participation: Participation | None,
        has_result: bool,
        has_people_to_remind: bool,
    ) -> "Actions":
        may_finish = may(Permission.END_ANSWERING) or may(Permission.CLOSE)
        is_running = assessment.is_open or assessment.is_in_review
        return cls(
            assessment=assessment,
            may=may,
            participation=participation,
            has_result=has_result,
            too_few=assessment.too_few() if is_running and may_finish else "",
            has_people_to_remind=has_people_to_remind,
        )

    @property
    def has_submitted(self) -> bool:
        return self.participation is not None and self.participation.is_submitted

    @property
    def can_answer(self) -> bool:
        return self.assessment.is_open and self.may(Permission.ANSWER)

    @property
    def answer_label(self) -> str:
        return answer_label(self.assessment, self.participation.state if self.participation else None)

    @property
    def answering_comes_first(self) -> bool:
        return not (self.may(Permission.CLOSE) and self.has_submitted)

    @property
    def can_open(self) -> bool:
        return self.assessment.is_draft and self.may(Permission.START)

    @property
    def can_invite(self) -> bool:
        return self.may(Permission.INVITE) and (self.assessment.is_draft or self.assessment.is_open)

    @property
    def can_see_invited(self) -> bool:
        return self.may(Permission.INVITE) and self.assessment.is_closed

    @property
    def can_end(self) -> bool:
        return self.assessment.is_open and self.may(Permission.END_ANSWERING) and not self.too_few

    @property
    def can_answer_live(self) -> bool:
        """Whether this person can open or run a live room in which the team answers."""
        return self.assessment.is_open and self.may(Permission.FACILITATE)

    @property
    def can_review(self) -> bool:
        return self.assessment.is_in_review and self.may(Permission.FOLLOW_REVIEW)

    @property
    def review_label(self) -> str:
        return _("Review together") if self.may(Permission.FACILITATE) else _("Follow the review")

    @property
    def can_close(self) -> bool:
        is_running = self.assessment.is_open or self.assessment.is_in_review
        return is_running and self.may(Permission.CLOSE) and not self.too_few

    @property
    def can_skip_the_review(self) -> bool:
        return self.assessment.is_open and self.can_close

    @property
    def can_reopen(self) -> bool:
        return self.assessment.is_closed and self.may(Permission.REOPEN) and not self.assessment.why_not_reopened

    @property
    def can_change(self) -> bool:
        """Whether the due date and the facilitator can be changed."""
        return self.may(Permission.EXTEND) and not self.assessment.is_closed

    @property
    def can_remind(self) -> bool:
        return self.can_change and self.assessment.is_open and self.has_people_to_remind

    @property
    def can_answer_again(self) -> bool:
        may_end = self.may(Permission.END_ANSWERING) and not self.assessment.anonymous
        return self.assessment.is_in_review and may_end

    @property
    def can_discard(self) -> bool:
        return self.may(Permission.DISCARD) and not self.has_result
