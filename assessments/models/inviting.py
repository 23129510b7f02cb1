"""Who is asked to answer, and the links by which people come in."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from .accounts import User
from .journal import Event
from .outbox import Mail
from .participation import Guest, Invitation, Participation, invite_hash, new_token
from .ratings import Rating
from .teams import Membership
from .transitions import DRAFT, OPEN, Moving, Refused


class Inviting(Moving):
    """The part of an assessment that asks people."""

    participations: Any
    invitations: Any
    mails: Any
    anonymous: Any

    #: So that a shared link that went astray does not fill the table.
    MOST_PEOPLE = 500

    class Meta:
        abstract = True

    def ask(self, user) -> Participation:
        """Puts a person on the list of those who are asked; a link taken away from them works again."""
        self.invitations.filter(user=user).update(revoked_at=None)
        return self.participations.get_or_create(assessment=self, user=user)[0]

    def unask(self, user):
        """Takes a person off the list, unless they have begun to answer: what was said stays."""
        self.participations.filter(user=user, state=Participation.State.ASKED).delete()
        self.invitations.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())

    def invite(self, *, by, members=(), addresses=()) -> int:
        """Asks members of the team and people by address, and puts a mail to each in the outbox; returns how many.

        An address that belongs to somebody who answers for the team is that person's. Who has begun to answer
        anonymously gets no second link: it could not lead to the answers that there are.
        """
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(DRAFT, OPEN)
            asked = [locked._invite_member(user, by) for user in members]
            for address in addresses:
                member = Membership.objects.answering().filter(team=locked.team, user__email__iexact=address).first()
                asked.append(locked._invite_member(member.user, by) if member else locked._invite_address(address, by))
            if locked.anonymous:
                asked = [p for p in asked if p.state == Participation.State.ASKED]
            Mail.objects.queue(asked, Mail.Kind.INVITATION)
            Event.record("assessment.invited", by=by, team=self.team, assessment=self, people=len(asked))
        return len(asked)

    def _invite_member(self, user: User, by) -> Participation:
        self._renewed(by, user=user)
        return self.ask(user)

    def _invite_address(self, address: str, by) -> Participation:
        known = self.invitations.filter(email__iexact=address).first()
        invitation = self._renewed(by, email=known.email if known else address)
        return self.participations.get_or_create(assessment=self, invitation=invitation)[0]

    def _renewed(self, by, **whom) -> Invitation:
        until = {"expires_at": timezone.now() + Invitation.LIFETIME, "revoked_at": None}
        made = {**until, "created_by": by}
        return self.invitations.update_or_create(**whom, defaults=until, create_defaults={**whom, **made})[0]

    # ------------------------------------------------------------------ links

    def share(self, *, by) -> str:
        """Makes the one link that anybody may use, in place of the one before; returns its token, this once."""
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(DRAFT, OPEN)
            locked.invitations.shared().filter(revoked_at=None).update(revoked_at=timezone.now())
            token = new_token()
            until = timezone.now() + Invitation.LIFETIME
            made = {"token_hash": invite_hash(token), "expires_at": until, "created_by": by}
            invitation = locked.invitations.create(is_shared=True, **made)
            Event.record("invitation.shared", by=by, team=self.team, assessment=self, invitation=invitation.pk)
        return token

    def revoke(self, invitation: Invitation, *, by):
        """Ends a link. A guest who had not begun is not asked any more, a member of the team still is.

        What was saved stays.
        """
        with transaction.atomic():
            self._lock()._refuse_unless(DRAFT, OPEN)
            self.invitations.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())
            self.participations.of(Guest(invitation, "")).filter(
                state=Participation.State.ASKED, user__isnull=True
            ).delete()
            Event.record("invitation.revoked", by=by, team=self.team, assessment=self, invitation=invitation.pk)

    def forget(self, invitation: Invitation, *, by):
        """Removes name, address and words of somebody who came without an account; what they rated stays."""
        with transaction.atomic():
            self._lock()
            Rating.objects.filter(respondent__invitation=invitation).forget_words()
            self.invitations.filter(pk=invitation.pk).update(email="", name="", revoked_at=timezone.now())
            self.participations.filter(invitation=invitation, state=Participation.State.ASKED).delete()
            Event.record("invitation.forgotten", by=by, team=self.team, assessment=self, invitation=invitation.pk)

    def accept(self, invitation: Invitation):
        """The holder of a personal link begins. However often this happens, it is one participation."""
        with transaction.atomic():
            self._lock()._refuse_unless(OPEN)
            self._refuse_unless_usable(invitation)
            mine = self.participations.of(Guest(invitation, ""))
            mine.filter(state=Participation.State.ASKED).update(state=Participation.State.STARTED)

    def enter(self, shared: Invitation, *, token: str, name: str = "") -> Invitation:
        """Somebody comes in by the shared link and gets a personal link: with the same token the same one."""
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(OPEN)
            locked._refuse_unless_usable(shared)
            if locked.participations.count() >= self.MOST_PEOPLE:
                raise Refused("This assessment takes no more people. Ask the lead.")
            made = {"name": "" if locked.anonymous else name, "expires_at": shared.expires_at}
            if locked.anonymous:
                made["created_at"] = shared.created_at
            invitation, is_new = locked.invitations.get_or_create(token_hash=invite_hash(token), defaults=made)
            if is_new:
                state = Participation.State.STARTED
                locked.participations.create(assessment=locked, invitation=invitation, state=state)
        return invitation

    def take_link(self, user: User, *, token: str):
        """Gives a member of the team the personal link to an anonymous assessment, once: it cannot be replaced.

        Taking it again with the same token changes nothing.
        """
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(OPEN)
            mine = locked.participations.filter(user=user).first()
            if mine is None:
                raise Refused("You are not asked in this assessment.")
            if mine.state != Participation.State.ASKED:
                if locked.invitations.filter(user=user, token_hash=invite_hash(token)).exists():
                    return
                raise Refused(
                    "Your personal link was handed out already. It cannot be made again, because nothing here tells "
                    "which answers are yours. What you saved counts."
                )
            until = timezone.now() + Invitation.LIFETIME
            made = {"token_hash": invite_hash(token), "expires_at": until, "revoked_at": None}
            locked.invitations.update_or_create(user=user, defaults=made)
            locked.participations.filter(pk=mine.pk).update(state=Participation.State.STARTED)

    def link_sent(self, person: Participation, token: str) -> bool:
        """Puts a token in force that a mail server has taken; not where the person began anonymously meanwhile.

        A link that was taken away meanwhile stays so, with whatever token.
        """
        with transaction.atomic():
            locked = self._lock()
            fresh = locked.participations.filter(pk=person.pk).first()
            if fresh is None or (locked.anonymous and fresh.state != Participation.State.ASKED):
                return False
            mine = {"pk": fresh.invitation_id} if fresh.invitation_id else {"user_id": fresh.user_id}
            made = {"token_hash": invite_hash(token), "expires_at": timezone.now() + Invitation.LIFETIME}
            locked.invitations.update_or_create(**mine, defaults=made)
        return True

    def _refuse_unless_usable(self, invitation):
        if not self.invitations.usable().filter(pk=invitation.pk).exists():
            raise Refused("This link does not work any more.")

    # ------------------------------------------------------------------ reminding

    def remind(self, *, by) -> int:
        """Puts a reminder to everybody who has not submitted in the outbox; returns how many."""
        with transaction.atomic():
            locked = self._lock()
            locked._refuse_unless(OPEN)
            waiting = Mail.objects.people_to_remind(locked)
            Mail.objects.queue(waiting, Mail.Kind.REMINDER)
            Event.record("assessment.reminded", by=by, team=self.team, assessment=self, people=len(waiting))
        return len(waiting)
