"""The assessments that wait for a person's answers, as the start page lists them."""

from dataclasses import dataclass

from ..invitations.tracking import answer_label
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
    return Waiting(
        assessment=assessment,
        state="" if state == Participation.State.ASKED else str(state.label),
        action=answer_label(assessment, state),
        is_submitted=state == Participation.State.SUBMITTED,
    )
