"""How answers get into an assessment. Every write takes the assessment's lock and checks again."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Count

from ..scoring import anonymity
from . import answering_sql
from .journal import Event
from .participation import Answerer, Guest, Participation
from .ratings import Answer, PageMark, Rating, Respondent, SymptomAnswer
from .refusals import PersonGone, Refused
from .transitions import DISCARDED, OPEN, REVIEW, Moving


class Answering(Moving):
    """The part of an assessment that people answer in."""

    participations: Any
    respondents: Any
    ratings: Any
    agreed_ratings: Any
    anonymous: Any

    class Meta:
        abstract = True

    def respondent_of(self, who: Answerer) -> Respondent | None:
        return self.respondents.of(who, anonymous=self.anonymous).first()

    def participation_of(self, who: Answerer) -> Participation | None:
        return self.participations.of(who).first()

    def answered_keys(self, respondent) -> set[str]:
        """Keys of the criteria that this respondent has answered, be it with `I do not know`."""
        if respondent is None:
            return set()
        return set(Rating.objects.filter(respondent=respondent).given().values_list("criterion__key", flat=True))

    def answered_by_person(self) -> dict[tuple, int]:
        """Number of criteria answered, by (user id, invitation id), one of which is None; nothing where anonymous."""
        if self.anonymous:
            return {}
        rows = self.ratings.given().order_by().values_list("respondent__user", "respondent__invitation")
        return {(user, invitation): n for user, invitation, n in rows.annotate(n=Count("pk"))}

    # ------------------------------------------------------------------ writing

    def _lock_for(self, who: Answerer):
        """Holds the row, open for this person's answers. Raises Refused where it is not.

        Whether the person may answer is asked after it: what a statement that waits for the lock reads beside it may
        be from before the wait.
        """
        status = answering_sql.lock(self, who)
        if status is None:
            if self._is_there():
                raise PersonGone
            self.status = ""
            raise Refused(DISCARDED)
        if status != self.status:
            self.refresh_from_db()
        self.refuse_unless_open()
        if self.anonymous and not isinstance(who, Guest):
            raise Refused("In an anonymous assessment answers are given by personal link only.")

    def _place(self, who: Answerer, criterion=None) -> Rating:
        """Where this person's answer belongs; its respondent is made with the first one. Raises Refused for others."""
        place = answering_sql.place(self, who, criterion)
        if place is None:
            gone = isinstance(who, Guest)
            raise Refused("This link does not work any more." if gone else "You no longer answer for this team.")
        if place.respondent_id is None:
            place.respondent_id = self._begin(who).pk
        return place

    def refuse_unless_open(self):
        """Raises Refused where no answer can be saved; saving checks it again under the lock."""
        if self.status == REVIEW:
            raise Refused("Answering has ended, so this is not stored; what was saved before counts.")
        self._refuse_unless(OPEN)

    def save_rating(self, *, by: Answerer, criterion, answer: Answer, mark: PageMark) -> Rating:
        """Stores one person's answer to one criterion and returns the rating as it is stored afterwards.

        A save that is older than what the same page has stored already changes nothing. Raises Conflict where
        another page has changed the answer meanwhile, Refused where the assessment is not open or gone, or the person
        no longer answers for the team.
        """
        with transaction.atomic():
            self._lock_for(by)
            rating = self._place(by, criterion)
            if rating.accept(criterion, answer, mark, timed=not self.anonymous):
                answering_sql.store(rating)
            return rating

    def _begin(self, who: Answerer) -> Respondent:
        """The respondent of somebody's first answer. Where anonymous, this transaction touches no participation."""
        if not self.anonymous:
            started = {"state": Participation.State.STARTED}
            if isinstance(who, Guest):
                self.participations.of(who).filter(state=Participation.State.ASKED).update(**started)
            else:
                self.participations.update_or_create(assessment=self, user=who, defaults=started)
        counts = self.anonymous and self.participations.of(who).filter(counts=True).exists()
        return Respondent.objects.begin(self.pk, who, anonymous=self.anonymous, counts=counts)

    def save_symptoms(self, *, by: Answerer, answers: dict[Any, bool | None]):
        """Stores whether this person finds each symptom; None takes an answer back."""
        with transaction.atomic():
            self._lock_for(by)
            respondent = self._place(by).respondent_id
            for symptom, agrees in answers.items():
                key = {"respondent_id": respondent, "symptom": symptom}
                if agrees is None:
                    SymptomAnswer.objects.filter(**key).delete()
                else:
                    SymptomAnswer.objects.update_or_create(**key, defaults={"agrees": agrees})

    def submit(self, *, by: Answerer):
        """Marks that this person is done. Answers may still be changed while the assessment is open.

        Only the day is noted; in the journal nothing at all of an anonymous assessment.
        """
        with transaction.atomic():
            self._lock_for(by)
            if not self.answered_keys(self._place(by).respondent_id):
                raise Refused("Answer at least one question before you submit.")
            done = {"state": Participation.State.SUBMITTED, "submitted_on": self.team.today()}
            if isinstance(by, Guest):
                self.participations.of(by).update(**done)
            else:
                self.participations.update_or_create(assessment=self, user=by, defaults=done)
            if not self.anonymous:
                guest = {"invitation": by.invitation.pk} if isinstance(by, Guest) else {}
                Event.record("assessment.submitted", by=by, team=self.team, assessment=self, **guest)

    # ------------------------------------------------------------------ reading

    def votes(self) -> dict[uuid.UUID, dict[str, str]]:
        """Every respondent's codes by criterion key; what is not there is unanswered."""
        votes: dict[uuid.UUID, dict[str, str]] = {}
        rows = self.ratings.given().values_list("respondent_id", "criterion__key", "answer", "choice__code")
        for respondent, key, answer, code in rows:
            votes.setdefault(respondent, {})[key] = code if answer == Rating.Kind.RATED else answer
        return votes

    def counting_votes(self) -> list[dict[str, str]]:
        """What each person said, as far as it counts. Whatever is worked out, kept or shown starts from this.

        Four people who count have to have voted on a criterion of an anonymous assessment. As answering ends, what was
        not enough is removed, and all that is left counts: see `unlinking`.
        """
        votes = self.votes()
        if not self.anonymous:
            return list(votes.values())
        known = self.respondents.filter(counts=True).values_list("pk", flat=True)
        counting = anonymity.counting_criteria(votes[pk] for pk in known if pk in votes)
        return anonymity.without_few_votes(votes.values(), counting)

    def symptoms_found(self) -> list[tuple[Any, int, int]]:
        """What somebody agrees to, as (symptom, people who agree, people who said anything), most agreed first.

        In an anonymous assessment only those that at least four people said anything about.
        """
        rows = SymptomAnswer.objects.filter(respondent__assessment=self.pk).order_by()
        counted = rows.values_list("symptom", "agrees").annotate(n=Count("pk"))
        totals: dict[int, list[int]] = {}
        for symptom, agrees, n in counted:
            total = totals.setdefault(symptom, [0, 0])
            total[0] += n if agrees else 0
            total[1] += n
        least = anonymity.LEAST if self.anonymous else 1
        asked = self.edition.contents.symptoms  # type: ignore[attr-defined]
        found = [(s, *totals[s.pk]) for s in asked if s.pk in totals and totals[s.pk][1] >= least and totals[s.pk][0]]
        return sorted(found, key=lambda each: -each[1])
