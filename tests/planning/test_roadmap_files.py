"""A roadmap as files: what the page shows the same person, no more."""

import csv
import datetime
import io

import pytest

from assessments.models import Action, Target

from ..calendars import entries_of, unescaped
from ..factories import make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()


def days(number):
    return TODAY + datetime.timedelta(days=number)


@pytest.fixture
def lead(client):
    lead = Lead(name="Search")
    lead.closes(AT[0], on=str(days(-30)))
    client.force_login(lead.user)
    return lead


def plan(lead, text="Do it.", criterion="y3", **fields):
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    return Action.objects.plan(**terms, criterion=criterion, text=text, **fields)


def calendar_of(client, lead, query=""):
    response = client.get(f"/teams/{lead.team.pk}/roadmap/calendar.ics?{query}")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return entries_of(response.content)


def rows_of(client, lead, query=""):
    data = client.get(f"/teams/{lead.team.pk}/roadmap/export/?{query}").getvalue()
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_the_calendar_has_what_is_due(client, lead):
    action = plan(lead, "Write, then test; twice.", due=days(10), owner=lead.user)
    plan(lead, "Some day.")
    plan(lead, "Over.", due=days(5), status="done")
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    target = Target.objects.set(**terms, level=2, due=days(60), why="Fewer nights.", rule="largely")
    first, second = calendar_of(client, lead)
    assert first["UID"].startswith(f"action-{action.pk}@")
    assert first["DTSTART;VALUE=DATE"] == f"{days(10):%Y%m%d}"
    assert unescaped(first["SUMMARY"]) == "Search: Write, then test; twice."
    assert f"Owner: {lead.user.name}" in unescaped(first["DESCRIPTION"])
    assert first["URL"].endswith(
        f"/teams/{lead.team.pk}/roadmap/?framework={lead.edition.framework.key}#action-{action.pk}"
    )
    assert second["UID"].startswith(f"target-{target.pk}@")
    assert "Overall, level 2" in unescaped(second["SUMMARY"])
    assert "Fewer nights." in unescaped(second["DESCRIPTION"])


def test_an_entry_keeps_its_identity_when_it_changes(client, lead):
    action = plan(lead, due=days(10))
    (before,) = calendar_of(client, lead)
    action.change(by=lead.user, seen=0, due=days(20))
    (after,) = calendar_of(client, lead)
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("0", "1")
    assert after["DTSTART;VALUE=DATE"] == f"{days(20):%Y%m%d}"


def test_the_table_has_the_actions(client, lead):
    plan(lead, "=1+1", owner=lead.user, due=days(-3))
    plan(lead, "Not ours.", status="dropped", reason="The product is sold.")
    first, second = rows_of(client, lead)
    assert first["Action"] == "'=1+1"
    assert (first["Owner"], first["Due date"], first["Overdue"]) == (lead.user.name, str(days(-3)), "overdue")
    assert (second["Status"], second["Why it is cancelled"]) == ("Cancelled", "The product is sold.")


def test_they_keep_the_filters_of_the_page(client, lead):
    plan(lead, "Mine.", owner=lead.user, due=days(3))
    plan(lead, "Nobody’s.", due=days(3))
    query = f"owner={lead.user.pk}"
    assert [row["Action"] for row in rows_of(client, lead, query)] == ["Mine."]
    assert [entry["SUMMARY"] for entry in calendar_of(client, lead, query)] == ["Search: Mine."]


def test_another_framework_has_its_own(client, lead):
    plan(lead, due=days(3))
    other = Lead(team=lead.team)
    assert rows_of(client, lead, f"framework={other.edition.framework.key}") == []
    assert calendar_of(client, lead, f"framework={other.edition.framework.key}") == []


def test_who_may_not_see_the_roadmap_gets_neither(client, lead):
    plan(lead, due=days(3))
    client.force_login(make_user())
    for address in ("export/", "calendar.ics"):
        assert client.get(f"/teams/{lead.team.pk}/roadmap/{address}").status_code in (403, 404)


@pytest.mark.parametrize("number", [1, 15])
def test_cost_does_not_grow_with_actions(client, lead, django_assert_max_num_queries, number):
    for _ in range(number):
        plan(lead, due=days(3), owner=lead.user)
    for address in ("export/", "calendar.ics"):
        client.get(f"/teams/{lead.team.pk}/roadmap/{address}")
        with django_assert_max_num_queries(10):
            response = client.get(f"/teams/{lead.team.pk}/roadmap/{address}")
            response.getvalue()
