"""Removing what nobody needs any more. What is kept, and for how long, is in the settings.

Rows go in small steps, so that nobody who saves has to wait for long. Doing it twice, or at once, changes nothing.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session as SessionOfBefore
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q
from django.utils import timezone

from ..models import (
    ApiKey,
    ApiReply,
    Assessment,
    Badge,
    BrowserSession,
    CachedValue,
    CalendarFeed,
    CheckChange,
    Delivery,
    Event,
    InvitationLink,
    Mail,
    ShareLink,
    SignInAttempt,
)
from ..models.accounts import ATTEMPT_WINDOW
from ..models.assessments import AssessmentQuerySet
from ..models.participation import LinkGuess, LinkGuessQuerySet
from ..models.submissions import Submission, SubmissionQuerySet
from .whole_files import whole_file

STEP = 500
#: No month is longer.
_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One kind of thing that may be removed, in words, and the rows that may go now."""

    words: str
    rows: Callable[[], "models.QuerySet[Any]"]


def ended_sessions() -> "models.QuerySet[Any]":
    return BrowserSession.objects.ended()


def ended_sessions_of_before() -> "models.QuerySet[Any]":
    """In the table that the version before used."""
    return SessionOfBefore.objects.filter(expire_date__lt=timezone.now())


def old_attempts() -> "models.QuerySet[Any]":
    """Attempts to sign in that no limit counts any more."""
    return SignInAttempt.objects.filter(at__lt=timezone.now() - 4 * ATTEMPT_WINDOW)


def old_guesses() -> "models.QuerySet[Any]":
    return LinkGuess.objects.filter(at__lt=timezone.now() - 4 * LinkGuessQuerySet.WINDOW)


def old_submissions() -> "models.QuerySet[Any]":
    return Submission.objects.filter(day__lt=timezone.localdate() - SubmissionQuerySet.KEPT)


def old_mails() -> "models.QuerySet[Any]":
    """Mails that ended long ago.

    Those about an assessment stay until it is closed: they say who was reminded. Notices stay until nobody would queue
    them again.
    """
    before = timezone.localdate() - timedelta(days=settings.KEEP_MAILS_DAYS)
    ended = Q(state=Mail.State.SENT) | Q(state=Mail.State.SKIPPED) | Q(state=Mail.State.FAILED)
    about = Q(assessment=None) | Q(assessment__status="closed")
    # Those that were skipped together have no day; that of the closing is not before it.
    day = Q(done_on__lt=before) | Q(done_on=None, assessment__date__lt=before)
    is_over = Q(day=None) | Q(day__lt=timezone.localdate() - Mail.NOTICES_KEPT)
    return Mail.objects.filter(ended, about, day, is_over)


def old_links() -> "models.QuerySet[Any]":
    """Links of closed assessments that have not worked for a long time. The invitations stay: answers hang on them."""
    before = timezone.localdate() - timedelta(days=settings.KEEP_ENDED_LINKS_DAYS)
    ended = Q(invitation__expires_on__lt=before) | Q(invitation__revoked_on__lt=before)
    return InvitationLink.objects.filter(ended, invitation__assessment__status="closed")


def old_share_links() -> "models.QuerySet[Any]":
    """Links to reports that have not worked for a long time."""
    return ShareLink.objects.ended_before(timezone.localdate() - timedelta(days=settings.KEEP_ENDED_LINKS_DAYS))


def old_badges() -> "models.QuerySet[Any]":
    """Badges that were turned off a long time ago."""
    return Badge.objects.ended_before(timezone.localdate() - timedelta(days=settings.KEEP_ENDED_LINKS_DAYS))


def old_deliveries() -> "models.QuerySet[Any]":
    """Messages to webhooks that are over."""
    return Delivery.objects.ended_before(timezone.localdate() - timedelta(days=settings.KEEP_MAILS_DAYS))


def old_calendars() -> "models.QuerySet[Any]":
    """Addresses of calendars that were revoked a long time ago."""
    return CalendarFeed.objects.ended_before(timezone.localdate() - timedelta(days=settings.KEEP_ENDED_LINKS_DAYS))


def old_keys() -> "models.QuerySet[Any]":
    """Keys of the API that have not worked for a long time."""
    return ApiKey.objects.ended_before(timezone.localdate() - timedelta(days=settings.KEEP_ENDED_LINKS_DAYS))


def old_replies() -> "models.QuerySet[Any]":
    """Replies of the API that nobody can ask for again."""
    return ApiReply.objects.old()


def ended_values() -> "models.QuerySet[Any]":
    """Values that all processes shared for a while, such as codes that were used."""
    return CachedValue.objects.ended()


def old_check_changes() -> "models.QuerySet[Any]":
    """How checks went long ago; what is known of each now stays."""
    return CheckChange.objects.old()


LEFTOVERS = [
    Leftover(words="ended sessions", rows=ended_sessions),
    Leftover(words="ended sessions of an earlier version", rows=ended_sessions_of_before),
    Leftover(words="old attempts to sign in", rows=old_attempts),
    Leftover(words="old guesses of links", rows=old_guesses),
    Leftover(words="old marks of forms that were sent", rows=old_submissions),
    Leftover(words="old mails", rows=old_mails),
    Leftover(words="old messages to webhooks", rows=old_deliveries),
    Leftover(words="links that ended", rows=old_links),
    Leftover(words="links to reports that ended", rows=old_share_links),
    Leftover(words="badges that were turned off", rows=old_badges),
    Leftover(words="calendars that were revoked", rows=old_calendars),
    Leftover(words="API keys that ended", rows=old_keys),
    Leftover(words="old replies of the API", rows=old_replies),
    Leftover(words="shared values that ended", rows=ended_values),
    Leftover(words="old outcomes of checks", rows=old_check_changes),
]
JOURNAL = "entries of the journal"
COMMENTS = "assessments with their comments"
ANSWERS = "assessments with their answers"


def tidy() -> dict[str, int]:
    """Removes everything that may go; returns how many of each kind, in words."""
    removed = {leftover.words: _remove(leftover.rows()) for leftover in LEFTOVERS}
    removed[COMMENTS] = sum(assessment.forget_comments() for assessment in with_old_comments())
    removed[ANSWERS] = sum(assessment.forget_answers() for assessment in with_old_answers())
    removed[JOURNAL] = put_away_journal()
    return removed


def removable() -> dict[str, int]:
    """How many of each kind, in words, may go now."""
    counts = {leftover.words: leftover.rows().count() for leftover in LEFTOVERS}
    counts[COMMENTS] = len(with_old_comments())
    counts[ANSWERS] = len(with_old_answers())
    counts[JOURNAL] = old_entries().count()
    return counts


def _remove(rows: "models.QuerySet[Any]") -> int:
    removed = 0
    while keys := list(rows.values_list("pk", flat=True)[:STEP]):
        # Asked again, because somebody may have changed a row in between.
        removed += rows.filter(pk__in=keys).delete()[0]
        if len(keys) < STEP:
            break
    return removed


def with_old_comments() -> list[Assessment]:
    """Assessments that were closed so long ago that comments in their framework are kept no longer."""
    return list(_closed_long_ago(settings.KEEP_COMMENTS_MONTHS).filter(comments_removed_on=None))


def with_old_answers() -> list[Assessment]:
    return list(_closed_long_ago(settings.KEEP_ANSWERS_MONTHS).filter(answers_removed_on=None))


def _closed_long_ago(kept: dict[str, int]) -> "AssessmentQuerySet":
    """Closed before as many months as their framework keeps; none of frameworks that keep for ever.

    What came in from a file was closed when it came in. A sealed result came without answers.
    """
    now = timezone.now()
    long_ago = Q(pk=None)
    for key, months in kept.items():
        of_framework = Q(edition__framework__key=key) if key else ~Q(edition__framework__key__in=kept)
        if months:
            long_ago |= of_framework & Q(closed_at__lt=now - months * _MONTH)
    has_answers = Q(provenance=None) | Q(provenance__batch__isnull=False)
    return Assessment.objects.closed().filter(long_ago, has_answers).order_by("pk")


def old_entries() -> "models.QuerySet[Event]":
    """Entries of months that ended longer ago than the journal is kept; none if it is kept for ever."""
    if not settings.KEEP_JOURNAL_MONTHS:
        return Event.objects.none()
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return Event.objects.filter(at__lt=(today - settings.KEEP_JOURNAL_MONTHS * _MONTH).replace(day=1)).order_by("pk")


def put_away_journal() -> int:
    """Writes entries that are old enough into a file, and removes them when it is on the disk; returns how many.

    If that is interrupted in between, the next file holds them again: nothing is lost, and each entry has its number.
    """
    last = old_entries().last()
    first = old_entries().first()
    if first is None or last is None:
        return 0
    entries = old_entries().filter(pk__lte=last.pk)
    folder: Path = settings.JOURNAL_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        whole_file(folder / f"journal-{first.pk}-{last.pk}.jsonl.gz") as file,
        gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as zipped,
    ):
        for entry in entries.values("pk", "at", "kind", "actor", "team", "assessment", "data").iterator():
            zipped.write(f"{json.dumps(entry, default=_as_text, ensure_ascii=False)}\n".encode())
    removed = 0
    # The journal refuses to be deleted from, except here.
    while keys := list(entries.values_list("pk", flat=True)[:STEP]):
        removed += models.QuerySet(Event).filter(pk__in=keys)._raw_delete(DEFAULT_DB_ALIAS)
    return removed


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
