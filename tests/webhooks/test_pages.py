"""The pages of webhooks: what they show, and what they never show."""

import re

import pytest
from django.urls import reverse

from assessments.models import Delivery, Event, Webhook
from assessments.outbox import deliveries

from ..accounts.second_factors import signs_in_now
from ..factories import make_membership, make_team, make_user
from .making import make_webhook

pytestmark = pytest.mark.django_db

ADDRESS = "https://1.1.1.1/services/T0/B0/very-secret"
SENT = {"name": "#search", "kind": "slack", "address": ADDRESS, "happenings": ["assessment.opened"]}


@pytest.fixture
def signed_in(client, lead):
    signs_in_now(client, lead)
    return client


@pytest.fixture
def page(team):
    return reverse("team-webhooks", args=[team.pk])


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_a_lead_adds_one_and_sees_its_host_only(signed_in, page, team, lead):
    shown = signed_in.post(page, SENT, follow=True)
    webhook = Webhook.objects.get()
    assert shown.redirect_chain == [(reverse("webhook", args=[webhook.pk]), 302)]
    assert webhook.address() == ADDRESS
    for response in (shown, signed_in.get(page)):
        assert "1.1.1.1 · added by" in text_of(response)
        assert "very-secret" not in response.content.decode()
    assert (webhook.team, webhook.made_by, webhook.happenings) == (team, lead, ["assessment.opened"])
    assert Event.objects.get(kind="webhook.added").data == {"webhook": str(webhook.pk), "format": "slack"}


def test_an_administrator_adds_one_for_the_organisation(client):
    signs_in_now(client, make_user(is_administrator=True))
    client.post(reverse("webhooks"), SENT)
    assert Webhook.objects.get().team is None


def test_the_secret_of_signed_messages_is_shown_once(signed_in, page):
    shown = signed_in.post(page, {**SENT, "kind": "json"})
    webhook = Webhook.objects.get()
    assert webhook.secret() in shown.content.decode()
    assert webhook.secret() not in signed_in.get(webhook.get_absolute_url()).content.decode()


def test_unwatched_browser_sends_results_nowhere(client, page, team, lead):
    webhook = make_webhook(team=team, by=lead)
    edit = reverse("webhook-edit", args=[webhook.pk])
    change = {"name": "#other", "happenings": ["assessment.opened"], "revision": webhook.revision}
    signs_in_now(client, lead, ago=25 * 60)
    for address, sent in ((page, SENT), (edit, change | {"address": ADDRESS})):
        refused = client.post(address, sent)
        assert refused.status_code == 422
        assert f"{reverse('two-factor-confirm')}?next={address}" in refused.content.decode()
    assert Webhook.objects.get().address() != ADDRESS
    # Its name is nothing that leads elsewhere.
    client.post(edit, change)
    assert Webhook.objects.get().name == "#other"


def test_what_cannot_be_stored_says_why(signed_in, page):
    response = signed_in.post(page, {**SENT, "address": "https://127.0.0.1/x", "happenings": []})
    assert response.status_code == 422
    assert "This address is not allowed" in text_of(response)
    assert not Webhook.objects.exists()


def test_there_are_so_many_and_no_more(signed_in, page, team, lead, monkeypatch):
    monkeypatch.setattr(type(Webhook.objects.all()), "MOST", 1)
    make_webhook(team=team, by=lead)
    response = signed_in.post(page, SENT)
    assert "There are 1 webhooks here already." in text_of(response)
    assert Webhook.objects.count() == 1


def test_a_test_is_queued_and_nothing_is_sent_in_a_request(signed_in, team, lead, monkeypatch):
    monkeypatch.setattr(deliveries, "post", lambda *args: pytest.fail("sent in a request"))
    webhook = make_webhook(team=team, by=lead)
    shown = signed_in.post(reverse("webhook-test", args=[webhook.pk]), follow=True)
    assert "A test is queued" in text_of(shown)
    assert "Test Queued" in text_of(shown)
    assert Delivery.objects.get().is_test


def test_a_delivery_that_failed_says_why_and_can_be_sent_again(signed_in, team, lead):
    webhook = make_webhook(team=team, by=lead)
    webhook.test(by=lead)
    claimed = Delivery.objects.claim()
    claimed.not_taken(Delivery.Problem.ANSWER, 503)
    shown = text_of(signed_in.get(webhook.get_absolute_url()))
    assert "1 try · The receiver answered 503. Next try:" in shown
    signed_in.post(reverse("webhook-again", args=[webhook.pk, claimed.pk]))
    assert Delivery.objects.due().get().tries == 0


def test_a_webhook_that_is_off_says_why(signed_in, team, lead):
    webhook = make_webhook(team=team, by=lead)
    webhook.turn_off(Webhook.Off.FAILED, by=None)
    shown = text_of(signed_in.get(webhook.get_absolute_url()))
    assert "It is off, because no message arrived for three days." in shown
    assert "Send a test" not in shown
    refused = signed_in.post(reverse("webhook-test", args=[webhook.pk]), follow=True)
    assert "This webhook is switched off." in text_of(refused)
    signed_in.post(reverse("webhook-on", args=[webhook.pk]))
    webhook.refresh_from_db()
    assert webhook.is_on


def test_switching_off_and_deleting(signed_in, page, team, lead):
    webhook = make_webhook(team=team, by=lead)
    webhook.test(by=lead)
    signed_in.post(reverse("webhook-off", args=[webhook.pk]))
    assert Delivery.objects.get().state == Delivery.State.SKIPPED
    for _ in range(2):
        response = signed_in.post(reverse("webhook-delete", args=[webhook.pk]))
    assert response.status_code == 404
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


def test_deleting_asks_once_more(signed_in, team, lead):
    webhook = make_webhook(team=team, by=lead)
    page = signed_in.get(webhook.get_absolute_url()).content.decode()
    (question,) = re.findall(r"<details>(.*?)</details>", page, re.DOTALL)
    assert reverse("webhook-delete", args=[webhook.pk]) in question
    assert "permanently deletes" in question


def test_a_delivery_of_another_webhook_is_not_found(signed_in, team, lead):
    own, other = (make_webhook(team=of, by=lead) for of in (team, make_team()))
    delivery = other.test(by=lead)
    assert signed_in.post(reverse("webhook-again", args=[own.pk, delivery.pk])).status_code == 404


def test_a_webhook_of_the_organisation_is_not_found_by_others(client, lead):
    webhook = make_webhook(team=None, by=lead)
    missing = reverse("webhook", args=["00000000-0000-4000-8000-000000000000"])
    for user in (lead, make_membership(team=make_team(), role="lead").user):
        signs_in_now(client, user)
        assert client.get(webhook.get_absolute_url()).status_code == 404
        assert client.get(webhook.get_absolute_url()).content == client.get(missing).content


def test_erasing_whoever_added_it_leaves_it_to_the_team(signed_in, team):
    gone = make_membership(team=team, role="lead").user
    webhook = make_webhook(team=team, by=gone)
    gone.delete()
    assert "by somebody who has left" in text_of(signed_in.get(webhook.get_absolute_url()))


class TestChanging:
    @pytest.fixture
    def webhook(self, team, lead):
        return make_webhook(team=team, by=lead, address=ADDRESS, happenings=["assessment.opened"])

    @pytest.fixture
    def edit(self, webhook):
        return reverse("webhook-edit", args=[webhook.pk])

    def test_name_and_happenings_change_and_the_address_stays_a_secret(self, signed_in, webhook, edit):
        shown = signed_in.get(edit)
        assert "hooks.example.org" in text_of(shown)
        assert "very-secret" not in shown.content.decode()
        assert "A round is started" not in text_of(shown)
        sent = {"name": "#all", "happenings": ["assessment.closed", "actions.overdue"], "address": "", "revision": 0}
        assert signed_in.post(edit, sent)["Location"] == webhook.get_absolute_url()
        webhook.refresh_from_db()
        assert (webhook.name, webhook.happenings) == ("#all", ["assessment.closed", "actions.overdue"])
        assert (webhook.host, webhook.address()) == ("hooks.example.org", ADDRESS)
        event = Event.objects.get(kind="webhook.changed")
        assert event.data == {"webhook": str(webhook.pk), "fields": ["happenings", "name"]}

    def test_the_address_is_replaced_and_not_shown(self, signed_in, webhook, edit):
        sent = {"name": "#team", "happenings": ["assessment.opened"], "address": "https://8.8.8.8/new-secret"}
        shown = signed_in.post(edit, {**sent, "revision": 0}, follow=True)
        webhook.refresh_from_db()
        assert webhook.address() == "https://8.8.8.8/new-secret"
        assert "8.8.8.8 · added by" in text_of(shown)
        assert "new-secret" not in shown.content.decode()
        # The second of two clicks.
        assert signed_in.post(edit, {**sent, "revision": 0}).status_code == 302
        assert Event.objects.filter(kind="webhook.changed").count() == 1

    def test_what_cannot_be_stored_says_why_and_changes_nothing(self, signed_in, webhook, edit):
        sent = {"name": "#all", "happenings": [], "address": "https://127.0.0.1/x", "revision": 0}
        response = signed_in.post(edit, sent)
        assert response.status_code == 422
        assert "This address is not allowed" in text_of(response)
        webhook.refresh_from_db()
        assert (webhook.name, webhook.address()) == ("#team", ADDRESS)

    def test_a_conflict_shows_no_address(self, signed_in, webhook, edit):
        happenings = ["assessment.opened"]
        signed_in.post(edit, {"name": "#all", "happenings": happenings, "address": "", "revision": 0})
        sent = {"name": "#mine", "happenings": ["assessment.closed"], "address": "https://8.8.8.8/n", "revision": 0}
        response = signed_in.post(edit, sent)
        assert response.status_code == 409
        differing = response.content.decode().split("differences", 1)[1].split("</table>")[0]
        assert "#all" in differing
        assert "A result is there" in differing
        assert "8.8.8.8" not in differing
        assert "very-secret" not in response.content.decode()

    @pytest.mark.parametrize("kind", ["slack", "json"])
    def test_one_whose_address_cannot_be_read_is_saved_by_entering_it_again(self, signed_in, team, lead, kind):
        webhook = make_webhook(team=team, by=lead, kind=kind, happenings=["assessment.opened"])
        secret = "lost" if kind == "json" else ""
        off = {"off_why": Webhook.Off.UNREADABLE, "off_on": team.today()}
        Webhook.objects.filter(pk=webhook.pk).update(address_encrypted="lost", secret_encrypted=secret, **off)
        assert "enter the address again" in text_of(signed_in.get(webhook.get_absolute_url()))
        sent = {"name": "#team", "happenings": ["assessment.opened"], "address": ADDRESS, "revision": 0}
        shown = signed_in.post(reverse("webhook-edit", args=[webhook.pk]), sent, follow=True).content.decode()
        webhook.refresh_from_db()
        assert webhook.can_be_switched_on
        assert webhook.address() == ADDRESS
        assert ("whsec_" in shown) is (kind == "json")
        if kind == "json":
            assert webhook.secret() in shown
