"""Signatures as the library of the Standard Webhooks specification verifies them."""

import datetime

import pytest
import standardwebhooks
from django.utils import timezone

from assessments.models import Delivery, Webhook
from assessments.outbox.deliveries import deliver_waiting

from ..factories import make_membership, make_team
from ..webhook_receiver import webhook_receiver
from .making import make_webhook, networks

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_the_library_of_the_standard_verifies_a_message(settings):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    with webhook_receiver() as receiver:
        webhook = make_webhook(team=team, by=lead, kind="json", address=receiver.url)
        delivery = webhook.test(by=lead)
        assert deliver_waiting().sent == 1
    (received,) = receiver.received
    verifier = standardwebhooks.Webhook(webhook.secret())
    assert verifier.verify(received.body, received.headers) == received.json
    assert received.headers["webhook-id"] == f"msg_{delivery.message_id.hex}"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verifier.verify(received.body.replace(b"{", b"{ ", 1), received.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook("whsec_" + "A" * 43 + "=").verify(received.body, received.headers)


def test_tries_are_spread_over_three_days_and_then_the_webhook_is_off():
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    delivery = make_webhook(team=team, by=lead, kind="json").test(by=lead)
    pauses = []
    while delivery.is_waiting:
        delivery = Delivery.objects.select_related("webhook").get()
        delivery.claimed_at, delivery.tries = timezone.now(), delivery.tries + 1
        delivery.save()
        before = timezone.now()
        delivery.not_taken(Delivery.Problem.ANSWER, 500)
        if delivery.is_waiting:
            pauses.append(round((delivery.not_before - before) / datetime.timedelta(minutes=1)))
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]
    assert 2.9 * 24 * 60 <= sum(pauses) <= 3.2 * 24 * 60
    webhook = Webhook.objects.get()
    assert webhook.off_why == Webhook.Off.FAILED
    assert "three days" in webhook.why_off
