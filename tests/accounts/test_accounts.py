"""Getting in: the first administrator, signing in, passwords by link, and accounts."""

import re

import pytest
from django.core import mail
from django.test import Client

from assessments.accounts import demo_accounts as demo_accounts_module
from assessments.accounts.demo_accounts import demo_accounts
from assessments.models import Event, SignInAttempt, User
from assessments.models.accounts import setup_code
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_team, make_user
from .second_factors import signs_in_now

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"
FIRST = {"name": "Ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD}
LINK = re.compile(r"http\S+/password/set/\S+?/[^\s\"]+")


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    signs_in_now(client, user)
    return user


@pytest.fixture
def mails(settings):
    """Mail as if it were set up; pytest-django collects what is sent."""
    settings.MAIL_ENABLED = True
    return mail.outbox


def link_in(text) -> str:
    """The path of the set-password link in a page or a mail."""
    return LINK.search(text)[0].replace("&amp;", "&").removeprefix("http://127.0.0.1:8000").rstrip('"')


# The first administrator


def test_on_an_empty_database_every_page_leads_to_the_setup(client):
    response = client.get("/", follow=True)
    assert response.redirect_chain[-1][0] == "/setup/"
    assert "The server printed it" in response.content.decode()


def test_who_has_the_code_becomes_administrator_and_is_signed_in(client):
    response = client.post("/setup/", {**FIRST, "code": setup_code().lower().replace("-", " ")}, follow=True)
    assert response.redirect_chain[-1][0] == "/"
    user = User.objects.get()
    assert user.is_administrator
    assert user.check_password(PASSWORD)
    assert Event.objects.get().kind == "account.first"
    assert client.get("/setup/").status_code == 404


@pytest.mark.parametrize(
    "wrong,sentence",
    [
        ({"code": "AAAA-BBBB-CCCC-DDDD"}, "not the code that the server printed"),
        ({"password2": "something-else"}, "didn’t match"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"email": "ada"}, "valid email address"),
    ],
)
def test_wrong_setup_gets_a_sentence_and_makes_nobody(client, wrong, sentence):
    response = client.post("/setup/", {**FIRST, "code": setup_code(), **wrong})
    assert sentence in response.content.decode()
    assert 'value="Ada"' in response.content.decode()
    assert not User.objects.exists()


def test_guessing_the_code_is_limited(client, settings):
    settings.SIGN_IN_LIMIT_PER_ACCOUNT = 3
    codes = [client.post("/setup/", {**FIRST, "code": f"AAAA-{n}"}).status_code for n in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert client.post("/setup/", {**FIRST, "code": setup_code()}).status_code == 429


def test_the_second_of_two_first_administrators_is_none():
    first = User.objects.create_first_administrator(email="a@example.org", name="A", password=PASSWORD)
    assert first
    assert User.objects.create_first_administrator(email="b@example.org", name="B", password=PASSWORD) is None
    assert User.objects.count() == 1


# Signing in


def sign_in(client, email="mia@example.org", password=PASSWORD, **fields):
    return client.post("/sign-in/", {"email": email, "password": password, **fields})


@pytest.fixture
def mia():
    return make_user(email="Mia@Example.org", password=PASSWORD)


def test_address_counts_regardless_of_case_and_leads_to_where_the_person_wanted(client, mia):
    assert sign_in(client, "mIA@example.ORG", next="/frameworks/").url == "/frameworks/"
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_no_foreign_page_is_led_to(client, mia, wanted):
    assert sign_in(client, next=wanted).url == "/"


def test_a_wrong_password_and_an_unknown_address_are_told_alike(client, mia):
    pages = [sign_in(client, password="wrong"), sign_in(client, "nobody@example.org")]
    sentences = [re.search(r'role="alert">(.*?)</div>', page.content.decode(), re.DOTALL)[1] for page in pages]
    assert sentences[0] == sentences[1]
    assert "match an account that can sign in" in sentences[0]


def test_who_may_not_sign_in_is_told_like_a_wrong_password(client, mia):
    User.objects.filter(pk=mia.pk).update(is_active=False)
    assert "match an account that can sign in" in sign_in(client).content.decode()


# Passwords by link


def test_a_link_sets_a_password_once_and_signs_in(client):
    user = make_user()
    path = link_in(user.set_password_link())
    assert user.email in client.get(path).content.decode()
    assert client.post(path, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    assert client.get("/account/").status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    client.logout()
    ended = client.post(path, {"password1": "another-one-now", "password2": "another-one-now"})
    assert ended.status_code == 410
    assert "works once" in ended.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_link_does_not_let_in_who_may_not_sign_in(client):
    user = make_user(is_active=False)
    assert client.get(link_in(user.set_password_link())).status_code == 410


def test_a_reset_mails_a_link_and_never_tells_who_has_an_account(client, mia, mails):
    known = client.post("/password/reset/", {"email": "mia@example.org"}).content.decode()
    unknown = client.post("/password/reset/", {"email": "nia@example.org"}).content.decode()
    assert known.replace("mia@", "nia@") == unknown
    assert not mails
    send_waiting()
    assert [m.to for m in mails] == [["Mia@Example.org"]]
    assert client.get(link_in(mails[0].body)).status_code == 200


def test_resets_are_limited(client, mia, mails, settings):
    settings.SIGN_IN_LIMIT_PER_ACCOUNT = 2
    for _ in range(4):
        client.post("/password/reset/", {"email": "mia@example.org"})
        send_waiting()
    assert len(mails) == 2


def test_without_mail_the_reset_page_says_whom_to_ask(client):
    assert "Ask an administrator" in client.get("/password/reset/").content.decode()


def test_a_changed_password_needs_the_present_one_and_ends_other_sessions(client, mia, django_user_model):
    elsewhere = Client()
    for each in (client, elsewhere):
        each.force_login(mia)
    new = {"password1": "a-new-password-here", "password2": "a-new-password-here"}
    assert "not your current password" in client.post("/account/password/", {"old": "x", **new}).content.decode()
    assert client.post("/account/password/", {"old": PASSWORD, **new}).status_code == 302
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


# Accounts, for administrators


def test_a_new_account_shows_its_link_once(client, admin):
    page = client.post("/accounts/new/", {"name": "Kim", "email": "kim@example.org"}).content.decode()
    assert client.get(link_in(page)).status_code == 200
    assert "not shown again" in page
    assert "No password yet" in client.get("/accounts/").content.decode()
    assert "/password/set/" not in client.get(f"/accounts/{User.objects.get(name='Kim').pk}/").content.decode()


def test_a_mail_server_that_is_down_does_not_stop_the_account(client, admin, settings):
    settings.MAIL_ENABLED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = client.post("/accounts/new/", {"name": "Kim", "email": "kim@example.org"}).content.decode()
    assert "sending Kim a link to set a password, to kim@example.org" in page
    assert User.objects.filter(email="kim@example.org").exists()


def test_an_address_can_have_one_account_only(client, admin):
    make_user(email="kim@example.org")
    page = client.post("/accounts/new/", {"name": "Kim", "email": "KIM@example.org"}).content.decode()
    assert "An account with this email already exists." in page
    assert 'value="KIM@example.org"' in page


def test_the_last_administrator_stays(client, admin):
    data = {"name": admin.name, "email": admin.email, "is_active": "on"}
    page = client.post(f"/accounts/{admin.pk}/", data).content.decode()
    assert "At least one administrator must be able to sign in" in page
    admin.refresh_from_db()
    assert admin.is_administrator
    make_user(is_administrator=True)
    assert client.post(f"/accounts/{admin.pk}/", data).status_code == 302


def test_who_is_locked_out_is_signed_out_at_once(client, admin):
    person, theirs = make_user(), Client()
    theirs.force_login(person)
    client.post(f"/accounts/{person.pk}/", {"name": person.name, "email": person.email})
    assert theirs.get("/account/").status_code == 302


def test_accounts_are_found_by_name_and_address_in_few_queries(client, admin, django_assert_max_num_queries):
    for n in range(30):
        make_user(name=f"Robin {n}", email=f"r{n}@example.org")
    # Session, user, count, page, and three for memberships with their teams and units.
    with django_assert_max_num_queries(7):
        page = client.get("/accounts/?q=ROBIN 2").content.decode()
    assert "Robin 20" in page
    assert "Robin 3<" not in page
    assert "No accounts found" in client.get("/accounts/?q=nobody-like-this").content.decode()


def test_the_journal_holds_no_name_and_no_address(client, admin):
    client.post("/accounts/new/", {"name": "Kim Secret", "email": "kim@example.org"})
    person = User.objects.get(name="Kim Secret")
    client.post(f"/accounts/{person.pk}/", {"name": "Kim Other", "email": "k@example.org", "is_active": "on"})
    told = " ".join(str(event.data) for event in Event.objects.all())
    assert str(person.pk) in told
    for word in ("Kim", "kim@", "k@"):
        assert word not in told


def test_demo_accounts_are_listed_once_each_without_who_may_not_sign_in(client, settings):
    settings.DEMO = True
    team, (lead, gone) = make_team(is_demo=True), (make_user(is_demo=True) for _ in range(2))
    make_membership(user=lead, team=team, role="lead")
    make_membership(user=gone, team=team)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for name in ("one", "two"):
        toy.start(team=team, by=lead, edition=toy.make_edition(key=name))
    listed = demo_accounts()
    assert [account.email for account in listed.first + listed.others] == [lead.email]
    assert client.get("/sign-in/").status_code == 200


def test_of_many_demo_accounts_the_first_are_listed_and_the_rest_counted(client, settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(demo_accounts_module, "MOST", 3)
    for team in (make_team(is_demo=True), make_team(is_demo=True)):
        for _ in range(3):
            make_membership(user=make_user(is_demo=True), team=team)
    page = client.get("/sign-in/").content.decode()
    assert page.count('name="email" value=') == 1 + 3
    assert "The first 3 of 5 more demo accounts" in page
    assert "2 teams" in page


@pytest.mark.parametrize("path", ["/accounts/?q=%00", "/teams/?next=a%00b"])
def test_a_nul_in_an_address_is_a_bad_request(client, admin, path):
    assert client.get(path).status_code == 400


def test_a_nul_in_a_form_lets_nobody_in(client, settings):
    settings.DEMO = True
    assert client.post("/sign-in/demo/", {"email": "a\0b@example.org"}).status_code == 404


def test_guessing_the_present_password_is_limited(client, mia, settings):
    settings.SIGN_IN_LIMIT_PER_ACCOUNT = 3
    client.force_login(mia)
    new = {"password1": "a-new-password-here", "password2": "a-new-password-here"}
    for _ in range(3):
        client.post("/account/password/", {"old": "x", **new})
    assert client.post("/account/password/", {"old": PASSWORD, **new}).url == "/account/password/"
    mia.refresh_from_db()
    assert mia.check_password(PASSWORD)
