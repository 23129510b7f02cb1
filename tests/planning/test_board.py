"""The board of a roadmap without a browser: moves and the way back, filters in the address, owner and due on a card."""

import datetime

import pytest

from assessments.models import Action, Event

from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()


@pytest.fixture
def lead(client):
    lead = Lead()
    lead.closes(AT[0], on=str(TODAY - datetime.timedelta(days=30)))
    client.force_login(lead.user)
    return lead


def plan(lead, text="Do it.", criterion="y3", **fields):
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    return Action.objects.plan(**terms, criterion=criterion, text=text, **fields)


def address_of(lead, action, name="status"):
    return f"/teams/{lead.team.pk}/actions/{action.pk}/{name}/?framework={lead.edition.framework.key}"


def sent_by(page, marker):
    """What the form on a page sends whose start tag has this marker: its hidden values by name."""
    form = page[page.index(marker) :]
    form = form[: form.index("</form>")]
    fields = form.split("<input")[1:]
    return {field.split('name="')[1].split('"')[0]: field.split('value="')[1].split('"')[0] for field in fields}


class TestUndo:
    def test_a_move_offers_the_way_back_once(self, client, lead):
        action = plan(lead)
        moved = client.post(address_of(lead, action), {"status": "done", "revision": 0}, follow=True).content.decode()
        assert "“Do it.” is done." in moved
        back = sent_by(moved, "data-undo")
        assert (back["status"], back["revision"]) == ("open", "1")
        again = client.get(f"/teams/{lead.team.pk}/roadmap/").content.decode()
        assert "“Do it.” is done." not in again
        undone = client.post(address_of(lead, action), back, follow=True).content.decode()
        assert "“Do it.” is open again." in undone
        assert Action.objects.get().status == "open"
        assert Event.objects.filter(kind="action.changed").count() == 2

    def test_the_way_back_to_cancelled_brings_its_reason(self, client, lead):
        action = plan(lead)
        action.change(by=lead.user, seen=0, status="dropped", reason="The product is sold.")
        moved = client.post(address_of(lead, action), {"status": "open", "revision": 1}, follow=True).content.decode()
        assert Action.objects.get().reason == ""
        client.post(address_of(lead, action), sent_by(moved, "data-undo"))
        action = Action.objects.get()
        assert (action.status, action.reason) == ("dropped", "The product is sold.")

    def test_it_is_not_offered_if_somebody_has_changed_the_action_since(self, client, lead):
        action = plan(lead)
        client.post(address_of(lead, action), {"status": "done", "revision": 0})
        Action.objects.get().change(by=lead.user, seen=1, text="Do it well.")
        page = client.get(f"/teams/{lead.team.pk}/roadmap/").content.decode()
        assert "data-undo" not in page

    def test_a_stale_way_back_meets_the_conflict(self, client, lead):
        action = plan(lead)
        moved = client.post(address_of(lead, action), {"status": "done", "revision": 0}, follow=True).content.decode()
        Action.objects.get().change(by=lead.user, seen=1, text="Do it well.")
        response = client.post(address_of(lead, action), sent_by(moved, "data-undo"))
        assert response.status_code == 409
        assert Action.objects.get().status == "done"

    def test_a_move_that_changes_nothing_offers_none(self, client, lead):
        action = plan(lead, status="done")
        page = client.post(address_of(lead, action), {"status": "done", "revision": 0}, follow=True).content.decode()
        assert "data-undo" not in page

    def test_cancelling_without_a_reason_is_refused(self, client, lead):
        action = plan(lead)
        page = client.post(address_of(lead, action), {"status": "dropped", "revision": 0}, follow=True)
        assert "To cancel an action, edit it and say why." in page.content.decode()
        assert Action.objects.get().status == "open"

    def test_the_page_it_leads_to_has_cancelled_chosen(self, client, lead):
        action = plan(lead)
        page = client.get(f"/teams/{lead.team.pk}/actions/{action.pk}/?status=dropped").content.decode()
        assert '<option value="dropped" selected>' in page
        assert Action.objects.get().status == "open"


class TestFilters:
    def test_they_stay_in_the_address_through_a_move(self, client, lead):
        action = plan(lead, owner=lead.user)
        query = f"framework={lead.edition.framework.key}&owner={lead.user.pk}&due=overdue"
        response = client.post(f"/teams/{lead.team.pk}/actions/{action.pk}/status/?{query}", {"status": "doing"})
        assert response.status_code == 302
        assert f"owner={lead.user.pk}" in response.url
        assert "due=overdue" in response.url

    def test_the_page_shows_what_they_leave(self, client, lead):
        plan(lead, "Mine.", owner=lead.user)
        plan(lead, "Nobody’s.", criterion="x1", due=TODAY - datetime.timedelta(days=1))
        page = f"/teams/{lead.team.pk}/roadmap/"

        def shown(query):
            body = client.get(f"{page}?{query}").content.decode()
            board = body[body.index("data-board>") : body.index('aria-labelledby="gaps"')]
            return [text for text in ("Mine.", "Nobody’s.") if text in board]

        assert shown("") == ["Mine.", "Nobody’s."]
        assert shown(f"owner={lead.user.pk}") == ["Mine."]
        assert shown("owner=none") == ["Nobody’s."]
        assert shown("due=overdue") == ["Nobody’s."]
        assert shown("dimension=Y") == ["Mine."]
        assert shown("owner=nonsense&dimension=nowhere") == ["Mine.", "Nobody’s."]

    def test_a_day_that_is_none_is_answered(self, client, lead):
        plan(lead)
        page = client.get(f"/teams/{lead.team.pk}/roadmap/?until=soon").content.decode()
        assert "Enter a valid date." in page

    def test_somebody_who_has_left_the_team_can_be_chosen(self, client, lead):
        gone = make_membership(team=lead.team).user
        plan(lead, owner=gone)
        gone.memberships.all().delete()
        page = client.get(f"/teams/{lead.team.pk}/roadmap/").content.decode()
        assert f"owner={gone.pk}" in page


class TestOwnerAndDue:
    def test_they_are_saved_from_the_card(self, client, lead):
        action = plan(lead)
        due = TODAY + datetime.timedelta(days=20)
        sent = {"owner": lead.user.pk, "due": due.isoformat(), "revision": 0}
        page = client.post(address_of(lead, action, "owner"), sent, follow=True).content.decode()
        assert "Saved: “Do it.”." in page
        action = Action.objects.get()
        assert (action.owner, action.due, action.status) == (lead.user, due, "open")

    def test_what_makes_no_sense_comes_back_on_its_card(self, client, lead):
        action = plan(lead)
        plan(lead, "Another.")
        sent = {"owner": "", "due": "2026-02-31", "revision": 0}
        response = client.post(address_of(lead, action, "owner"), sent)
        page = response.content.decode()
        assert response.status_code == 422
        assert page.count("2026-02-31") == 1
        assert page.count('<details class="sure" open>') == 1
        assert Action.objects.get(pk=action.pk).due is None

    def test_nobody_outside_the_team_can_own_it(self, client, lead):
        action = plan(lead)
        response = client.post(address_of(lead, action, "owner"), {"owner": make_user().pk, "revision": 0})
        assert response.status_code == 422
        assert Action.objects.get().owner is None

    def test_whoever_has_left_the_team_keeps_it_until_somebody_says_otherwise(self, client, lead):
        gone = make_membership(team=lead.team).user
        action = plan(lead, owner=gone)
        gone.memberships.all().delete()
        due = TODAY + datetime.timedelta(days=20)
        client.post(address_of(lead, action, "owner"), {"owner": gone.pk, "due": due.isoformat(), "revision": 0})
        action = Action.objects.get()
        assert (action.owner, action.due) == (gone, due)


def test_who_may_only_read_gets_no_forms(client, lead):
    plan(lead, owner=lead.user)
    client.force_login(make_membership(team=lead.team, role="viewer").user)
    page = client.get(f"/teams/{lead.team.pk}/roadmap/").content.decode()
    assert "Do it." in page
    for mark in ("data-moves", "data-board", "Owner and due date"):
        assert mark not in page


@pytest.mark.parametrize("number", [1, 12])
def test_cards_cost_no_queries(client, lead, django_assert_max_num_queries, number):
    for _ in range(number):
        plan(lead, owner=lead.user)
    address = f"/teams/{lead.team.pk}/roadmap/"
    client.get(address)
    with django_assert_max_num_queries(10):
        client.get(address)
