"""Mails that tell people how signing in to their account has changed, in case it was somebody else."""

from types import SimpleNamespace

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from assessments.models import Identity, Mail, User
from assessments.models.second_factors import SecondFactors, new_secret
from assessments.models.single_sign_on import Claims
from assessments.outbox.sending import send_waiting

from ..api.keys import make_key
from ..factories import make_user
from .second_factors import set_up_app, set_up_passkey, signs_in_now

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def with_mail(settings):
    settings.MAIL_ENABLED = True


@pytest.fixture
def admin():
    return make_user(name="Ada", is_administrator=True, is_confirmed=True)


@pytest.fixture
def person():
    return make_user(name="Kim", email="kim@example.org", password=PASSWORD, is_confirmed=True)


def told(person) -> list[str]:
    """What waits for the person to be told, in order."""
    rows = Mail.objects.filter(user=person, kind=Mail.Kind.ACCESS).order_by("pk")
    return [about.split()[0] for about in rows.values_list("about", flat=True)]


def arrives(subject: str, email: str, *, is_verified: bool = True) -> None:
    claims = Claims(issuer="https://login.example.org", subject=subject, email=email, is_verified=is_verified)
    Identity.objects.arrive(claims, creates=True)


def test_own_password_is_told_with_the_time_and_what_to_do(client, person):
    signs_in_now(client, person)
    new = "another horse battery"
    sent = {"old": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("password-change"), sent)
    assert told(person) == ["password"]
    send_waiting()
    letter = mail.outbox[-1]
    assert letter.to == ["kim@example.org"]
    assert letter.subject == "Signing in to your account on Maturity was changed"
    row = Mail.objects.get(kind=Mail.Kind.ACCESS)
    for part in (
        "The password of your account was set.",
        row.about.split()[1],
        "tell your administrators",
        "/sessions/",
    ):
        assert part in letter.body.replace("\n", " ")
    assert "127.0.0.1" not in letter.body.replace("http://127.0.0.1:8000", "")


def test_first_password_of_a_new_account_needs_no_mail():
    person = make_user()
    person.choose_password(PASSWORD, by_link=True)
    assert told(person) == []
    person.choose_password("another horse battery", by_link=True)
    assert told(person) == ["password"]


def test_every_change_of_second_factors_is_told(person):
    factors = SecondFactors(person)
    set_up_app(person)
    set_up_passkey(person)
    factors.make_codes()
    assert told(person) == ["app-added", "passkey-added", "codes"]
    for row in factors.real():
        factors.remove(row.pk)
        # The second of two clicks does nothing.
        factors.remove(row.pk)
    assert told(person) == ["app-added", "passkey-added", "codes", "app-removed", "passkey-removed"]


def test_what_is_refused_is_not_told(person, settings):
    set_up_app(person)
    Mail.objects.all().delete()
    settings.TWO_FACTOR = "everyone"
    assert not SecondFactors(person).add_app(new_secret(), step=0, is_first=False)
    with pytest.raises(Exception, match="second factor"):
        SecondFactors(person).remove(SecondFactors(person).app.pk)
    assert told(person) == []


@pytest.mark.parametrize("way", ["administrator", "new rights", "provider"])
def test_every_way_in_which_all_factors_end_is_told_once(person, admin, way):
    User.objects.filter(pk=person.pk).update(is_confirmed=False)
    person.refresh_from_db()
    set_up_app(person)
    if way == "administrator":
        SecondFactors(person).take_away(by=admin)
    elif way == "new rights":
        person.change_account(by=admin, seen=None, is_administrator=True)
    else:
        arrives("kim", person.email)
    assert not SecondFactors(person).rows.exists()
    assert Mail.objects.filter(user=person, kind=Mail.Kind.FACTOR_GONE).count() == 1


def test_another_email_is_told_to_the_one_of_before(person, admin):
    person.change_account(by=admin, seen=None, email="thief@example.org")
    send_waiting()
    (letter,) = mail.outbox
    assert letter.to == ["kim@example.org"]
    assert "Ada did that" in letter.body
    assert "they can change it back" in letter.body.replace("\n", " ")
    assert "thief" not in letter.body
    assert Mail.objects.get().to == ""


def test_email_that_a_provider_changes_is_told_to_the_one_of_before(person):
    arrives("kim", person.email)
    arrives("kim", "other@example.org")
    rows = Mail.objects.filter(user=person, kind=Mail.Kind.ACCESS).order_by("pk")
    assert [(row.about.split()[0], row.email) for row in rows] == [
        ("identity-added", "other@example.org"),
        ("email", "kim@example.org"),
    ]


def test_email_of_an_account_that_nobody_uses_is_changed_quietly(admin):
    person = make_user(email="typo@example.org")
    person.change_account(by=admin, seen=None, email="right@example.org")
    assert told(person) == []


def test_connected_accounts_are_told(person, admin):
    arrives("new", "new@example.org")
    assert not Mail.objects.filter(kind=Mail.Kind.ACCESS).exists()
    arrives("kim", person.email)
    arrives("kim", person.email)
    person.identities.get().remove(by=admin)
    assert told(person) == ["identity-added", "identity-removed"]
    assert Mail.objects.filter(by=admin).count() == 1


def test_new_key_is_told(person):
    make_key(by=person)
    assert told(person) == ["key"]


def test_nobody_is_told_without_mail_in_the_demo_or_when_deactivated(person, settings):
    demo, gone = make_user(is_demo=True, password=PASSWORD), make_user(is_active=False, password=PASSWORD)
    for somebody in (demo, gone):
        somebody.choose_password("another horse battery")
    settings.MAIL_ENABLED = False
    person.choose_password("another horse battery")
    assert not Mail.objects.exists()


def test_mail_about_one_change_does_not_replace_the_one_before(person):
    """Unlike mails with a link: each change has to be seen."""
    for change in (Mail.Change.PASSKEY_ADDED, Mail.Change.PASSKEY_REMOVED):
        Mail.objects.tell_of_change(person, change)
    assert told(person) == ["passkey-added", "passkey-removed"]
    assert set(Mail.objects.values_list("day", flat=True)) == {timezone.localdate()}


# Where passwords are off


@pytest.fixture
def only_elsewhere(settings):
    provider = SimpleNamespace(number=1, issuer="https://login.example.org", name="Company")
    settings.SIGN_IN_PROVIDERS, settings.OIDC_ONLY = [provider], True


def test_mails_ask_nobody_for_a_password_where_passwords_are_off(client, admin, only_elsewhere):
    signs_in_now(client, admin)
    page = client.post(reverse("account-new"), {"name": "Kim", "email": "kim@example.org"}).content.decode()
    assert "signs in with the account" in page
    kim = User.objects.get(email="kim@example.org")
    kim.hand_over_link(shown_to=admin)
    send_waiting()
    (letter,) = mail.outbox
    assert "password" not in letter.body.lower()
    assert "/sign-in/" in letter.body
    assert "Sign in with Company" in letter.alternatives[0].content
    assert "tell your administrators" not in letter.body
    edit = client.get(reverse("account-edit", args=[kim.pk])).content.decode()
    assert "Send link" not in edit
    assert client.post(reverse("account-link", args=[kim.pk])).status_code == 403
    assert client.get(reverse("people-links")).status_code == 403
    assert "No password yet" not in client.get(reverse("accounts")).content.decode()


def test_who_came_in_meanwhile_is_not_asked_to(admin, only_elsewhere):
    kim = make_user(email="kim@example.org")
    Mail.objects.queue_for(kim, Mail.Kind.NEW_ACCOUNT, by=admin)
    Mail.objects.queue_for(kim, Mail.Kind.NEW_PASSWORD)
    arrives("kim", kim.email)
    send_waiting()
    assert mail.outbox == []


def test_no_link_is_shown_where_passwords_are_off(client, admin, only_elsewhere, settings):
    settings.MAIL_ENABLED = False
    assert make_user().hand_over_link(shown_to=admin) == ""
