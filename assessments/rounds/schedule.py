"""What rounds do by themselves: teams that wait are started on their day, and the next round is drafted."""

import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.utils import timezone

from ..models import Round

log = logging.getLogger("maturity")


def go_on(goes_on: Callable[[], bool] = lambda: True) -> int:
    """Drafts the rounds that repeat within a week and starts the teams that wait; returns how many it started.

    Doing it twice, or at once, drafts and starts nothing twice. A round that fails does not hold up the others.
    """
    Round.objects.draft_next(timezone.localdate())
    started = 0
    for round_ in Round.objects.running().filter(entries__started_on=None).select_related("edition").distinct():
        try:
            started += round_.resume(goes_on=goes_on)
        except DatabaseError:
            raise
        except Exception:
            log.exception("Round %s cannot go on. Trying again later.", round_.pk)
    return started
