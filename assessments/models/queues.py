"""Queues of mails and of deliveries: a process claims a row, does its work, and stores how it ended.

The rows have `state`, `not_before` and `claimed_at`.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

#: When a new row may be sent. Not the moment at which it was queued: if the clock is set back, it would wait.
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
#: After this, a row that a process claimed and did not finish is tried again.
ABANDONED = timedelta(minutes=10)


def may_be_claimed() -> Q:
    """Rows that wait, whose time has come, and that no process is working on."""
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - ABANDONED)
    return Q(free, state="waiting", not_before__lte=now)
