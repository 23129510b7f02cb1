"""Sends what waits for webhooks. A receiver that hangs costs one try: what else waits for it waits until the next one.

As with mails, each step is stored before it is taken. A process that dies leaves a delivery that is sent again under
the same id.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError
from django.utils import timezone

from ..models import Delivery, Webhook
from ..models.encryption import Unreadable
from ..webhooks.addresses import NotAnAddress, parsed_destination
from ..webhooks.messages import body_of, headers_of, message_of
from ..webhooks.posting import NotTaken, post

log = logging.getLogger("maturity")

#: What a receiver answers that wants nothing any more.
GONE = 410
#: Seconds after which a round begins no other delivery, so that mails do not wait for receivers that hang.
ROUND = 20.0


@dataclass(slots=True)
class Delivered:
    """What one round did. `postponed` were not taken, and are tried again or have failed for good."""

    sent: int = 0
    postponed: int = 0


def deliver_waiting(*, goes_on: Callable[[], bool] = lambda: True) -> Delivered:
    """Sends queued deliveries until none is left, the round has taken long enough, or `goes_on` says no."""
    done = Delivered()
    until = time.monotonic() + ROUND
    while goes_on() and time.monotonic() < until and (delivery := Delivery.objects.claim()):
        _deliver(delivery, done)
    return done


def _deliver(delivery: Delivery, done: Delivered) -> None:
    try:
        message = message_of(delivery)
        if message is None:
            delivery.skip()
            return
        destination = parsed_destination(delivery.webhook.address())
        body = body_of(delivery, message)
        headers = headers_of(delivery, body, now=timezone.now())
        status = post(destination, body, headers)
    except DatabaseError:
        raise
    except NotTaken as failure:
        done.postponed += 1
        # Never the address: it is a secret.
        log.warning("Delivery %s was not taken: %s %s", delivery.pk, failure.problem, failure.status or "")
        if failure.status == GONE:
            delivery.gone(GONE)
        else:
            delivery.not_taken(failure.problem, failure.status)
    except (Unreadable, NotAnAddress):
        done.postponed += 1
        delivery.fail(Delivery.Problem.UNWRITABLE)
        delivery.webhook.turn_off(Webhook.Off.UNREADABLE, by=None)
    except Exception:
        log.exception("Delivery %s cannot be written.", delivery.pk)
        done.postponed += 1
        delivery.fail(Delivery.Problem.UNWRITABLE)
    else:
        delivery.arrived(status)
        done.sent += 1
