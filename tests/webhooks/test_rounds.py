"""A round is reported to webhooks of the organisation once, and not again for each of its teams."""

import datetime

import pytest

from assessments.models import Delivery, Round, Team, Webhook
from assessments.webhooks.forms import WebhookForm
from assessments.webhooks.messages import message_of

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from .making import make_webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def started():
    """A round of three teams that is under way."""
    admin, unit = make_user(is_administrator=True), make_unit()
    for _ in range(3):
        make_membership(team=make_team(unit=unit), role="lead")
    webhooks = {kind: make_webhook(team=None, by=admin, kind=kind) for kind in ("slack", "json")}
    webhooks["deaf"] = make_webhook(team=None, by=admin, happenings=[Webhook.Happening.OPENED])
    webhooks["team"] = make_webhook(team=Team.objects.first(), by=admin)
    today = datetime.date(2026, 1, 5)
    terms = {"edition": toy.make_edition(), "name": "Q1 2026", "opens": today, "due": today}
    round_ = Round.objects.draft(by=admin, unit=unit, **terms)
    round_.start(by=admin, teams=round_.teams_to_choose())
    Round.objects.get(pk=round_.pk).resume()
    return webhooks, round_


def said(webhook) -> list[str]:
    messages = [message_of(delivery) for delivery in webhook.deliveries.order_by("at")]
    return [message.text for message in messages if message]


def test_a_chat_hears_of_the_round_and_not_of_each_team(started):
    webhooks, _round = started
    sentence = "The round “Q1 2026” with Toy is started for 3 teams. Answers are due on 5 January 2026."
    assert said(webhooks["slack"]) == [sentence]
    assert len(said(webhooks["json"])) == 4
    assert len(said(webhooks["deaf"])) == 3
    assert not webhooks["team"].deliveries.filter(happening="round.started").exists()


def test_a_program_is_told_which_round(started):
    webhooks, round_ = started
    delivery = webhooks["json"].deliveries.get(happening="round.started")
    message = message_of(Delivery.objects.select_related("webhook").get(pk=delivery.pk))
    assert message.data["round"] == {"id": str(round_.pk), "name": "Q1 2026", "due": "2026-01-05", "teams": 3}
    assert message.url.endswith(round_.get_absolute_url())


def test_only_the_organisation_is_offered_rounds():
    offered = [dict(WebhookForm(of_team=of_team).fields["happenings"].choices) for of_team in (True, False)]
    assert [Webhook.Happening.ROUND_STARTED in choices for choices in offered] == [False, True]
