"""What messages say to each kind of receiver, and what they never say."""

import json

import pytest

from assessments.models import Delivery
from assessments.webhooks.messages import body_of, escaped_for_mattermost, escaped_for_slack, message_of

from .. import toy
from ..factories import make_membership, make_team, make_user
from .making import make_webhook

pytestmark = pytest.mark.django_db

NASTY = "<!channel> & *x* @here [y](https://evil.example)"


def bodies(webhook) -> list[dict]:
    found = []
    for delivery in webhook.deliveries.order_by("at"):
        message = message_of(delivery)
        if message is not None:
            found.append(json.loads(body_of(delivery, message)))
    return found


def test_slack_calls_nobody_and_shows_no_link_of_a_name():
    assert escaped_for_slack(NASTY) == "&lt;!channel&gt; &amp; *x* @here [y](https://evil.example)"


def test_neither_does_mattermost():
    escaped = escaped_for_mattermost(NASTY)
    assert "@here" not in escaped
    assert "](" not in escaped
    assert "<" not in escaped
    assert r"\*x\*" in escaped


def test_teams_gets_the_card_of_a_workflow(lead):
    team = make_team(name=NASTY)
    webhook = make_webhook(team=team, by=lead, kind="teams")
    assessment = toy.start(team=team, by=lead)
    (body,) = bodies(webhook)
    (attachment,) = body["attachments"]
    assert body["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["body"][0]["inlines"][0]["text"] == f"{team}: an assessment with Toy is open."
    assert card["actions"] == [
        {
            "type": "Action.OpenUrl",
            "title": "Open Maturity",
            "url": f"http://127.0.0.1:8000{assessment.get_absolute_url()}",
        }
    ]


@pytest.mark.parametrize("kind", ["slack", "mattermost", "teams", "json"])
@pytest.mark.parametrize("is_anonymous", [False, True])
def test_no_message_names_people_or_says_who_or_how_many_take_part(team, kind, is_anonymous):
    """The same assessment with one more person in it, and with other answers of the same level, reads the same."""
    people = [make_user(name=f"Zenobia {n}", email=f"zenobia{n}@example.org") for n in range(6)]
    said = []
    for count in (4, 6):
        team = make_team(name="Search")
        lead = make_membership(team=team, user=make_user(name="Zenobia Lead"), role="lead").user
        for person in people[:count]:
            make_membership(team=team, user=person)
        webhook = make_webhook(team=team, by=lead, kind=kind)
        assessment = toy.start(team=team, by=lead, anonymous=is_anonymous, message="From Zenobia.")
        opened = bodies(webhook)
        for number, person in enumerate(people[:count]):
            who = toy.member_by_link(assessment, person) if is_anonymous else person
            toy.rate(assessment, who, "F F L N F F P N" if number % 2 else "F F L P F F P N")
        result = assessment.close(by=lead)
        text = json.dumps(opened + bodies(webhook)[-1:], sort_keys=True)
        assert "enobia" not in text
        for identity in (webhook.pk, assessment.pk, team.pk, result.pk):
            text = text.replace(str(identity), "#")
        edition = assessment.edition
        text = text.replace(edition.framework.key, "toy")
        for delivery in webhook.deliveries.all():
            text = text.replace(delivery.at.isoformat(timespec="seconds").replace("+00:00", "Z"), "now")
        said.append(text)
    assert said[0] == said[1]


def test_a_result_without_a_level_says_so(team, lead):
    webhook = make_webhook(team=team, by=lead, kind="json")
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "N N N N N N N N")
    result = assessment.close(by=lead)
    result.level = None
    result.save(update_fields=["level"])
    closed = webhook.deliveries.get(happening="assessment.closed")
    message = message_of(Delivery.objects.get(pk=closed.pk))
    assert "no level" in message.text
    assert message.data["result"]["level"] is None
