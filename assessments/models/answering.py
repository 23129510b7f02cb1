"""How answers get into an assessment. Every write locks the assessment and checks again."""

import uuid
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from ..scoring import anonymity
from . import answering_sql
from .accounts import User
from .edition_parts import Criterion, Symptom
from .journal import Event
from .participation import Answerer, Guest, Participation, ParticipationQuerySet
from .ratings import Answer, PageMark, Rating, RatingQuerySet, Respondent, RespondentQuerySet, SymptomAnswer
from .refusals import PersonGone, Refused
from .transitions import DISCARDED, OPEN, REVIEW, Moving

if TYPE_CHECKING:
    from .frameworks import Edition


class Answering(Moving):
    """The part of an assessment that people answer in."""

    if TYPE_CHECKING:
        # Fields of the assessment, and its managers of rows that refer to it, which have the verbs of these querysets.
        anonymous: models.BooleanField[bool, bool]
        edition: models.ForeignKey[Edition, Edition]
        team_id: uuid.UUID
        participations: ParticipationQuerySet
        respondents: RespondentQuerySet
        ratings: RatingQuerySet

    class Meta:
        abstract = True

    def participation_of(self, who: Answerer) -> Participation | None:
        return self.participations.of(who).first()

    def answered_keys(self, respondent: Respondent | uuid.UUID | None) -> set[str]:
        """Keys of the criteria that this respondent has answered, including with “I do not know”."""
        if respondent is None:
            return set()
        return set(Rating.objects.filter(respondent=respondent).given().values_list("criterion__key", flat=True))

    def answered_by_person(self) -> dict[tuple, int]:
        """Number of criteria answered, by (user id, invitation id), one of which is None; empty if anonymous."""
        if self.anonymous:
            return {}
        rows = self.ratings.given().order_by().values_list("respondent__user", "respondent__invitation")
        return {(user, invitation): n for user, invitation, n in rows.annotate(n=Count("pk"))}

    # ------------------------------------------------------------------ writing

    def _lock_for(self, who: Answerer) -> None:
        """Locks the row and makes sure that it takes this person's answers. Raises Refused if it does not.

        Whether the person may answer is checked afterwards: a statement that waits for the lock may read other rows as
        they were before the wait.
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
            raise Refused(_("In an anonymous assessment you can only answer through your personal link."))

    def _place(self, who: Answerer, criterion: Criterion | None = None) -> Rating:
        """The rating for this person's answer; the first one creates the respondent. Raises Refused for others."""
        rating = answering_sql.place(self, who, criterion)
        if rating is None:
            if isinstance(who, Guest):
                raise Refused(_("This link no longer works."))
            raise Refused(_("You can no longer answer for this team."))
        if rating.respondent_id is None:
            rating.respondent_id = self._begin(who).pk
        return rating

    def refuse_unless_open(self) -> None:
        """Raises Refused if no answer can be saved; saving checks again under the lock."""
        if self.status == REVIEW:
            raise Refused(_("Answering has ended, so this was not saved. What you saved before still counts."))
        self._refuse_unless(OPEN)

    def save_rating(self, *, by: Answerer, criterion: Criterion, answer: Answer, mark: PageMark) -> Rating:
        """Stores one person's answer to one criterion and returns the rating as it is stored afterwards.

        A save that is older than what the same page has already stored changes nothing. Raises Conflict if another page
        has changed the answer in the meantime, Refused if the assessment is not open or gone, or the person no longer
        answers for the team.
        """
        with transaction.atomic():
            self._lock_for(by)
            rating = self._place(by, criterion)
            if rating.accept(criterion, answer, mark, timed=not self.anonymous):
                answering_sql.store(rating)
            return rating

    def _begin(self, who: Answerer) -> Respondent:
        """The respondent for a person's first answer. If anonymous, this transaction touches no participation."""
        if not self.anonymous:
            started = {"state": Participation.State.STARTED}
            if isinstance(who, Guest):
                self.participations.of(who).filter(state=Participation.State.ASKED).update(**started)
            else:
                self.participations.update_or_create(user=who, defaults=started)
        counts = self.anonymous and self.participations.of(who).filter(counts=True).exists()
        return Respondent.objects.begin(self.pk, who, anonymous=self.anonymous, counts=counts)

    def save_symptoms(self, *, by: Answerer, answers: dict[Symptom, bool | None]) -> None:
        """Stores whether this person sees each symptom in the team; None removes an answer."""
        with transaction.atomic():
            self._lock_for(by)
            respondent = self._place(by).respondent_id
            for symptom, agrees in answers.items():
                if agrees is None:
                    SymptomAnswer.objects.filter(respondent=respondent, symptom=symptom).delete()
                else:
                    SymptomAnswer.objects.update_or_create(
                        respondent_id=respondent, symptom=symptom, defaults={"agrees": agrees}
                    )

    def submit(self, *, by: Answerer) -> None:
        """Marks that this person is done. Answers may still be changed while the assessment is open.

        Only the day is stored; the journal records nothing for an anonymous assessment.
        """
        with transaction.atomic():
            self._lock_for(by)
            if not self.answered_keys(self._place(by).respondent_id):
                raise Refused(_("Answer at least one question before you submit."))
            done = {"state": Participation.State.SUBMITTED, "submitted_on": self.team.today()}
            if isinstance(by, Guest):
                self.participations.of(by).update(**done)
            else:
                self.participations.update_or_create(user=by, defaults=done)
            if not self.anonymous:
                guest = {"invitation": by.invitation.pk} if isinstance(by, Guest) else {}
                Event.record(
                    "assessment.submitted",
                    by=by if isinstance(by, User) else None,
                    team=self.team,
                    assessment=self,
                    **guest,
                )

    # ------------------------------------------------------------------ reading

    def votes(self) -> dict[uuid.UUID, dict[str, str]]:
        """Every respondent's codes by criterion key; a missing key is unanswered."""
        votes: dict[uuid.UUID, dict[str, str]] = {}
        rows = self.ratings.given().values_list("respondent_id", "criterion__key", "answer", "choice__code")
        for respondent, key, answer, code in rows:
            votes.setdefault(respondent, {})[key] = code if answer == Rating.Kind.RATED else answer
        return votes

    def counting_votes(self) -> list[dict[str, str]]:
        """What each person said, as far as it counts. Everything calculated, stored or shown starts from this.

        In an anonymous assessment a criterion needs votes from four people who count. When answering ends, criteria
        with too few votes lose them, and everything that is left counts: see `unlinking`.
        """
        votes = self.votes()
        if not self.anonymous:
            return list(votes.values())
        known = self.respondents.filter(counts=True).values_list("pk", flat=True)
        counting = anonymity.counting_criteria(votes[pk] for pk in known if pk in votes)
        return anonymity.without_few_votes(votes.values(), counting)

    def symptoms_found(self) -> list[tuple[Symptom, int, int]]:
        """Symptoms that somebody agrees with, as (symptom, people who agree, people who answered), most agreed first.

        In an anonymous assessment, only symptoms that at least four people answered.
        """
        rows = SymptomAnswer.objects.filter(respondent__assessment=self.pk).order_by()
        counted = rows.values_list("symptom", "agrees").annotate(n=Count("pk"))
        totals: dict[int, list[int]] = {}
        for symptom, agrees, n in counted:
            total = totals.setdefault(symptom, [0, 0])
            total[0] += n if agrees else 0
            total[1] += n
        least = anonymity.LEAST if self.anonymous else 1
        counts = []
        for symptom in self.edition.contents.symptoms:
            agreeing, answering = totals.get(symptom.pk, [0, 0])
            if agreeing and answering >= least:
                counts.append((symptom, agreeing, answering))
        return sorted(counts, key=lambda row: -row[1])
