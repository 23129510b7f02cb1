"""Deliveries to a receiver that takes them, refuses them, redirects, hangs, drips, or is gone."""

import base64
import datetime
import hashlib
import hmac
import io
import time

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from assessments.management.commands import send_due
from assessments.models import Delivery, Event, Refused, Webhook
from assessments.outbox import deliveries
from assessments.outbox.deliveries import deliver_waiting
from assessments.webhooks import posting

from .. import toy
from ..factories import make_membership, make_team
from ..smtp_sink import unused_port
from ..webhook_receiver import drips, floods, hangs, status, webhook_receiver
from .making import EVERYTHING, make_webhook, networks, try_again

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture
def webhook(receiver, team, lead):
    return make_webhook(team=team, by=lead, address=receiver.url)


def state_of(delivery) -> tuple[str, int | None, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.status, delivery.problem


def test_what_happens_to_an_assessment_arrives(receiver, webhook, team, lead):
    assessment = toy.start(team=team, by=lead)
    assert receiver.received == []
    assert deliver_waiting().sent == 1
    toy.rate(assessment, lead, "F F L N F F P N")
    result = assessment.close(by=lead)
    assert deliver_waiting().sent == 1
    opened, closed = (received.json["text"] for received in receiver.received)
    assert opened == f"{team}: an assessment with Toy is open.\nhttp://127.0.0.1:8000/assessments/{assessment.pk}/"
    assert closed.startswith(f"{team}: the result of the assessment with Toy is there: level 1 of 3.\n")
    assert closed.endswith(result.get_absolute_url())
    assert {received.path for received in receiver.received} == {"/hook/secret"}
    assert deliver_waiting().sent == 0


def test_a_draft_is_reported_when_it_is_opened(receiver, webhook, team, lead):
    draft = toy.start(team=team, by=lead, as_draft=True)
    assert not Delivery.objects.exists()
    draft.open(by=lead)
    assert deliver_waiting().sent == 1


def test_what_is_rolled_back_is_not_reported(receiver, webhook, team, lead):
    with transaction.atomic():
        toy.start(team=team, by=lead)
        assert Delivery.objects.count() == 1
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_each_hears_of_its_own_team_and_of_what_it_wants(receiver, webhook, team, lead):
    other = make_team()
    leads = make_membership(team=other, role="lead").user
    organisation = make_webhook(team=None, by=lead, address=receiver.url)
    deaf = make_webhook(team=team, by=lead, address=receiver.url, happenings=[Webhook.Happening.CLOSED])
    toy.start(team=other, by=leads)
    toy.start(team=team, by=lead)
    heard = Delivery.objects.values_list("webhook", "team")
    assert sorted(heard, key=str) == sorted(
        [(webhook.pk, team.pk), (organisation.pk, team.pk), (organisation.pk, other.pk)], key=str
    )
    assert not deaf.deliveries.exists()


def test_a_signed_message_can_be_verified(receiver, team, lead):
    webhook = make_webhook(team=team, by=lead, address=receiver.url, kind="json")
    assessment = toy.start(team=team, by=lead, due=datetime.date(2026, 11, 1))
    deliver_waiting()
    (received,) = receiver.received
    message, stamp = received.headers["webhook-id"], received.headers["webhook-timestamp"]
    assert message == f"msg_{Delivery.objects.get().message_id.hex}"
    assert abs(int(stamp) - time.time()) < 60
    key = base64.b64decode(webhook.secret().removeprefix("whsec_"))
    signed = f"{message}.{stamp}.".encode() + received.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert received.headers["webhook-signature"] == f"v1,{expected}"
    assert received.headers["content-type"] == "application/json"
    assert received.json["type"] == "assessment.opened"
    assert received.json["data"]["assessment"] == {"id": str(assessment.pk), "date": "2026-10-14", "due": "2026-11-01"}


@pytest.mark.parametrize(
    ("answer", "problem", "code"),
    [
        (status(500), "answer", 500),
        (status(404), "answer", 404),
        (status(302, "Location: http://127.0.0.1:1/"), "redirect", 302),
        (hangs, "too-slow", None),
        (drips, "too-slow", None),
        (floods, "not-http", None),
        (lambda connection, closing: connection.sendall(b"SSH-2.0-x\r\n"), "not-http", None),
        (lambda connection, closing: None, "not-http", None),
    ],
    ids=["500", "404", "redirect", "hangs", "drips", "floods", "other", "nothing"],
)
def test_a_receiver_that_does_not_take_it_is_asked_again_in_a_minute(
    receiver, webhook, team, lead, answer, problem, code, monkeypatch
):
    receiver.answer = answer
    toy.start(team=team, by=lead)
    began, now = time.monotonic(), timezone.now()
    with monkeypatch.context() as impatient:
        if problem == "too-slow":
            impatient.setattr(posting, "LIMIT", 0.4)
        assert deliver_waiting().postponed == 1
    # Those that are too slow would take 30 seconds.
    assert time.monotonic() - began < 20
    delivery = Delivery.objects.get()
    assert state_of(delivery) == ("waiting", code, problem)
    in_a_minute = delivery.not_before - datetime.timedelta(minutes=1)
    assert now - datetime.timedelta(seconds=10) < in_a_minute < timezone.now() + datetime.timedelta(seconds=10)
    assert deliver_waiting().postponed == 0
    receiver.answer = status(204)
    try_again()
    assert deliver_waiting().sent == 1
    assert state_of(delivery) == ("sent", 204, "")
    assert receiver.connections == 2


def test_nobody_listens(settings, team, lead):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    make_webhook(team=team, by=lead, address=f"http://127.0.0.1:{unused_port()}/")
    toy.start(team=team, by=lead)
    assert deliver_waiting().postponed == 1
    assert state_of(Delivery.objects.get()) == ("waiting", None, "no-connection")


def test_redirects_are_not_followed(receiver, webhook, team, lead):
    with webhook_receiver() as inside:
        receiver.answer = status(307, f"Location: {inside.url}")
        toy.start(team=team, by=lead)
        deliver_waiting()
        assert inside.connections == 0


def test_a_receiver_that_hangs_holds_up_neither_others_nor_itself(receiver, webhook, team, lead, monkeypatch):
    """Of all that waits for it one try is made, and the others get theirs."""
    monkeypatch.setattr(posting, "LIMIT", 2)
    receiver.answer = hangs
    with webhook_receiver() as healthy:
        for _ in range(5):
            webhook.test(by=lead)
        other = make_webhook(team=team, by=lead, address=healthy.url)
        for _ in range(5):
            other.test(by=lead)
        began = time.monotonic()
        done = deliver_waiting()
        # It would hang for 30 seconds.
        assert time.monotonic() - began < 20
        assert (done.sent, done.postponed) == (5, 1)
        assert len(healthy.received) == 5
    assert receiver.connections == 1


def test_a_round_ends_after_a_while(receiver, webhook, lead, monkeypatch):
    monkeypatch.setattr(deliveries, "ROUND", 0)
    webhook.test(by=lead)
    assert deliver_waiting().sent == 0


def test_it_is_tried_for_three_days_and_then_the_webhook_is_off(receiver, webhook, team, lead):
    receiver.answer = status(503)
    webhook.test(by=lead)
    waited = datetime.timedelta()
    tries = 0
    while deliver_waiting().postponed:
        tries += 1
        webhook.refresh_from_db()
        if webhook.paused_until:
            pause = webhook.paused_until - timezone.now()
            assert datetime.timedelta(seconds=50) < pause <= datetime.timedelta(hours=6)
            waited += pause
        try_again()
    assert tries == Delivery.TRIES
    assert datetime.timedelta(days=3) < waited < datetime.timedelta(days=3, hours=6)
    assert state_of(Delivery.objects.get()) == ("failed", 503, "answer")
    assert webhook.off_why == Webhook.Off.FAILED
    toy.start(team=team, by=lead)
    assert Delivery.objects.count() == 1
    assert Event.objects.filter(kind="webhook.off", actor=None).count() == 1


def test_a_receiver_that_is_gone_ends_the_webhook_at_once(receiver, webhook, team, lead):
    receiver.answer = status(410)
    for _ in range(2):
        webhook.test(by=lead)
    deliver_waiting()
    webhook.refresh_from_db()
    assert webhook.off_why == Webhook.Off.GONE
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["failed", "skipped"]


def test_after_another_secret_key_it_is_off_and_says_why(receiver, webhook, lead, settings):
    webhook.test(by=lead)
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-everybody"
    deliver_waiting()
    webhook.refresh_from_db()
    assert webhook.off_why == Webhook.Off.UNREADABLE
    assert receiver.connections == 0
    webhook.turn_on(by=lead)
    webhook.refresh_from_db()
    assert not webhook.is_on


def test_the_same_address_entered_again_works_with_another_secret_key_and_with_the_first_one(team, lead, settings):
    """It was off for good if the address was the same: once the first key was back, or if only the secret was lost."""
    webhook = make_webhook(team=team, by=lead, kind="json")
    first, address = settings.SECRET_KEY, webhook.address()

    def entered_again():
        Webhook.objects.get(pk=webhook.pk).change(
            name="#team", happenings=webhook.happenings, address=address, host=webhook.host, by=lead, seen=None
        )
        return Webhook.objects.get(pk=webhook.pk)

    for key in ("another-key-that-is-long-enough-for-everybody", first):
        settings.SECRET_KEY = key
        webhook.turn_off(Webhook.Off.UNREADABLE, by=None)
        changed = entered_again()
        assert changed.can_be_switched_on
        assert changed.can_be_read
        changed.turn_on(by=lead)
    Webhook.objects.filter(pk=webhook.pk).update(secret_encrypted="lost")
    assert entered_again().can_be_read


def test_while_it_is_off_nothing_is_sent_and_nothing_can_be(receiver, webhook, team, lead):
    webhook.test(by=lead)
    webhook.turn_off(Webhook.Off.BY_HAND, by=lead)
    toy.start(team=team, by=lead)
    assert deliver_waiting().sent == 0
    with pytest.raises(Refused):
        webhook.test(by=lead)
    webhook.turn_on(by=lead)
    assert deliver_waiting().sent == 0
    webhook.send_again(Delivery.objects.get(), by=lead)
    assert deliver_waiting().sent == 1


def test_again_has_the_same_id(receiver, team, lead):
    webhook = make_webhook(team=team, by=lead, address=receiver.url, kind="json")
    delivery = webhook.test(by=lead)
    deliver_waiting()
    webhook.send_again(delivery, by=lead)
    deliver_waiting()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_process_that_died_leaves_a_delivery_that_is_sent_again(receiver, webhook, lead):
    webhook.test(by=lead)
    assert Delivery.objects.claim() is not None
    assert deliver_waiting().sent == 0
    Delivery.objects.update(claimed_at=timezone.now() - datetime.timedelta(minutes=11))
    assert deliver_waiting().sent == 1


def test_an_assessment_that_was_discarded_is_not_reported(receiver, webhook, team, lead):
    toy.start(team=team, by=lead).discard(by=lead)
    assert deliver_waiting().sent == 0
    assert receiver.received == []


def test_an_assessment_that_is_over_is_not_reported_as_open(receiver, webhook, team, lead):
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F L N F F P N")
    assessment.end_answering(by=lead)
    assert deliver_waiting().sent == 0
    assert state_of(Delivery.objects.get())[0] == "skipped"


def test_no_log_line_or_row_has_the_address(receiver, webhook, team, lead, caplog):
    receiver.answer = status(500)
    toy.start(team=team, by=lead)
    deliver_waiting()
    stored = f"{list(Webhook.objects.values())}{list(Delivery.objects.values())}{list(Event.objects.values())}"
    assert "secret" not in caplog.text
    assert "was not taken: answer 500" in caplog.text
    assert "/hook/" not in stored
    assert webhook.address() == receiver.url


def test_everything_that_can_happen_can_be_heard_of():
    assert set(EVERYTHING) == {value for value, _ in Webhook.Happening.choices}


def test_send_due_delivers_also_without_mail(receiver, webhook, team, lead, settings):
    settings.MAIL_ENABLED = False
    Webhook.objects.filter(pk=webhook.pk).update(made_on="2020-01-01")
    toy.start(team=team, by=lead, date=team.today(), due=team.today())
    output = io.StringIO()
    call_command("send_due", stdout=output)
    assert "1 message sent to webhooks." in output.getvalue() or "2 messages sent to webhooks." in output.getvalue()
    receiver.answer = status(500)
    webhook.test(by=lead)
    output = io.StringIO()
    call_command("send_due", stdout=output)
    assert "A webhook did not accept every message." in output.getvalue()


def test_a_fault_in_sending_mails_holds_up_no_message(receiver, webhook, lead, settings, monkeypatch):
    settings.MAIL_ENABLED = True
    monkeypatch.setattr(send_due, "send_waiting", lambda **options: 1 / 0)
    webhook.test(by=lead)
    with pytest.raises(ZeroDivisionError):
        call_command("send_due")
    assert len(receiver.received) == 1
