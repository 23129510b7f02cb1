"""How far everyone who is asked is, as the lead may see it: by name, or as a count if they answer anonymously."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Assessment, Invitation, Mail, Participation
from ..permissions.access import Permissions
from ..permissions.roles import Permission
from ..web.letters import Undelivered
from .mail import undelivered_invitations


def answer_label(assessment: Assessment, state: str | None) -> str:
    """What the button to one's own answers says; `state` is how far the person is, None if they are not asked.

    Answers to an anonymous assessment are given by personal link, so nothing here knows or tells how far somebody is.
    """
    if assessment.anonymous:
        return _("Answer")
    if state == Participation.State.SUBMITTED:
        return _("Change your answers")
    return _("Continue") if state == Participation.State.STARTED else _("Answer")


def submitted_in_words(assessment: Assessment, *, submitted: int, total: int) -> str:
    """How many have submitted; of an anonymous assessment that is open only that at least this number have."""
    if not (assessment.anonymous and assessment.is_open):
        sentence = ngettext("{count} of {total} has submitted", "{count} of {total} have submitted", total)
    elif submitted == 0:
        return _("Nobody’s submission is shown yet")
    else:
        sentence = ngettext(
            "At least {count} of {total} has submitted", "At least {count} of {total} have submitted", total
        )
    return sentence.format(count=submitted, total=total)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationRow:
    participation: Participation
    #: None if the answers have been removed since.
    answered: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """A personal link, with the mail that brought it, if there is one."""

    invitation: Invitation
    mail: Mail | None
    can_be_revoked: bool
    #: Whether nobody sees if it still works. A member who takes their personal link makes it work again.
    hides_validity: bool

    @property
    def who(self) -> str:
        invitation = self.invitation
        return str(invitation.user or "") or invitation.email or invitation.name or _("A guest")

    @property
    def can_be_forgotten(self) -> bool:
        """Whether there is data of a guest. That of an account is deleted with the account."""
        invitation = self.invitation
        return invitation.user_id is None and bool(invitation.email or invitation.name)


class Following:
    def __init__(self, assessment: Assessment, may: Permissions) -> None:
        self.assessment = assessment
        self.may = may

    @cached_property
    def participations(self) -> list[Participation]:
        return list(self.assessment.participations.named())

    def _count(self, state: str) -> int:
        return sum(p.state == state for p in self.participations)

    @property
    def total(self) -> int:
        return len(self.participations)

    @property
    def submitted(self) -> int:
        return self._count(Participation.State.SUBMITTED)

    @property
    def waiting(self) -> int:
        return self.total - self.submitted

    @property
    def questions(self) -> int:
        return len(self.assessment.criteria_asked())

    @property
    def shows_people(self) -> bool:
        return self.may(Permission.SEE_PARTICIPATION) and not self.assessment.anonymous

    @property
    def is_live(self) -> bool:
        """Whether the page follows what happens. It does not while people answer anonymously."""
        return self.assessment.is_open and self.shows_people

    @property
    def as_sentence(self) -> str:
        return submitted_in_words(self.assessment, submitted=self.submitted, total=self.total)

    @cached_property
    def rows(self) -> list[ParticipationRow]:
        """Everyone who is asked, with the number of their answers; empty if people are only counted."""
        if not self.shows_people:
            return []
        if self.assessment.answers_removed_on:
            return [ParticipationRow(participation=p, answered=None) for p in self.participations]
        answered = self.assessment.answered_by_person()
        return [
            ParticipationRow(participation=p, answered=answered.get((p.user_id, p.invitation_id), 0))
            for p in self.participations
        ]

    # ------------------------------------------------------------------ invitations

    @property
    def can_invite(self) -> bool:
        return self.assessment.is_open or self.assessment.is_draft

    @property
    def undelivered(self) -> list[Undelivered]:
        return undelivered_invitations(self.assessment)

    @cached_property
    def invitations(self) -> list[InvitationRow]:
        """The personal links. If anonymous, only those that were sent, so that nobody sees who took one."""
        invitations = self.assessment.invitations.personal().select_related("user", "participation")
        invitations = invitations.order_by("user__name", "user__email", "name", "email", "pk")
        mails = {mail.participation_id: mail for mail in self.assessment.mails.filter(kind=Mail.Kind.INVITATION)}
        of_user = {person.user_id: person for person in self.participations if person.user_id}
        rows = []
        for invitation in invitations:
            own = of_user.get(invitation.user_id) if invitation.user_id else None
            own = own or getattr(invitation, "participation", None)
            mail = mails.get(own.pk) if own else None
            if mail or not self.assessment.anonymous:
                hides_validity = self.assessment.anonymous and invitation.user_id is not None
                row = InvitationRow(
                    invitation=invitation,
                    mail=mail,
                    can_be_revoked=self.can_invite and (hides_validity or invitation.is_usable),
                    hides_validity=hides_validity,
                )
                rows.append(row)
        return rows

    def not_invited(self) -> list:
        """Ids of the accounts that are asked and were not sent a mail; if named, only those that have not started."""
        mailed = set(self.assessment.mails.filter(kind=Mail.Kind.INVITATION).values_list("participation", flat=True))
        begun = set() if self.assessment.anonymous else {Participation.State.STARTED, Participation.State.SUBMITTED}
        return [p.user_id for p in self.participations if p.user_id and p.pk not in mailed and p.state not in begun]
