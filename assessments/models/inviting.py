"""Who is asked to answer, and the links they use."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .accounts import User, is_email
from .journal import Event
from .mail_stops import MailStop
from .outbox import Mail
from .participation import (
    Guest,
    Invitation,
    InvitationQuerySet,
    Participation,
    ParticipationQuerySet,
    invite_hash,
    new_token,
    valid_until,
)
from .ratings import Rating
from .refusals import PersonGone, Refused
from .teams import Membership
from .transitions import DRAFT, OPEN, Moving
from .writing import hold_to_write, still_there, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many people are asked, by how they were invited. By name are members and people invited by email."""

    by_name: int
    unconfirmed: int
    by_shared_link: int


class Inviting(Moving):
    """The part of an assessment that invites people."""

    if TYPE_CHECKING:
        # Fields of the assessment, and its managers of rows that refer to it, which have the verbs of these querysets.
        anonymous: models.BooleanField[bool, bool]
        due: models.DateField[datetime.date | None, datetime.date | None]
        participations: ParticipationQuerySet
        invitations: InvitationQuerySet

    #: A limit, so that a leaked shared link does not fill the table.
    MOST_PEOPLE = 500

    class Meta:
        abstract = True

    def who_is_asked(self) -> Asked:
        """How many people are asked, so that people know before they answer. It does not reveal who has started."""
        by_name = Q(user__isnull=False) | ~Q(invitation__email="")
        counts = self.participations.aggregate(
            everyone=Count("pk"),
            by_name=Count("pk", filter=by_name),
            unconfirmed=Count("pk", filter=Q(user__is_confirmed=False)),
        )
        return Asked(
            by_name=counts["by_name"],
            unconfirmed=counts["unconfirmed"],
            by_shared_link=counts["everyone"] - counts["by_name"],
        )

    def ask(self, user: User) -> Participation:
        """Adds a person to the list of people who are asked; if their link was revoked, it works again."""
        if self.anonymous:
            self._expect_by_link([user.pk])
        self.invitations.filter(user=user).update(revoked_on=None)
        return self.participations.get_or_create(user=user)[0]

    def _expect_by_link(self, users: Iterable[UUID]) -> None:
        """Creates the invitations of team members now: created with their link, they would reveal when it was taken."""
        rows = [Invitation(assessment_id=self.pk, user_id=user, expires_on=valid_until()) for user in users]
        Invitation.objects.bulk_create(rows, ignore_conflicts=True)

    def unask(self, user: User) -> None:
        """Removes a person from the list, unless they have started to answer: answers stay."""
        self._drop_if_not_begun(self.participations.filter(user=user))
        self.invitations.filter(user=user, revoked_on=None).update(revoked_on=timezone.localdate())

    def _drop_if_not_begun(self, participations: ParticipationQuerySet) -> None:
        """In an open anonymous assessment everyone stays on the list: removing people would reveal who has started."""
        if not (self.anonymous and self.status == OPEN):
            participations.filter(state=Participation.State.ASKED).delete()

    def invite(self, *, by: User | None, members: Iterable[User] = (), addresses: Iterable[str] = ()) -> int:
        """Invites members of the team and people by email, and queues a mail to each; returns how many.

        The email of somebody who answers for the team invites that member.
        """
        with writing(by, *members, *self.team.people_who_answer(addresses)):
            locked = self._lock()
            locked._refuse_unless(DRAFT, OPEN)
            asked = locked._invite_members(list(members), by)
            for address in addresses:
                answering = Membership.objects.answering().filter(team=locked.team)
                member = answering.filter(is_email("user__email", address)).first()
                asked.append(locked._invite_member(member.user, by) if member else locked._invite_address(address, by))
            Mail.objects.queue(asked, Mail.Kind.INVITATION, by=by)
            Event.record("assessment.invited", by=by, team=self.team, assessment=self, people=len(asked))
        return len(asked)

    def _invite_members(self, members: list[User], by: User | None) -> list[Participation]:
        """Those who are asked and have not started are invited in one step: after a start that is everybody."""
        asked = {p.user_id: p for p in self.participations.filter(user__in=members, state=Participation.State.ASKED)}
        known = set(self.invitations.filter(user__in=list(asked)).values_list("user_id", flat=True))
        terms = {"expires_on": valid_until(), "revoked_on": None}
        self.invitations.filter(user__in=known).update(**terms)
        fresh = [user for user in members if user.pk in asked and user.pk not in known]
        Invitation.objects.bulk_create(
            [Invitation(assessment_id=self.pk, user=user, created_by=by, **terms) for user in fresh]
        )
        return [asked.get(user.pk) or self._invite_member(user, by) for user in members]

    def _invite_member(self, user: User, by: User | None) -> Participation:
        self._renewed(by, user=user)
        return self.ask(user)

    def _invite_address(self, address: str, by: User | None) -> Participation:
        known = self.invitations.filter(is_email("email", address)).first()
        invitation = self._renewed(by, email=known.email if known else address)
        return self.participations.get_or_create(invitation=invitation)[0]

    def _renewed(self, by: User | None, **person: Any) -> Invitation:
        """The invitation of a person, created or renewed. Revoked links stay revoked unless there can be no other."""
        terms = {"expires_on": valid_until(), "revoked_on": None}
        made = {**person, **terms, "created_by": by}
        invitation, is_new = self.invitations.update_or_create(**person, defaults=terms, create_defaults=made)
        if not is_new and self._has_begun_anonymously(invitation):
            invitation.links.update(is_revoked=False)
        return invitation

    def _has_begun_anonymously(self, invitation: Invitation) -> bool:
        if not self.anonymous:
            return False
        mine = self.participations.of(Guest(invitation, ""))
        return mine.exclude(state=Participation.State.ASKED).exists()

    # ------------------------------------------------------------------ links

    def share(self, *, by: User, token: str = "") -> str:
        """Creates the shared link, which replaces the one before, and returns its token, only this once.

        If the token belongs to the link that is already in use, that link stays in use.
        """
        token = token or new_token()
        with writing(by):
            locked = self._lock()
            locked._refuse_unless(DRAFT, OPEN)
            in_use = locked.invitations.shared().filter(revoked_on=None)
            if in_use.filter(links__token_hash=invite_hash(token)).exists():
                return token
            in_use.update(revoked_on=timezone.localdate())
            invitation = locked.invitations.create(is_shared=True, expires_on=valid_until(), created_by=by)
            invitation.add_link(token)
            Event.record("invitation.shared", by=by, team=self.team, assessment=self, invitation=invitation.pk)
        return token

    def revoke(self, invitation: Invitation, *, by: User) -> None:
        """Revokes every link of an invitation. A guest who has not started is no longer asked; a member still is.

        Saved answers stay.
        """
        with writing(by):
            locked = self._lock()
            locked._refuse_unless(DRAFT, OPEN)
            self.invitations.filter(pk=invitation.pk, revoked_on=None).update(revoked_on=timezone.localdate())
            invitation.links.update(is_revoked=True)
            locked._drop_if_not_begun(self.participations.of(Guest(invitation, "")).filter(user__isnull=True))
            Event.record("invitation.revoked", by=by, team=self.team, assessment=self, invitation=invitation.pk)

    def forget(self, invitation: Invitation, *, by: User) -> None:
        """Deletes the name, email and texts of somebody without an account; their ratings stay."""
        with writing(by):
            locked = self._lock()
            Rating.objects.filter(respondent__invitation=invitation).forget_words()
            email = invitation.email
            self.invitations.filter(pk=invitation.pk).update(email="", name="", revoked_on=timezone.localdate())
            invitation.links.update(is_revoked=True)
            if email and not Invitation.objects.filter(is_email("email", email)).exists():
                MailStop.objects.forget(email)
            locked._drop_if_not_begun(self.participations.filter(invitation=invitation))
            Event.record("invitation.forgotten", by=by, team=self.team, assessment=self, invitation=invitation.pk)

    def make_link(self, person: Participation) -> str:
        """The token of another personal link, for a mail that is about to be sent.

        The link works from now on, so that no mail is sent with a link that does not. Empty if the person can get no
        more links: because theirs were revoked, or because they have started anonymously, and only they could say which
        answers another link should lead to.
        """
        with transaction.atomic():
            try:
                hold_to_write(person.user)
            except PersonGone:
                return ""
            locked = self._lock()
            fresh = locked.participations.filter(pk=person.pk).first()
            if fresh is None or (locked.anonymous and fresh.state != Participation.State.ASKED):
                return ""
            mine = {"pk": fresh.invitation_id} if fresh.invitation_id else {"user_id": fresh.user_id}
            invitation, _is_new = locked.invitations.get_or_create(**mine, defaults={"expires_on": valid_until()})
            if invitation.is_revoked:
                return ""
            token = new_token()
            invitation.add_link(token)
            if not locked.anonymous:
                # In an anonymous assessment this would reveal who has started, as they get no more mails.
                locked.invitations.filter(pk=invitation.pk).update(expires_on=valid_until())
        return token

    def show_links(self, *, by: User) -> list[tuple[Participation, str]]:
        """Another personal link for everyone who has not started, for the lead to pass on: the person and the token.

        Raises Refused if answers are anonymous: whoever knows a link can read what is answered by it.
        """
        with writing(by):
            waiting = self.participations.filter(state=Participation.State.ASKED)
            people = self._held_people(waiting)
            locked = self._lock()
            locked._refuse_unless(OPEN)
            if locked.anonymous:
                raise Refused(
                    _(
                        "Personal links of an anonymous assessment are not shown: anyone who has one can read the "
                        "answers."
                    )
                )
            links = [
                (person, locked.make_link(person))
                for person in waiting.named()
                if person.user_id in people and not locked._is_shut_out(person)
            ]
            links = [(person, token) for person, token in links if token]
            Event.record("invitation.shown", by=by, team=self.team, assessment=self, people=len(links))
        return links

    def accept(self, who: Guest) -> None:
        """The holder of a personal link starts. Doing so again, or by another of their links, changes nothing.

        Only the owner of the mailbox is sent the link, so it is known who starts.
        """
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(OPEN)
            locked._refuse_unless_usable(who.invitation)
            locked._start_answering(who, counts=True)

    def _start_answering(self, who: Guest, *, counts: bool) -> None:
        mine = self.participations.of(who).filter(state=Participation.State.ASKED)
        if mine.update(state=Participation.State.STARTED, counts=counts) and self.anonymous:
            who.invitation.begin_with(who.token)

    def enter(self, shared: Invitation, *, token: str, name: str = "") -> Invitation:
        """Somebody uses the shared link and gets a personal link; the same token gives the same link.

        Anyone can do this several times, so these people do not count towards the four an anonymous assessment needs.
        """
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(OPEN)
            locked._refuse_unless_usable(shared)
            known = locked.invitations.filter(links__token_hash=invite_hash(token)).first()
            if known is not None:
                return known
            if locked.participations.count() >= self.MOST_PEOPLE:
                raise Refused(_("This assessment cannot take any more people. Ask the team lead."))
            name = "" if locked.anonymous else name
            invitation = locked.invitations.create(name=name, expires_on=shared.expires_on)
            invitation.add_link(token)
            locked.participations.create(invitation=invitation, state=Participation.State.STARTED, counts=False)
        return invitation

    def invitation_of(self, user: User) -> Invitation | None:
        """The invitation to this person's email, if it is proven to be theirs."""
        if not user.is_confirmed:
            return None
        return self.invitations.personal().usable().filter(is_email("email", user.email)).exclude(email="").first()

    def enter_as_invited(self, invitation: Invitation, user: User, *, token: str) -> None:
        """Somebody who was invited by email comes by the shared link: their own invitation gets this link as well.

        Raises Refused if they have started anonymously: only they could say which answers it should lead to.
        """
        with writing(user):
            locked = self._lock()
            locked._refuse_unless(OPEN)
            if locked.invitations.filter(pk=invitation.pk, links__token_hash=invite_hash(token)).exists():
                return
            has_begun = locked.participations.filter(invitation=invitation).exclude(state=Participation.State.ASKED)
            if locked.anonymous and has_begun.exists():
                raise Refused(_("You already have your personal link. What you saved by it counts."))
            invitation.add_link(token)
            locked._start_answering(Guest(invitation, token), counts=True)

    def take_link(self, user: User, *, token: str) -> None:
        """Gives a team member the personal link to an anonymous assessment, only once: it cannot be replaced.

        Taking it again with the same token changes nothing.
        """
        with writing(user):
            locked = self._lock()
            locked._refuse_unless(OPEN)
            mine = locked.participations.filter(user=user).first()
            if mine is None:
                raise Refused(_("You are not invited to this assessment."))
            if mine.state != Participation.State.ASKED:
                if locked.invitations.filter(user=user, links__token_hash=invite_hash(token)).exists():
                    return
                raise Refused(
                    _(
                        "You already have your personal link. It cannot be created again, because nothing here shows "
                        "which answers are yours. What you saved counts."
                    )
                )
            invitation, _is_new = locked.invitations.get_or_create(user=user, defaults={"expires_on": valid_until()})
            if not invitation.is_usable:
                locked.invitations.filter(pk=invitation.pk).update(expires_on=valid_until(), revoked_on=None)
            invitation.add_link(token)
            locked._start_answering(Guest(invitation, token), counts=user.is_confirmed)

    def token_for_mail(self, mail: Mail) -> str | None:
        """The token of the link in this mail, stored before the mail is sent, so that every link works.

        Empty if the person should use the link they have; None if the mail is no longer needed.
        """
        with transaction.atomic():
            asked = self.participations.filter(mails=mail)
            people = self._held_people(asked)
            locked = self._lock()
            person = asked.filter(Q(user=None) | Q(user__in=people)).first()
            if locked.status != OPEN or person is None or not person.address or locked._is_shut_out(person):
                return None
            # An anonymous invitation is always sent: if it were not, that would reveal who has answered.
            invited_anonymously = locked.anonymous and mail.kind == Mail.Kind.INVITATION
            if person.state == Participation.State.SUBMITTED and not invited_anonymously:
                return None
            if locked.anonymous and not invited_anonymously:
                return ""
            return locked.make_link(person)

    def _held_people(self, participations: ParticipationQuerySet) -> set[UUID | None]:
        """Which of these people there still are, held until the transaction ends; None stands for guests.

        It comes before the lock of the assessment: whoever erases somebody holds them and then waits for assessments.
        """
        users = participations.exclude(user=None).values_list("user_id", flat=True)
        return {None, *still_there(User, users)}

    def _is_shut_out(self, person: Participation) -> bool:
        """Whether the link of this person was revoked, or their account no longer answers for the team."""
        mine = {"pk": person.invitation_id} if person.invitation_id else {"user": person.user_id}
        if self.invitations.filter(**mine).exclude(revoked_on=None).exists():
            return True
        if person.user is None:
            return False
        answering = self.team.memberships.answering().filter(user=person.user, user__is_active=True)
        return not answering.exists()

    def _refuse_unless_usable(self, invitation: Invitation) -> None:
        if not self.invitations.usable().filter(pk=invitation.pk).exists():
            raise Refused(_("This link no longer works."))

    # ------------------------------------------------------------------ reminding

    def remind(self, *, by: User) -> int:
        """Queues a reminder to everybody who has not submitted; returns how many."""
        with writing(by):
            locked = self._lock()
            locked._refuse_unless(OPEN)
            waiting = Mail.objects.people_to_remind(locked)
            Mail.objects.queue(waiting, Mail.Kind.REMINDER, by=by)
            # In an anonymous assessment, nobody may learn how many had not submitted at this moment.
            people = {} if locked.anonymous else {"people": len(waiting)}
            Event.record("assessment.reminded", by=by, team=self.team, assessment=self, **people)
        return len(waiting)
