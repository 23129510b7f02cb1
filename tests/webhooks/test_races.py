"""Deliveries beside what happens at the same moment: none is sent twice, and no closing fails because of a webhook."""

import threading

import pytest
from django.db import connection

from assessments.models import Assessment, Delivery, Webhook
from assessments.models.webhooks import DeliveryQuerySet
from assessments.outbox.deliveries import deliver_waiting

from .. import toy
from ..at_once import at_once
from ..factories import make_membership, make_team
from ..webhook_receiver import webhook_receiver
from .making import make_webhook, networks

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_two_senders_send_each_delivery_once(settings):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    with webhook_receiver() as receiver:
        webhook = make_webhook(team=team, by=lead, address=receiver.url)
        for _ in range(20):
            webhook.test(by=lead)
        first, second = at_once(deliver_waiting, deliver_waiting)
        assert first.sent + second.sent == 20
        assert len(receiver.received) == 20


def test_a_webhook_that_is_deleted_at_the_same_moment_stops_no_closing(monkeypatch):
    """It is deleted just before its delivery is stored: the deletion waits until the closing is over."""
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    webhooks = [make_webhook(team=of, by=lead) for of in (team, None)]
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F L N F F P N")
    Delivery.objects.all().delete()

    def delete() -> None:
        try:
            for webhook in webhooks:
                webhook.remove(by=lead)
        finally:
            connection.close()

    deleting = threading.Thread(target=delete)
    store = DeliveryQuerySet.bulk_create

    def store_late(self, *args, **kwargs):
        deleting.start()
        deleting.join(0.5)
        return store(self, *args, **kwargs)

    monkeypatch.setattr(DeliveryQuerySet, "bulk_create", store_late)
    assessment.close(by=lead)
    deleting.join()
    assert Assessment.objects.get(pk=assessment.pk).is_closed
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


def test_teams_that_close_at_the_same_moment_do_not_wait_for_one_webhook():
    """All report to the organisation's webhook, while somebody switches it off and on."""
    leads = [make_membership(team=make_team(), role="lead") for _ in range(4)]
    webhook = make_webhook(team=None, by=leads[0].user)
    begun = []
    for membership in leads:
        assessment = toy.start(team=membership.team, by=membership.user)
        toy.rate(assessment, membership.user, "F F L N F F P N")
        begun.append((assessment, membership.user))

    def switch():
        for _ in range(5):
            webhook.turn_off(Webhook.Off.BY_HAND, by=leads[0].user)
            webhook.turn_on(by=leads[0].user)

    closings = [lambda a=assessment, u=user: a.close(by=u) for assessment, user in begun]
    outcomes = at_once(switch, *closings)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert Assessment.objects.closed().count() == 4
