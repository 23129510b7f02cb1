"""Webhooks for tests."""

import datetime
import ipaddress

from django.utils import timezone

from assessments.models import Delivery, Webhook

EVERYTHING = [value for value, _ in Webhook.Happening.choices]


def networks(*names: str):
    return [ipaddress.ip_network(name) for name in names]


def make_webhook(*, team, by, address="https://hooks.example.org/x", kind="slack", happenings=None) -> Webhook:
    return Webhook.objects.add(
        team=team,
        name="#team",
        kind=kind,
        address=address,
        host="hooks.example.org",
        happenings=EVERYTHING if happenings is None else happenings,
        by=by,
    )


def try_again() -> None:
    """As much later as it takes."""
    long_ago = timezone.now() - datetime.timedelta(hours=12)
    Delivery.objects.waiting().update(not_before=long_ago)
    Webhook.objects.exclude(paused_until=None).update(paused_until=long_ago)
