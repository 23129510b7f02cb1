"""Where somebody is signed in: what is kept of it, what they see, how it ends."""

import datetime
import hashlib
import io
import json
import zipfile

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore as StoreOfBefore
from django.contrib.sessions.models import Session as SessionOfBefore
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.accounts import erasure
from assessments.models import BrowserSession, Event
from assessments.models.sessions import key_hash, noted
from assessments.web.devices import browser_in, place_of, system_in
from assessments.web.session_store import SessionStore

from .. import toy
from ..factories import make_membership, make_team, make_user, signed_in_elsewhere

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
ADDRESS = "203.0.113.77"


@pytest.fixture
def person():
    return make_user(password=PASSWORD, is_confirmed=True)


def sign_in(person, *, agent=FIREFOX, address=ADDRESS) -> Client:
    browser = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    answer = browser.post("/sign-in/", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def key_of(browser: Client) -> str:
    return browser.cookies[django_settings.SESSION_COOKIE_NAME].value


def row_of(browser: Client) -> BrowserSession:
    return BrowserSession.objects.get(pk=key_hash(key_of(browser)))


def is_in(browser: Client) -> bool:
    answer = browser.get("/account/")
    assert answer.status_code in {200, 302}
    return answer.status_code == 200


def later(monkeypatch, **parts) -> None:
    now = timezone.now() + datetime.timedelta(**parts)
    monkeypatch.setattr(timezone, "now", lambda: now)


# What is kept


def test_signing_in_keeps_who_by_what_and_from_where_and_no_key(person):
    browser = sign_in(person)
    row = row_of(browser)
    assert (row.user, row.browser, row.system, row.network) == (person, "Firefox", "Linux", "203.0.113.0/24")
    stored = json.dumps(list(BrowserSession.objects.values()), default=str)
    assert key_of(browser) not in stored
    assert ADDRESS not in stored
    assert hashlib.sha256(key_of(browser).encode()).hexdigest() not in stored
    assert not SessionOfBefore.objects.exists()


def test_the_hash_of_a_key_is_no_key(person):
    row = row_of(sign_in(person))
    thief = Client()
    thief.cookies[django_settings.SESSION_COOKIE_NAME] = row.key_hash
    assert not is_in(thief)


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        (FIREFOX, "Firefox", "Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0",
            "Edge",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537 Chrome/142.0 Mobile Safari/537",
            "Chrome",
            "Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.6 Safari/605.1.15",
            "Safari",
            "macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Safari/604.1",
            "Safari",
            "iPhone",
        ),
        ("Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) FxiOS/144.0 Safari/605.1.15", "Firefox", "iPad"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/142.0 Safari/537.36 OPR/125.0", "Opera", "ChromeOS"),
        ("curl/8.14", "", ""),
        ("", "", ""),
        ("\x00<script>", "", ""),
    ],
)
def test_a_browser_is_named_in_words(agent, browser, system):
    assert (browser_in(agent), system_in(agent)) == (browser, system)


@pytest.mark.parametrize(
    ("network", "place"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("", ""),
    ],
)
def test_a_place_is_a_network_that_many_share(network, place):
    assert place_of(network) == place


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("Firefox", "Linux"), "Firefox on Linux"),
        (("", "Linux"), "Linux"),
        (("Firefox", ""), "Firefox"),
        (("", ""), "Unknown browser"),
    ],
)
def test_a_device_has_a_name_in_any_case(names, words):
    assert BrowserSession(browser=names[0], system=names[1]).device == words


# Queries


def test_a_request_costs_one_query_for_the_session_and_writes_once_a_day(person, monkeypatch):
    browser = sign_in(person)
    browser.get("/account/keys/")
    with CaptureQueriesContext(
        connection,
    ) as first:
        browser.get("/account/keys/")
    assert sum("browsersession" in query["sql"] for query in first) == 1
    assert not any("UPDATE" in query["sql"] for query in first)
    later(monkeypatch, days=1)
    row = row_of(browser)
    updates = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            browser.get("/account/keys/", REMOTE_ADDR="198.51.100.9")
        updates.append(sum(query["sql"].startswith("UPDATE") for query in captured))
    assert updates == [1, 0, 0]
    after = row_of(browser)
    assert after.used_at == noted(timezone.now()) > row.used_at
    assert (after.network, after.begun_at) == ("198.51.100.0/24", row.begun_at)


def test_a_day_that_cannot_be_noted_costs_nobody_a_page(person, monkeypatch):
    browser = sign_in(person)
    later(monkeypatch, days=1)

    def busy(*args, **kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr("assessments.models.sessions.BrowserSessionQuerySet.update", busy)
    assert is_in(browser)


def test_what_a_session_keeps_stays_and_so_does_when_it_began(person, monkeypatch):
    browser = sign_in(person)
    begun = row_of(browser).begun_at
    later(monkeypatch, days=2)
    # Leaves a message in the session, so all of it is stored again.
    browser.post("/account/", {"name": "Somebody", "keyboard_shortcuts": "on"})
    assert "Saved." in browser.get("/account/").content.decode()
    row = row_of(browser)
    assert (row.begun_at, row.browser, row.network) == (begun, "Firefox", "203.0.113.0/24")


def test_answering_anonymously_does_not_write_that_a_session_is_used(monkeypatch, person):
    team = make_membership(role="lead", user=person, team=make_team()).team
    assessment = toy.start(team=team, by=person, anonymous=True)
    guest = toy.member_by_link(assessment, person)
    browser = sign_in(person)
    later(monkeypatch, days=1)
    before = row_of(browser)
    browser.get(f"/i/{guest.token}/answer/", follow=True)
    assert row_of(browser).used_at == before.used_at
    browser.get("/account/")
    assert row_of(browser).used_at > before.used_at


# Ending by time


@pytest.mark.parametrize(
    ("idle", "longest", "days", "stays"),
    [(336, 720, 13, True), (336, 720, 15, False), (720, 168, 6, True), (720, 168, 8, False), (72, 720, 4, False)],
)
def test_a_session_ends_when_it_is_not_used_and_some_time_after_signing_in(
    settings, monkeypatch, person, idle, longest, days, stays
):
    settings.SESSION_IDLE_HOURS, settings.SESSION_MAX_HOURS = idle, longest
    browser = sign_in(person)
    later(monkeypatch, days=days)
    listed = person.sessions.in_use().count()
    assert is_in(browser) is stays
    assert listed == stays
    assert BrowserSession.objects.ended().filter(user=person).count() == (not stays)


def test_use_keeps_a_session_from_ending_but_not_for_ever(settings, monkeypatch, person):
    settings.SESSION_IDLE_HOURS, settings.SESSION_MAX_HOURS = 2, 5
    browser = sign_in(person)
    start = timezone.now()
    stayed = []
    for half_hours in range(1, 13):
        monkeypatch.setattr(timezone, "now", lambda n=half_hours: start + datetime.timedelta(minutes=30 * n))
        stayed.append(is_in(browser))
    assert stayed == [True] * 9 + [False] * 3


def test_a_session_of_hours_never_outlives_its_time_and_loses_a_twelfth_at_most(settings, monkeypatch, person):
    settings.SESSION_IDLE_HOURS = 1
    for minutes, stays in ((54, True), (61, False)):
        with monkeypatch.context() as patch:
            browser = sign_in(person)
            later(patch, minutes=minutes)
            assert is_in(browser) is stays


def test_a_shorter_time_holds_at_once_for_sessions_that_there_are(settings, monkeypatch, person):
    browser = sign_in(person)
    later(monkeypatch, hours=30)
    settings.SESSION_MAX_HOURS = 24
    assert not is_in(browser)


def test_the_cookie_lasts_as_long_as_the_session_may(settings, person):
    settings.SESSION_MAX_HOURS = 10
    cookie = sign_in(person).cookies[django_settings.SESSION_COOKIE_NAME]
    assert 35_900 < cookie["max-age"] <= 36_000


# The page


def test_people_see_their_own_sessions_and_which_one_this_is(person):
    browser = sign_in(person)
    signed_in_elsewhere(person, browser="Safari", system="iPhone", network="198.51.100.0/24")
    signed_in_elsewhere(person, browser="Opera", used_at=timezone.now() - datetime.timedelta(days=15))
    signed_in_elsewhere(make_user(), browser="Chrome", system="ChromeOS")
    page = browser.get(reverse("sessions")).content.decode()
    assert page.index("Firefox on Linux") < page.index("this browser") < page.index("Safari on iPhone")
    assert "198.51.100.0/24" in page
    assert "203.0.113.0/24" in page
    assert "ChromeOS" not in page
    assert "Opera" not in page
    assert "not used for 14 days, and 30 days after signing in at the latest" in " ".join(page.split())


def test_hours_that_are_no_days_are_told_as_hours(settings, client, person):
    settings.SESSION_IDLE_HOURS, settings.SESSION_MAX_HOURS = 1, 36
    client.force_login(person)
    page = " ".join(client.get(reverse("sessions")).content.decode().split())
    assert "not used for 1 hour, and 36 hours after signing in at the latest" in page


def test_one_session_ends_and_its_next_request_leads_to_the_sign_in(person):
    here, there = sign_in(person), sign_in(person)
    third = sign_in(person)
    answer = here.post(reverse("session-end", args=[row_of(there).pk]), follow=True)
    assert "You are signed out in that browser." in answer.content.decode()
    assert there.get("/teams/")["Location"] == "/sign-in/?next=/teams/"
    assert is_in(here)
    assert is_in(third)
    event = Event.objects.get(kind="account.sessions-ended")
    assert (event.actor, event.data) == (person, {"person": str(person.pk), "count": 1})


def test_a_session_of_somebody_else_is_missing_and_goes_on(person):
    other = make_user(password=PASSWORD, is_confirmed=True)
    here, theirs = sign_in(person), sign_in(other)
    address = reverse("session-end", args=[row_of(theirs).pk])
    assert here.post(address).status_code == 404
    assert here.post(reverse("session-end", args=["0" * 64])).status_code == 404
    assert is_in(theirs)
    assert not Event.objects.filter(kind="account.sessions-ended").exists()


def test_ending_the_session_of_this_browser_signs_out(person):
    here = sign_in(person)
    assert here.post(reverse("session-end", args=[row_of(here).pk])).url == "/sign-in/"
    assert not is_in(here)
    assert not person.sessions.exists()


def test_everywhere_else_ends_all_but_this_one_once(person):
    here, one, two = sign_in(person), sign_in(person), sign_in(person)
    other = make_user(password=PASSWORD, is_confirmed=True)
    theirs = sign_in(other)
    for _ in range(2):
        here.post(reverse("sessions-end"))
    assert [is_in(browser) for browser in (here, one, two, theirs)] == [True, False, False, True]
    assert Event.objects.get(kind="account.sessions-ended").data["count"] == 2


def test_signing_out_removes_the_session(person):
    here, there = sign_in(person), sign_in(person)
    here.post("/sign-out/")
    assert [row.pk for row in person.sessions.all()] == [row_of(there).pk]


# By administrators


def test_an_administrator_signs_somebody_out_everywhere(client, person):
    admin = make_user(is_administrator=True)
    client.force_login(admin)
    browsers = [sign_in(person), sign_in(person)]
    page = client.get(reverse("account-edit", args=[person.pk])).content.decode()
    assert "signed in with 2 browsers" in " ".join(page.split())
    assert "203.0.113" not in page
    page = client.post(reverse("account-sessions-end", args=[person.pk]), follow=True).content.decode()
    assert f"{person} is signed out everywhere." in page
    assert not any(map(is_in, browsers))
    event = Event.objects.get(kind="account.sessions-ended")
    assert (event.actor, event.data) == (admin, {"person": str(person.pk), "count": 2})


def test_an_administrator_who_does_it_to_themselves_stays_here():
    admin = make_user(is_administrator=True, password=PASSWORD, is_confirmed=True)
    here, there = sign_in(admin), sign_in(admin)
    answer = here.post(reverse("account-sessions-end", args=[admin.pk]), follow=True)
    assert "You are signed out everywhere else." in answer.content.decode()
    assert (is_in(here), is_in(there)) == (True, False)


def test_an_administrator_cannot_end_the_sessions_of_nobody(client):
    client.force_login(make_user(is_administrator=True))
    assert client.post("/accounts/00000000-0000-4000-8000-000000000000/sessions/end/").status_code == 404


# What ends sessions besides


def test_a_new_password_ends_the_others(person):
    here, there = sign_in(person), sign_in(person)
    new = "another horse battery"
    here.post("/account/password/", {"old": PASSWORD, "password1": new, "password2": new})
    assert (is_in(here), is_in(there)) == (True, False)
    assert [row.pk for row in person.sessions.all()] == [row_of(here).pk]
    assert row_of(here).browser == "Firefox"


def test_a_password_set_by_link_ends_all_others(person):
    there = sign_in(person)
    here = Client()
    new = "another horse battery"
    person.refresh_from_db()
    link = person.set_password_link().removeprefix(django_settings.SITE_URL)
    here.post(link, {"password1": new, "password2": new})
    assert (is_in(here), is_in(there)) == (True, False)
    assert [row.pk for row in person.sessions.all()] == [row_of(here).pk]


def test_whoever_is_locked_is_not_let_back_in_by_an_old_session(person):
    admin = make_user(is_administrator=True)
    browser = sign_in(person)
    for is_active in (False, True):
        person.refresh_from_db()
        person.change_account(by=admin, seen=person.revision, is_active=is_active)
        assert not is_in(browser)
    assert not person.sessions.exists()


def test_more_rights_leave_no_session_behind(person):
    browser = sign_in(person)
    person.begin_anew()
    assert not person.sessions.exists()
    assert not is_in(browser)


def test_erasing_takes_the_sessions_along(person):
    admin = make_user(is_administrator=True)
    browser = sign_in(person)
    signed_in_elsewhere(person)
    erasure.erase(person, by=admin)
    assert not BrowserSession.objects.exists()
    assert not is_in(browser)


def test_people_take_their_sessions_along_and_administrators_do_not_see_where(client, person):
    browser = sign_in(person)

    def files(answer):
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        return {name: archive.read(name).decode() for name in archive.namelist()}

    own = files(browser.post(reverse("account-own-data")))
    assert json.loads(own["sessions.json"])[0]["network"] == "203.0.113.0/24"
    assert not any(row_of(browser).pk in text for text in own.values())
    client.force_login(make_user(is_administrator=True))
    given = files(client.post(reverse("account-data", args=[person.pk])))
    assert "sessions.json" not in given
    assert not any("203.0.113" in text for text in given.values())


# Beside servers of the version before


def signed_in_before(person, *, days=0) -> Client:
    """A browser that has signed in at a server of the version before."""
    store = StoreOfBefore()
    here = Client()
    here.force_login(person)
    store.update(dict(here.session.items()))
    store.save()
    here.session.delete()
    ends = timezone.now() + datetime.timedelta(days=14 - days)
    SessionOfBefore.objects.filter(pk=store.session_key).update(expire_date=ends)
    here.cookies[django_settings.SESSION_COOKIE_NAME] = store.session_key
    return here


def test_people_stay_signed_in_across_the_upgrade_on_servers_of_both_versions(person):
    browser = signed_in_before(person)
    assert is_in(browser)
    assert is_in(browser)
    assert StoreOfBefore(key_of(browser)).load()["_auth_user_id"] == str(person.pk)
    (row,) = person.sessions.all()
    assert row.pk == key_hash(key_of(browser))
    with CaptureQueriesContext(connection) as captured:
        is_in(browser)
    assert not any("django_session" in query["sql"] for query in captured)


def test_a_session_of_before_counts_from_when_it_was_last_stored(settings, person):
    settings.SESSION_IDLE_HOURS = 72
    assert is_in(signed_in_before(person, days=1))
    assert not is_in(signed_in_before(person, days=4))
    assert not is_in(signed_in_before(person, days=15))


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("how", ["one", "others", "administrator", "locked", "out"])
def test_what_is_ended_here_has_ended_on_servers_of_before_too(client, person, how, seen):
    browser, other = signed_in_before(person), signed_in_before(make_user())
    if seen or how == "out":
        assert is_in(browser)
    here = sign_in(person)
    client.force_login(make_user(is_administrator=True))
    if how == "one":
        expected = 302 if seen else 404
        hashed = key_hash(key_of(browser))
        assert here.post(reverse("session-end", args=[hashed])).status_code == expected
    elif how == "others":
        here.post(reverse("sessions-end"))
    elif how == "administrator":
        client.post(reverse("account-sessions-end", args=[person.pk]))
    elif how == "locked":
        person.change_account(by=make_user(is_administrator=True), seen=person.revision, is_active=False)
    else:
        browser.post("/sign-out/")
    if how == "one" and not seen:
        # It is not in the list yet.
        assert is_in(browser)
        return
    key = browser.cookies[django_settings.SESSION_COOKIE_NAME].value
    assert not StoreOfBefore(key).load()
    assert not is_in(browser)
    assert is_in(other)


def test_a_session_of_somebody_who_was_erased_is_not_taken_over(person):
    browser = signed_in_before(person)
    person.delete()
    assert not is_in(browser)
    assert not BrowserSession.objects.exists()


def test_what_django_clears_is_what_has_ended(person):
    signed_in_elsewhere(person, used_at=timezone.now() - datetime.timedelta(days=15))
    stays = signed_in_elsewhere(person)
    SessionStore.clear_expired()
    assert list(BrowserSession.objects.all()) == [stays]
