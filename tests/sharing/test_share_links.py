"""Links to a report: who makes them, what opens them and what ends them, and that they lead nowhere else."""

import datetime
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.accounts.erasure import erase
from assessments.models import (
    Event,
    Membership,
    Refused,
    Result,
    ShareLink,
    ShareTerms,
    SignInAttempt,
    User,
)
from assessments.models.participation import Pledge, new_token
from assessments.models.sharing import ShareLinkQuerySet, share_hash
from assessments.operations.tidying import tidy
from assessments.sharing.links import COOKIE

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from ..permissions.test_access_matrix import EXPECTED, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PASSWORD = "a word for the board"
ADDRESS = re.compile(r'id="share-address" readonly value="http://127\.0\.0\.1:8000(/s/[^"/]+/)"')
#: What differs between two answers that are the same.
PASSING = {"X-Request-ID", "Content-Length"}


def today() -> datetime.date:
    return timezone.localdate()


def terms(*, days: int = 30, **given) -> ShareTerms:
    return ShareTerms(expires_on=today() + datetime.timedelta(days=days), **given)


def close_one(team, lead, **given) -> Result:
    assessment = toy.start(team=team, by=lead, **given)
    toy.rate(assessment, lead, "F F L N F F P N")
    return assessment.close(by=lead)


@pytest.fixture
def result(team, lead):
    return close_one(team, lead)


def shared(result, by, **given) -> tuple[ShareLink, str]:
    """A link to a result, and its address."""
    token = new_token()
    link = ShareLink.objects.share_result(result, terms(**given), by=by, token=token)
    return link, f"/s/{token}/"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def entered(**given) -> dict:
    return {"expires_on": (today() + datetime.timedelta(days=30)).isoformat(), "pledge": Pledge.make(), **given}


# Making a link


def test_a_lead_makes_a_link_that_is_shown_once_and_stored_as_a_hash(result, lead):
    client = signed_in(lead)
    page = reverse("result-share", args=[result.pk])
    assert page in client.get(result.get_absolute_url()).content.decode()
    made = client.post(page, entered(password=PASSWORD)).content.decode()
    (address,) = ADDRESS.findall(made)
    link = ShareLink.objects.get()
    token = address.split("/")[2]
    assert link.token_hash == share_hash(token)
    assert token not in str(list(ShareLink.objects.values()))
    assert PASSWORD not in str(list(ShareLink.objects.values()))
    again = client.get(page).content.decode()
    assert token not in again
    assert "Never opened" in again
    assert Client().get(address).status_code == 200


def test_the_same_form_sent_twice_makes_one_link(result, lead):
    client = signed_in(lead)
    page = reverse("result-share", args=[result.pk])
    sent = entered()
    first, second = (client.post(page, sent).content.decode() for _ in range(2))
    assert ADDRESS.findall(first) == ADDRESS.findall(second)
    assert ShareLink.objects.count() == 1


def test_the_form_of_somebody_else_makes_nothing(result, team, lead):
    other = make_membership(team=team, role="lead").user
    sent = entered()
    page = reverse("result-share", args=[result.pk])
    signed_in(lead).post(page, sent)
    refused = signed_in(other).post(page, sent)
    assert refused.status_code == 422
    assert not ADDRESS.search(refused.content.decode())


@pytest.mark.parametrize("days", [-1, 367])
def test_a_day_out_of_range_is_refused_with_a_sentence_and_nothing_is_lost(result, lead, days):
    day = (today() + datetime.timedelta(days=days)).isoformat()
    page = reverse("result-share", args=[result.pk])
    refused = signed_in(lead).post(page, entered(expires_on=day, password=PASSWORD, leaves_out=["answers"]))
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "Choose a day from today to" in html
    assert f'value="{PASSWORD}"' in html
    assert re.search(r'value="answers"[^>]* checked', html)
    assert not ShareLink.objects.exists()
    with pytest.raises(Refused):
        shared(result, lead, days=days)


@pytest.mark.parametrize("sent", [{"password": "short"}, {"pledge": "forged"}, {"leaves_out": "everything"}])
def test_what_makes_no_sense_is_refused(result, lead, sent):
    page = reverse("result-share", args=[result.pk])
    assert signed_in(lead).post(page, entered(**sent)).status_code == 422
    assert not ShareLink.objects.exists()


def test_there_is_a_limit_that_revoking_makes_room_under(result, lead, monkeypatch):
    monkeypatch.setattr(ShareLinkQuerySet, "MOST", 2)
    link, _ = shared(result, lead)
    shared(result, lead)
    with pytest.raises(Refused, match="There are 2 links"):
        shared(result, lead)
    link.revoke(by=lead)
    shared(result, lead)


def test_a_result_that_was_replaced_cannot_be_shared(result, lead):
    result.assessment.reopen(by=lead, reason="Again.")
    result.assessment.close(by=lead)
    with pytest.raises(Refused, match="newer generation"):
        shared(result, lead)


def test_a_link_leads_to_one_thing(result, team, lead):
    about = {"token_hash": "x", "expires_on": today(), "made_by": lead}
    for target in ({}, {"result": result, "unit": team.unit}, {"unit": team.unit}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ShareLink.objects.create(**about, **target)


# Opening it


def test_anyone_opens_it_and_no_search_engine_or_other_site_learns_of_it(result, lead):
    _, address = shared(result, lead)
    page = Client().get(address)
    html = page.content.decode()
    assert "Level 1 of 3, Step 1" in html
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store, private"
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert not page.cookies


def test_it_reads_the_same_whoever_is_signed_in(result, team, lead):
    _, address = shared(result, lead)
    admin = make_user(is_administrator=True)
    pages = {signed_in(user).get(address).content for user in (lead, admin, make_user())}
    assert pages == {Client().get(address).content}


def test_each_reading_is_counted_and_nothing_else(result, lead):
    link, address = shared(result, lead)
    client = Client()
    client.head(address)
    for _ in range(3):
        client.get(address)
    locked = shared(result, lead, password=PASSWORD)
    client.get(locked[1])
    link.refresh_from_db()
    assert (link.opened, link.last_opened_on) == (3, today())
    assert not Event.objects.filter(kind__startswith="share.open").exists()
    html = signed_in(lead).get(reverse("result-share", args=[result.pk])).content.decode()
    assert "Opened 3 times, last on" in html
    assert html.count("Never opened") == 1


def demote(link, lead):
    Membership.objects.filter(user=lead, role="lead").update(role="member")


def leave(link, lead):
    Membership.objects.filter(user=lead).delete()


def lock_account(link, lead):
    User.objects.filter(pk=lead.pk).update(is_active=False)


def become_administrator_only(link, lead):
    """Administrators see levels only, and cannot share what they cannot read."""
    leave(link, lead)
    User.objects.filter(pk=lead.pk).update(is_administrator=True)


def erase_maker(link, lead):
    erase(lead, by=make_user(is_administrator=True))


def expire(link, lead):
    ShareLink.objects.update(made_on=today() - datetime.timedelta(days=2), expires_on=today() - datetime.timedelta(1))


def revoke(link, lead):
    link.revoke(by=lead)


def replace_result(link, lead):
    link.result.assessment.reopen(by=lead, reason="Look again.")
    link.result.assessment.close(by=lead)


def delete_team(link, lead):
    link.result.team.assessments.all().delete()


ENDINGS = [
    demote,
    leave,
    lock_account,
    become_administrator_only,
    erase_maker,
    expire,
    revoke,
    replace_result,
    delete_team,
]


def as_read(response) -> tuple:
    headers = {name: value for name, value in response.headers.items() if name not in PASSING}
    return response.status_code, response.content, headers, str(response.cookies)


@pytest.mark.parametrize("password", ["", PASSWORD])
@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_whatever_ends_it_reads_as_if_it_had_never_been(result, team, lead, end, password):
    make_membership(team=team, role="lead")
    link, address = shared(result, lead, password=password)
    reader = Client()
    if password:
        reader.post(address, {"password": password})
    assert reader.get(address).status_code == 200
    end(link, lead)
    never = f"/s/{new_token()}/"
    for method in (reader.get, reader.post, reader.head):
        assert as_read(method(address)) == as_read(method(never))
    assert reader.get(address).status_code == 404


def test_it_opens_while_the_result_is_under_revision(result, lead):
    """It is still the one that counts."""
    _, address = shared(result, lead)
    result.assessment.reopen(by=lead, reason="Look again.")
    assert Client().get(address).status_code == 200


def test_it_ends_with_the_right_of_its_maker_and_not_of_others(result, team, lead):
    other = make_membership(team=team, role="lead").user
    _, address = shared(result, other)
    demote(None, lead)
    assert Client().get(address).status_code == 200


# A password


def test_without_the_password_nothing_is_told(result, team, lead):
    _, address = shared(result, lead, password=PASSWORD)
    page = Client().get(address)
    html = page.content.decode()
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    for word in (team.name, team.unit.name, "Toy", "Level", str(lead)):
        assert word not in html


def test_the_password_opens_its_own_link_and_no_other(result, lead):
    link, address = shared(result, lead, password=PASSWORD)
    _, other = shared(result, lead, password=PASSWORD)
    client = Client(enforce_csrf_checks=True)
    wrong = client.post(address, {"password": "another word"})
    assert wrong.status_code == 422
    assert "not the password" in wrong.content.decode()
    # As browsers send it from a page without a referrer.
    right = client.post(address, {"password": PASSWORD}, headers={"Origin": "null"})
    assert (right.status_code, right.url) == (302, address)
    cookie = right.cookies[COOKIE]
    assert cookie["path"] == address
    assert cookie["httponly"]
    assert set(right.cookies) == {COOKIE}
    assert "Level 1 of 3" in client.get(address).content.decode()
    client.cookies[COOKIE]["path"] = "/"
    assert "Level 1 of 3" not in client.get(other).content.decode()
    link.password = ""
    assert client.get(address).status_code == 200


def test_a_forged_cookie_opens_nothing(result, lead):
    _, address = shared(result, lead, password=PASSWORD)
    client = Client()
    client.cookies[COOKIE] = "WzEsInBiIl0:1abc:forged"
    assert "Level 1 of 3" not in client.get(address).content.decode()


def test_guesses_are_limited_as_those_at_signing_in(result, lead, settings):
    settings.SIGN_IN_LIMIT_PER_ACCOUNT = 3
    _, address = shared(result, lead, password=PASSWORD)
    client = Client()
    codes = [client.post(address, {"password": "a guess"}).status_code for _ in range(5)]
    assert codes == [422, 422, 422, 429, 429]
    assert client.post(address, {"password": PASSWORD}).status_code == 429, "the right one has to wait as well"
    SignInAttempt.objects.all().delete()
    assert client.post(address, {"password": PASSWORD}).status_code == 302
    assert not SignInAttempt.objects.exists(), "success is not counted"


def test_a_link_without_a_password_ignores_one(result, lead):
    _, address = shared(result, lead)
    assert Client().post(address, {"password": "x"}).url == address


# Seeing and revoking


def test_a_lead_sees_why_each_link_ended_and_who_made_it(result, team, lead):
    other = make_membership(team=team, role="lead", user=make_user(name="Olga")).user
    links = {name: shared(result, other)[0] for name in ("revoked", "expired", "open")}
    past = today() - datetime.timedelta(days=1)
    links["revoked"].revoke(by=lead)
    ShareLink.objects.filter(pk=links["expired"].pk).update(made_on=past, expires_on=past)
    page = reverse("result-share", args=[result.pk])
    html = signed_in(lead).get(page).content.decode()
    for words in ("Revoked on", "Expired on", "Works until", "made by Olga"):
        assert words in html
    assert html.count("/revoke/") == 1
    demote(None, other)
    assert "may no longer share this" in signed_in(lead).get(page).content.decode()
    make_membership(team=team, role="lead")
    replace_result(links["open"], lead)
    newer = team.results.current()
    html = signed_in(lead).get(reverse("result-share", args=[newer.pk])).content.decode()
    assert "a newer generation replaced the result" in html


def test_any_lead_revokes_it_once_and_only_through_its_own_result(result, team, lead):
    other = make_membership(team=team, role="lead").user
    link, address = shared(result, lead)
    elsewhere = close_one(make_membership(role="lead", user=other, team=make_team()).team, other)
    client = signed_in(other)
    assert client.post(reverse("result-share-revoke", args=[elsewhere.pk, link.pk])).status_code == 404
    for _ in range(2):
        client.post(reverse("result-share-revoke", args=[result.pk, link.pk]))
    assert Client().get(address).status_code == 404
    assert Event.objects.filter(kind="share.revoked").count() == 1


def test_the_list_needs_as_many_queries_for_many_links_of_many_people(
    result, team, lead, django_assert_max_num_queries
):
    for _ in range(5):
        shared(result, make_membership(team=team, role="lead").user)
    client = signed_in(lead)
    page = reverse("result-share", args=[result.pk])
    client.get(page)
    # Session and user, the result, two for the roles, the links, two for the rights of their makers.
    with django_assert_max_num_queries(8):
        client.get(page)


def test_the_journal_knows_what_was_shared_and_when_it_ended(result, lead):
    link, _ = shared(result, lead, password=PASSWORD)
    link.revoke(by=lead)
    made, ended = Event.objects.filter(kind__startswith="share.").order_by("pk")
    assert made.data == {"share": link.pk, "result": str(result.pk)}
    assert (made.actor, made.team_id, ended.team_id) == (lead, result.team_id, result.team_id)
    assert ended.data == {"share": link.pk}


def test_erasing_a_person_leaves_a_link_that_nobody_opens_until_it_is_tidied_away(result, team, lead):
    make_membership(team=team, role="lead")
    link, _ = shared(result, lead)
    erase_maker(link, lead)
    link.refresh_from_db()
    assert (link.made_by, link.revoked_on) == (None, today())
    html = signed_in(team.leads()[0]).get(reverse("result-share", args=[result.pk])).content.decode()
    assert "by somebody who has left" in html


def test_links_that_ended_long_ago_are_removed(result, lead):
    old, recent, _open = (shared(result, lead)[0] for _ in range(3))
    for link, days in ((old, 91), (recent, 89)):
        ended = today() - datetime.timedelta(days=days)
        ShareLink.objects.filter(pk=link.pk).update(made_on=ended, expires_on=ended)
    assert tidy()["links to reports that ended"] == 1
    assert not ShareLink.objects.filter(pk=old.pk).exists()
    assert ShareLink.objects.count() == 2


# No way to anything else


def test_nothing_on_the_page_leads_anywhere_else(result, lead):
    _, address = shared(result, lead)
    html = Client().get(address).content.decode()
    targets = re.findall(r'(?:href|src|action|formaction|hx-[a-z]+)="([^"]*)"', html)
    assert targets
    assert [target for target in targets if not target.startswith(("/static/", "#", "?format=pdf"))] == []


@pytest.mark.slow
def test_with_a_link_alone_no_other_page_opens():
    """Every address answers somebody who holds a link, its password given, as it answers anyone."""
    world = World()
    token = new_token()
    ShareLink.objects.share_result(world.result, terms(password=PASSWORD), by=world.lead, token=token)
    holder = Client()
    assert holder.post(f"/s/{token}/", {"password": PASSWORD}).status_code == 302
    assert holder.get(f"/s/{token}/").status_code == 200
    # Browsers would not even send it there.
    holder.cookies[COOKIE]["path"] = "/"
    for name, method in EXPECTED:
        url = reverse(name, args=world.arguments(name))
        answers = []
        for client in (holder, Client()):
            with transaction.atomic():
                response = client.generic(method, url)
                answers.append((response.status_code, response.headers.get("Location")))
                transaction.set_rollback(True)
        assert answers[0] == answers[1], name


def test_a_link_is_no_way_to_answer_and_the_other_way_round(result, team, lead):
    _, address = shared(result, lead)
    assert Client().get(address.replace("/s/", "/i/")).status_code == 404
    assessment = toy.start(team=team, by=lead)
    assert Client().get(f"/s/{assessment.share(by=lead)}/").status_code == 404


def test_nobody_is_looked_up_for_the_page(result, lead, rf):
    """The view is given nobody, and does not even ask who it is."""
    from assessments.sharing.views import shared as view

    _, address = shared(result, lead)
    request = rf.get(address)
    request.user = AnonymousUser()
    request.client_network = ""
    assert view(request, address.split("/")[2]).status_code == 200


# Portfolios


@pytest.fixture
def unit(team):
    return team.unit


@pytest.fixture
def manager(unit):
    return make_membership(unit=unit, role="manager").user


def test_a_lead_cannot_make_links_to_a_portfolio_nor_a_manager_to_a_result(result, unit, lead, manager):
    assert signed_in(lead).get(reverse("unit-share", args=[unit.pk])).status_code == 403
    assert signed_in(manager).get(reverse("result-share", args=[result.pk])).status_code == 403
    other = make_unit()
    assert signed_in(manager).get(reverse("unit-share", args=[other.pk])).status_code == 403


def portfolio_of(unit, framework, by, **given) -> str:
    token = new_token()
    ShareLink.objects.share_portfolio(unit, framework, terms(**given), by=by, token=token)
    return f"/s/{token}/"


def test_a_manager_shares_the_portfolio_of_a_unit_with_what_is_below_it(result, team, unit, manager):
    below = make_team(unit=make_unit(parent=unit, name="Below"), name="Team Below")
    elsewhere = make_team(name="Team Elsewhere")
    for other in (below, elsewhere):
        toy.add_result(team=other, edition=result.edition, date=datetime.date(2026, 10, 1))
    client = signed_in(manager)
    framework = result.edition.framework.key
    page = f"{reverse('unit-share', args=[unit.pk])}?framework={framework}"
    offered = client.get(f"/portfolio/?framework={framework}").content.decode()
    assert page in offered
    made = client.post(page, entered(framework=framework)).content.decode()
    (address,) = ADDRESS.findall(made)
    html = Client().get(address).content.decode()
    assert team.name in html
    assert "Team Below" in html
    assert "Team Elsewhere" not in html
    targets = re.findall(r'(?:href|src|action|formaction|hx-[a-z]+)="([^"]*)"', html)
    assert [target for target in targets if not target.startswith(("/static/", "#", "?format=pdf"))] == []


def test_without_names_no_team_can_be_told_from_the_figures(result, team, unit, manager):
    """Fewer than four teams are no crowd."""
    for number in range(3):
        named = portfolio_of(unit, result.edition.framework, manager)
        address = portfolio_of(unit, result.edition.framework, manager, leaves_out=("team-names",))
        html = Client().get(address).content.decode()
        assert team.name in Client().get(named).content.decode()
        assert team.name not in html
        if number < 2:
            assert "No team has a level here yet." in html or "1 of 1" not in html
        other = make_team(unit=unit)
        toy.add_result(team=other, edition=result.edition, date=datetime.date(2026, 10, 1))
    html = Client().get(address).content.decode()
    assert "of 4 teams" in html


def test_it_cannot_be_asked_for_anything_else(result, unit, manager):
    address = portfolio_of(unit, result.edition.framework, manager)
    plain = Client().get(address).content
    for query in ("unit=", "as_of=2020-01-01", f"unit={make_unit().pk}", "framework=other", "sort=-overall"):
        assert Client().get(f"{address}?{query}").content == plain


@pytest.mark.parametrize("above", [False, True])
def test_it_ends_when_its_maker_no_longer_manages_the_unit(result, unit, above):
    parent = make_unit()
    unit.parent = parent
    unit.save()
    membership = make_membership(unit=parent if above else unit, role="manager")
    address = portfolio_of(unit, result.edition.framework, membership.user)
    assert Client().get(address).status_code == 200
    membership.delete()
    assert Client().get(address).status_code == 404


def test_a_unit_that_is_moved_away_is_no_longer_its_makers_to_share(result, unit):
    membership = make_membership(unit=make_unit(), role="manager")
    unit.parent = membership.unit
    unit.save()
    address = portfolio_of(unit, result.edition.framework, membership.user)
    assert Client().get(address).status_code == 200
    unit.parent = None
    unit.save()
    assert Client().get(address).status_code == 404


def test_a_unit_can_be_deleted_with_its_links(result, manager):
    empty = make_unit()
    make_membership(unit=empty, user=manager, role="manager")
    address = portfolio_of(empty, result.edition.framework, manager)
    empty.remove(by=manager)
    assert Client().get(address).status_code == 404
    assert not ShareLink.objects.exists()


def test_links_to_a_portfolio_are_revoked_by_any_manager_of_the_unit(result, unit, manager):
    other = make_membership(unit=unit, role="manager").user
    address = portfolio_of(unit, result.edition.framework, manager, password=PASSWORD)
    client = signed_in(other)
    html = client.get(reverse("unit-share", args=[unit.pk])).content.decode()
    (revoke,) = re.findall(r'action="([^"]*/revoke/)"', html)
    assert "password" in html
    client.post(revoke)
    assert Client().get(address).status_code == 404
    assert client.post(revoke.replace("revoke", "nowhere")).status_code == 404
