"""Links by which people without an account read one report.

The address holds a secret of which only a hash is stored. A link ends by its date, when it is revoked, when its result
is replaced by a newer generation, and with the right of the person who made it; the last is asked at each opening.
"""

import datetime
import hashlib
from dataclasses import dataclass
from typing import Self

from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .frameworks import Framework
from .journal import Event
from .refusals import Refused
from .results import Result
from .teams import Team, Unit
from .writing import writing


def share_hash(token: str) -> str:
    """Differs from the hashes of invitations, so that no token works in two places."""
    return hashlib.sha256(f"share{token}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareTerms:
    """What the maker of a link decides. `leaves_out` has codes of what can be left out of the report."""

    expires_on: datetime.date
    leaves_out: tuple[str, ...] = ()
    password: str = ""


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    #: Links of one report that work at the same time: enough for every reader, and the table cannot be filled.
    MOST = 50

    def usable(self) -> Self:
        """Those that open, as far as the rows say: whether the maker still has the right is not among it."""
        is_shown = Q(result=None) | Q(result__is_current=True)
        return self.filter(is_shown, expires_on__gte=timezone.localdate(), revoked_on=None, made_by__isnull=False)

    def genuine(self, token: str) -> "ShareLink | None":
        """The link of this token if it is usable, with everything that is asked at its opening."""
        about = ("unit", "framework", "result__team__unit", "result__assessment__provenance")
        rows = self.usable().select_related("made_by", *about)
        return rows.filter(token_hash=share_hash(token)).first()

    def of_assessment_of(self, result: Result) -> Self:
        """Links to any generation of this result, the newest first."""
        return self.filter(result__assessment=result.assessment_id).select_related("made_by", "result")

    def of_unit(self, unit: Unit) -> Self:
        """Links to the portfolio of this unit, the newest first."""
        return self.filter(unit=unit).select_related("made_by", "framework")

    def ended_before(self, day: datetime.date) -> Self:
        return self.filter(Q(expires_on__lt=day) | Q(revoked_on__lt=day))

    def share_result(self, result: Result, terms: ShareTerms, *, by: User, token: str) -> "ShareLink":
        """A link to this result; the same token again gives the same link.

        Raises Refused if a newer generation replaced it.
        """
        with writing(by):
            Team.objects.lock(result.team_id)
            if known := self._made_before(token, by=by):
                return known
            if not Result.objects.filter(pk=result.pk, is_current=True).exists():
                raise Refused(_("A newer generation replaced this result. Share that one instead."))
            self._refuse_too_many(self.of_assessment_of(result))
            link = self._create(terms, by=by, token=token, result=result)
            about = {"share": link.pk, "result": str(result.pk)}
            Event.record("share.made", by=by, team=result.team, assessment=result.assessment, **about)
        return link

    def share_portfolio(
        self, unit: Unit, framework: Framework, terms: ShareTerms, *, by: User, token: str
    ) -> "ShareLink":
        """A link to what the teams of a unit and below it came to in a framework; the same token, the same link."""
        with writing(by):
            if not Unit.objects.select_for_update(no_key=True).filter(pk=unit.pk).first():
                raise Refused(_("This unit has been deleted."))
            if known := self._made_before(token, by=by):
                return known
            self._refuse_too_many(self.of_unit(unit))
            link = self._create(terms, by=by, token=token, unit=unit, framework=framework)
            Event.record("share.made", by=by, share=link.pk, unit=unit.pk, framework=framework.key)
        return link

    def _made_before(self, token: str, *, by: User) -> "ShareLink | None":
        known = self.filter(token_hash=share_hash(token)).first()
        if known is not None and (known.made_by_id != by.pk or known.revoked_on):
            raise Refused(_("This page was used before. Open it again to make another link."))
        return known

    def _refuse_too_many(self, links: "ShareLinkQuerySet") -> None:
        if links.usable().count() >= self.MOST:
            sentence = _("There are {count} links to this report already. Revoke one first.")
            raise Refused(sentence.format(count=self.MOST))

    def _create(
        self,
        terms: ShareTerms,
        *,
        by: User,
        token: str,
        result: Result | None = None,
        unit: Unit | None = None,
        framework: Framework | None = None,
    ) -> "ShareLink":
        today = timezone.localdate()
        if not today <= terms.expires_on <= today + ShareLink.LONGEST:
            raise Refused(ShareLink.too_long())
        return self.create(
            token_hash=share_hash(token),
            result=result,
            unit=unit,
            framework=framework,
            expires_on=terms.expires_on,
            leaves_out=list(terms.leaves_out),
            password=make_password(terms.password) if terms.password else "",
            made_by=by,
        )

    def end_all_of(self, person: User) -> None:
        """Revokes whatever this person made, because they are about to be erased."""
        self.filter(made_by=person, revoked_on=None).update(revoked_on=timezone.localdate())


class ShareLink(models.Model):
    """One link to the report of a result, or of the portfolio of a unit in one framework.

    It never shows names of people, comments, votes, links to evidence or other teams; `leaves_out` is what its maker
    leaves out besides.
    """

    #: How long a link works at most, and if nothing is chosen.
    LONGEST = datetime.timedelta(days=366)
    USUAL = datetime.timedelta(days=30)

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    result = models.ForeignKey(Result, models.CASCADE, null=True, related_name="share_links")
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, related_name="share_links")
    framework = models.ForeignKey(Framework, models.CASCADE, null=True, related_name="+")
    leaves_out = models.JSONField(default=list)
    password = models.CharField(max_length=128, blank=True, editable=False)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="share_links")
    made_on = models.DateField(default=timezone.localdate, editable=False)
    expires_on = models.DateField(help_text="The last day on which it opens.")
    revoked_on = models.DateField(null=True, editable=False)
    opened = models.PositiveIntegerField(default=0, editable=False)
    last_opened_on = models.DateField(null=True, editable=False)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(result__isnull=False, unit__isnull=True, framework__isnull=True)
                | Q(result__isnull=True, unit__isnull=False, framework__isnull=False),
                name="share_of_result_or_portfolio",
                violation_error_message=gettext_lazy("A link leads to a result or to the portfolio of a unit."),
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("made_on")),
                name="share_expires_after_it_is_made",
                violation_error_message=gettext_lazy("A link cannot end before it is made."),
            ),
        ]

    def __str__(self) -> str:
        return f"share link {self.pk}"

    @classmethod
    def too_long(cls) -> str:
        """Why a day is refused as its last one."""
        sentence = _("Choose a day from today to {last}. A link works for at most {count} days.")
        last = timezone.localdate() + cls.LONGEST
        return sentence.format(last=date_format(last), count=cls.LONGEST.days)

    @property
    def is_expired(self) -> bool:
        return self.expires_on < timezone.localdate()

    @property
    def has_password(self) -> bool:
        return bool(self.password)

    def is_opened_by(self, password: str) -> bool:
        return check_password(password, self.password)

    def note_opening(self) -> None:
        """Counts that somebody read it, on which day, and nothing about whom."""
        again = ShareLink.objects.filter(pk=self.pk)
        again.update(opened=F("opened") + 1, last_opened_on=timezone.localdate())

    def revoke(self, *, by: User) -> None:
        """Ends it for good, once."""
        with writing(by):
            ended = ShareLink.objects.filter(pk=self.pk, revoked_on=None).update(revoked_on=timezone.localdate())
            if not ended:
                return
            about = self.result
            Event.record(
                "share.revoked",
                by=by,
                team=about.team if about else None,
                assessment=about.assessment if about else None,
                share=self.pk,
            )
