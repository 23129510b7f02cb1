"""Erasing a person: what is deleted, and what stays."""

from django.db.models import Q

from ..models import (
    AgreedRating,
    Assessment,
    Badge,
    Event,
    Invitation,
    MailStop,
    OutsideInvitation,
    Rating,
    Reopening,
    Round,
    SetbackReason,
    ShareLink,
    Target,
    Tracker,
    User,
)
from ..models.accounts import is_email
from ..models.writing import hold_to_erase


def erase(person: User, *, by: User) -> None:
    """Deletes a person: name, email, comments, notes and reasons. Results, ratings and the team's actions stay.

    Anonymous answers and comments cannot be found, and stay. Raises LastAdministrator if nobody would be left who can
    administer the installation.
    """
    with User.objects.keeping_an_administrator():
        hold_to_erase(person, by=by)
        person.refresh_from_db(fields=["email"])
        as_guest = Invitation.objects.filter(is_email("email", person.email))
        as_outsider = OutsideInvitation.objects.filter(is_email("email", person.email))
        # A guest has no row to lock: locking the assessment keeps them from saving.
        either = Q(pk__in=as_guest.values("assessment")) | Q(pk__in=as_outsider.values("view__assessment"))
        Assessment.objects.filter(either).held()
        as_outsider.forget()
        for invitation in as_guest.select_related("assessment"):
            invitation.assessment.forget(invitation, by=by)
        Rating.objects.filter(respondent__user=person).forget_words()
        Assessment.objects.filter(created_by=person).update(message="")
        Round.objects.filter(Q(started_by=person) | Q(drafted_by=person)).update(message="")
        Reopening.objects.filter(by=person).update(reason="(removed)")
        SetbackReason.objects.filter(by=person).update(text="(removed)")
        Target.objects.filter(set_by=person).update(why="(removed)")
        AgreedRating.objects.filter(by=person).update(note="")
        AgreedRating.objects.filter(by=person).exclude(reason="").update(reason="(removed)")
        ShareLink.objects.end_all_of(person)
        Badge.objects.end_all_of(person)
        Tracker.objects.forget_tokens_of(person)
        MailStop.objects.forget(person.email)
        Event.record("account.erased", by=by, person=str(person.pk))
        person.delete()
