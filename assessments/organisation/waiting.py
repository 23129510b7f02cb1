"""The assessments that wait for a person's answers, as the start page lists them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..models import Assessment, Participation, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """`state` is how far the person is, empty if they have not started; `action` what they can do next."""

    assessment: Assessment
    state: str
    action: str
    is_submitted: bool


def waiting_for(user: User) -> list[Waiting]:
    """Open assessments that ask this person. One query."""
    assessments = Assessment.objects.asking(user).for_person(user).select_related("team", "edition")
    return [_row(assessment) for assessment in assessments]


def _row(assessment: Assessment) -> Waiting:
    state = Participation.State(assessment.my_state or Participation.State.ASKED)
    is_submitted = state == Participation.State.SUBMITTED
    is_started = state == Participation.State.STARTED
    # Who answers anonymously does so by personal link, so this page cannot continue where they were.
    if is_submitted and not assessment.anonymous:
        action = _("Change")
    elif is_started and not assessment.anonymous:
        action = _("Continue")
    else:
        action = _("Answer")
    return Waiting(
        assessment=assessment,
        state=str(state.label) if is_started or is_submitted else "",
        action=action,
        is_submitted=is_submitted,
    )
