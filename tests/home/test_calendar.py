"""The calendar of what is due: what is in it for whom, and who gets it."""

import datetime
import re

import pytest
from django.test import Client
from django.urls import reverse

from assessments.accounts.erasure import erase
from assessments.home import calendar_views
from assessments.models import Action, CalendarFeed, Event, Target
from assessments.models.participation import new_token

from .. import toy
from ..accounts.second_factors import signs_in_now
from ..calendars import entries_of, unescaped
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db
DUE = datetime.date(2099, 3, 1)


@pytest.fixture
def team():
    return make_team(name="Search")


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


@pytest.fixture
def member(team):
    return make_membership(team=team, role="member").user


def address_of(person) -> str:
    token = new_token()
    CalendarFeed.objects.make(by=person, token=token)
    return reverse("calendar-feed", args=[token])


def titles(address: str) -> dict[str, str]:
    """What stands in the calendar, by the kind of thing."""
    response = Client().get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    entries = entries_of(response.content)
    return {entry["UID"].split("-")[0]: unescaped(entry["SUMMARY"]) for entry in entries}


def a_team_with_everything_due(team, lead, member):
    edition = toy.make_edition()
    assessment = toy.start(team=team, by=lead, edition=edition, due=DUE)
    known = {"team": team, "framework": edition.framework, "by": lead}
    action = Action.objects.plan(**known, criterion="x1", text="Write it, soon.", owner=member, due=DUE)
    Target.objects.set(**known, level=2, due=DUE, why="Secret reasons.")
    return assessment, action


def test_a_member_sees_answers_own_actions_and_targets_of_the_team(team, lead, member):
    a_team_with_everything_due(team, lead, member)
    address = address_of(member)
    assert titles(address) == {
        "answer": "Answer for Search, Toy",
        "action": "Search: Write it, soon.",
        "target": "Search: target Overall, level 2 Step 2",
    }
    assert b"Secret" not in Client().get(address).content


def test_a_lead_sees_when_the_review_begins_and_not_the_actions_of_others(team, lead, member):
    assessment, _action = a_team_with_everything_due(team, lead, member)
    address = address_of(lead)
    assert titles(address)["review"] == "Answers of Search are due, then the review, Toy"
    assert "action" not in titles(address)
    toy.rate(assessment, lead, "F F L N F F P N")
    assessment.end_answering(by=lead)
    assert titles(address)["review"] == "Review with Search, Toy"
    assert "answer" not in titles(address)


def test_what_is_submitted_or_done_goes(team, lead, member):
    assessment, action = a_team_with_everything_due(team, lead, member)
    address = address_of(member)
    toy.rate(assessment, member, "F F L N F F P N")
    assert titles(address).keys() == {"answer", "action", "target"}
    assessment.submit(by=member)
    action.change(by=lead, seen=None, status="done")
    assert titles(address).keys() == {"target"}


def test_of_an_anonymous_assessment_it_does_not_say_who_has_submitted(team, lead, member):
    assessment = toy.start(team=team, by=lead, anonymous=True, due=DUE)
    address = address_of(member)
    before = Client().get(address)
    toy.rate(assessment, toy.member_by_link(assessment, member), "F F L N F F P N")
    after = Client().get(address)
    assert before.headers["ETag"] == after.headers["ETag"]
    assert titles(address).keys() == {"answer"}


def test_whoever_leaves_the_team_sees_nothing_of_it_from_then_on(team, lead, member):
    assessment, _action = a_team_with_everything_due(team, lead, member)
    toy.rate(assessment, member, "F F - - - - - -")
    address = address_of(member)
    assert len(titles(address)) == 3
    team.remove_member(team.memberships.get(user=member), by=lead)
    assert titles(address) == {}


def test_a_viewer_sees_targets_only_and_an_outsider_nothing(team, lead, member):
    a_team_with_everything_due(team, lead, member)
    viewer = make_membership(team=team, role="viewer").user
    assert titles(address_of(viewer)).keys() == {"target"}
    outsider = make_membership(team=make_team(), role="lead").user
    assert titles(address_of(outsider)) == {}


def test_a_calendar_that_reads_as_before_is_not_sent_again(team, lead, member):
    a_team_with_everything_due(team, lead, member)
    address = address_of(member)
    etag = Client().get(address).headers["ETag"]
    unchanged = Client().get(address, HTTP_IF_NONE_MATCH=etag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    Action.objects.plan(
        team=team, framework=Target.objects.get().framework, criterion="y1", by=lead, text="New.", owner=member, due=DUE
    )
    assert Client().get(address, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_it_is_looked_up_once_for_each_reading(team, lead, member, monkeypatch):
    looked_up = []
    monkeypatch.setattr(calendar_views, "calendar_of", lambda user: looked_up.append(user) or [])
    assert Client().get(address_of(member)).status_code == 200
    assert looked_up == [member]


def test_the_last_day_of_the_calendar_breaks_nothing(team, lead, member):
    known = {"team": team, "framework": toy.make_edition().framework, "by": lead, "owner": member}
    Action.objects.plan(**known, criterion="x1", text="Some day.", due=datetime.date.max)
    assert titles(address_of(member)) == {"action": "Search: Some day."}


def test_it_is_read_without_signing_in_and_says_nothing_to_others(team, lead, member):
    response = Client().get(address_of(member))
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in response.headers
    assert not response.cookies


# The address


def made(client) -> str:
    page = client.get("/account/calendar/").content.decode()
    (pledge,) = re.findall(r'name="pledge" value="([^"]+)"', page)
    shown = [client.post("/account/calendar/", {"pledge": pledge}).content.decode() for _ in range(2)]
    found = {re.search(r'value="http://127\.0\.0\.1:8000(/calendar/[^"]+\.ics)"', page)[1] for page in shown}
    # A double click makes one.
    (address,) = found
    return address


def test_the_address_is_shown_once_renewed_and_revoked(client, member):
    signs_in_now(client, member)
    first = made(client)
    assert Client().get(first).status_code == 200
    page = client.get("/account/calendar/").content.decode()
    assert first not in page
    assert "It was last read on" in page
    second = made(client)
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    client.post("/account/calendar/revoke/")
    assert Client().get(second).status_code == 404
    assert "You have no address yet." in client.get("/account/calendar/").content.decode()
    kinds = list(Event.objects.filter(kind__startswith="calendar").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["calendar.made", "calendar.made", "calendar.revoked"]


def test_address_needs_somebody_who_has_just_shown_who_they_are(client, member):
    signs_in_now(client, member)
    page = client.get("/account/calendar/").content.decode()
    (pledge,) = re.findall(r'name="pledge" value="([^"]+)"', page)
    signs_in_now(client, member, ago=25 * 60)
    confirm = f"{reverse('two-factor-confirm')}?next=/account/calendar/"
    assert client.post("/account/calendar/", {"pledge": pledge})["Location"].replace("%2F", "/") == confirm
    assert CalendarFeed.objects.of(member) is None
    assert confirm in client.get("/account/calendar/").content.decode()


def test_only_a_hash_is_stored(member):
    address = address_of(member)
    token = address.split("/")[-1].removesuffix(".ics")
    assert token not in str(list(CalendarFeed.objects.values()))


def test_somebody_elses_pledge_makes_nothing(client, member, lead):
    signs_in_now(client, member)
    page = client.get("/account/calendar/").content.decode()
    (pledge,) = re.findall(r'name="pledge" value="([^"]+)"', page)
    client.post("/account/calendar/", {"pledge": pledge})
    signs_in_now(client, lead)
    shown = client.post("/account/calendar/", {"pledge": pledge}, follow=True)
    assert "This page was used before." in shown.content.decode()
    assert CalendarFeed.objects.of(lead) is None
    shown = client.post("/account/calendar/", {"pledge": "forged"}, follow=True)
    assert "This page is too old." in shown.content.decode()


def test_a_locked_account_has_no_calendar(member):
    address = address_of(member)
    member.is_active = False
    member.save()
    assert Client().get(address).status_code == 404


def test_erasing_a_person_deletes_it(member):
    address = address_of(member)
    erase(member, by=make_user(is_administrator=True))
    assert not CalendarFeed.objects.exists()
    assert Client().get(address).status_code == 404


def test_guesses_are_limited_and_genuine_addresses_are_no_guesses(settings, member):
    settings.LINK_LIMIT_PER_ADDRESS = 3
    address, revoked = address_of(member), address_of(make_user())
    other = CalendarFeed.objects.exclude(user=member).get().user
    CalendarFeed.objects.revoke(other, by=other)
    visitor = Client(REMOTE_ADDR="203.0.113.9")
    for _ in range(5):
        assert visitor.get(revoked).status_code == 404
    answers = [visitor.get(reverse("calendar-feed", args=[new_token()])).status_code for _ in range(5)]
    assert answers == [404, 404, 404, 429, 429]
    assert visitor.get(address).status_code == 200


def test_no_other_token_works_here_and_this_one_nowhere_else(member):
    token = new_token()
    CalendarFeed.objects.make(by=member, token=token)
    for name in ("share", "badge", "link"):
        assert Client().get(reverse(name, args=[token])).status_code == 404
