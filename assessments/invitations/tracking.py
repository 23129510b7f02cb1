"""How far the people are who are asked, as their lead may see it: by name, or as a count where anonymous."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Assessment, Mail, Participation


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    participation: Participation
    answered: int | None


class Following:
    def __init__(self, assessment: Assessment, may):
        self.assessment, self.may = assessment, may

    @cached_property
    def participations(self) -> list[Participation]:
        return list(self.assessment.participations.named())

    def _count(self, state) -> int:
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
        return self.may("see participation") and not self.assessment.anonymous

    @property
    def is_live(self) -> bool:
        """Whether the page follows what happens. It does not while people answer anonymously."""
        return self.assessment.is_open and self.shows_people

    @property
    def as_sentence(self) -> str:
        """How many have submitted; of an anonymous assessment that is open no more than that it is at least so many."""
        if not (self.assessment.anonymous and self.assessment.is_open):
            sentence = ngettext("{count} of {total} has submitted", "{count} of {total} have submitted", self.total)
        elif self.submitted == 0:
            return _("Nobody's submission is shown yet")
        else:
            sentence = ngettext(
                "At least {count} of {total} has submitted", "At least {count} of {total} have submitted", self.total
            )
        return sentence.format(count=self.submitted, total=self.total)

    @cached_property
    def rows(self) -> list[Row]:
        """Everybody with the number of their answers; empty where people are only counted."""
        if not self.shows_people:
            return []
        answered = self.assessment.answered_by_person()
        return [
            Row(participation=p, answered=answered.get((p.user_id, p.invitation_id), 0)) for p in self.participations
        ]

    # ------------------------------------------------------------------ invitations

    @cached_property
    def invitations(self) -> list:
        """The personal links, each with whether its mail is out; where anonymous, not those taken without a mail."""
        rows = self.assessment.invitations.personal().select_related("user", "participation")
        rows = rows.order_by("user__name", "user__email", "name", "email", "pk")
        mails = {m.participation_id: m for m in self.assessment.mails.filter(kind=Mail.Kind.INVITATION)}
        of_user = {p.user_id: p for p in self.participations if p.user_id}
        shown = []
        for invitation in rows:
            user = invitation.user_id
            mine = of_user[user] if user in of_user else getattr(invitation, "participation", None)
            invitation.mail = mails.get(mine.pk) if mine else None
            if invitation.mail or not self.assessment.anonymous:
                shown.append(invitation)
        return shown

    def not_invited(self) -> list:
        """Ids of the accounts that are asked and were sent no mail; where named, have not begun either."""
        mailed = set(self.assessment.mails.filter(kind=Mail.Kind.INVITATION).values_list("participation", flat=True))
        begun = set() if self.assessment.anonymous else {Participation.State.STARTED, Participation.State.SUBMITTED}
        return [p.user_id for p in self.participations if p.user_id and p.pk not in mailed and p.state not in begun]
