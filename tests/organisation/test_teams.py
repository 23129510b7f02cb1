"""Units, teams and members: who may be added, what must stay."""

import datetime

import pytest

from assessments.models import Event, Membership, Participation, Team, Unit, User
from assessments.models.teams import LastLead

from .. import toy
from ..accounts.second_factors import signs_in_now
from ..accounts.test_accounts import link_in
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True)
    signs_in_now(client, user)
    return user


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team, client):
    user = make_user()
    make_membership(user=user, team=team, role="lead")
    client.force_login(user)
    return user


def test_administrator_makes_unit_and_team_and_adds_members(client, admin):
    assert client.get("/teams/new/").url == "/units/new/", "a team needs a unit first"
    assert client.post("/units/new/", {"name": "Shop", "parent": ""}).url == "/units/"
    unit = Unit.objects.get()
    response = client.post("/teams/new/", {"name": "Search", "unit": unit.pk, "time_zone": "Europe/Berlin"})
    team = Team.objects.get()
    assert response.url == f"/teams/{team.pk}/members/"
    data = {"email": "lea@example.org", "name": "Lea", "role": "lead"}
    page = client.post(response.url, data).content.decode()
    lea = User.objects.get(name="Lea")
    assert not lea.has_usable_password()
    assert client.get(link_in(page)).status_code == 200
    assert Membership.objects.get(user=lea).role == "lead"


def test_adding_somebody_with_an_account_shows_no_link(client, lead, team):
    person = make_user(email="Pat@example.org")
    response = client.post(f"/teams/{team.pk}/members/", {"email": "pat@EXAMPLE.org", "role": "viewer"}, follow=True)
    assert "/password/set/" not in response.content.decode()
    assert team.memberships.get(user=person).role == "viewer"
    assert User.objects.filter(email__iexact="pat@example.org").count() == 1


def test_who_joins_is_asked_and_who_leaves_unanswered_is_not(client, lead, team):
    assessment = toy.start(team=team, by=lead)
    client.post(f"/teams/{team.pk}/members/", {"email": "new@example.org", "name": "New", "role": "member"})
    membership = team.memberships.get(user__name="New")
    assert Participation.objects.filter(assessment=assessment, user=membership.user).exists()
    client.post(f"/teams/{team.pk}/members/{membership.pk}/", {"role": "viewer"})
    assert not Participation.objects.filter(assessment=assessment, user=membership.user).exists()


def test_who_has_answered_stays_counted_after_leaving(client, lead, team):
    assessment, member = toy.start(team=team, by=lead), make_user()
    membership = make_membership(user=member, team=team)
    toy.rate(assessment, member, "F F L N F F P N")
    client.post(f"/teams/{team.pk}/members/{membership.pk}/remove/")
    assert Participation.objects.filter(assessment=assessment, user=member).exists()
    assert assessment.ratings.count() == 8


@pytest.mark.parametrize("action", ["role", "remove", "add"])
def test_a_lead_cannot_leave_the_team_without_one(client, lead, team, action):
    membership = team.memberships.get()
    url = f"/teams/{team.pk}/members/"
    posts = {
        "role": (f"{url}{membership.pk}/", {"role": "viewer"}),
        "remove": (f"{url}{membership.pk}/remove/", {}),
        "add": (url, {"email": lead.email, "role": "member"}),
    }
    page = client.post(*posts[action], follow=True).content.decode()
    assert "A team needs a lead." in page
    assert team.memberships.get().role == "lead"
    make_membership(team=team, role="lead")
    client.post(*posts[action])
    assert not team.memberships.filter(user=lead, role="lead").exists()


def test_an_administrator_may_remove_the_last_lead(client, team, lead, admin):
    membership = team.memberships.get()
    client.post(f"/teams/{team.pk}/members/{membership.pk}/remove/")
    assert not team.memberships.exists()


def test_a_membership_of_another_team_is_not_found(client, lead, team):
    foreign = make_membership(team=make_team(), role="lead")
    for path, data in ((f"{foreign.pk}/", {"role": "viewer"}), (f"{foreign.pk}/remove/", {})):
        assert client.post(f"/teams/{team.pk}/members/{path}", data).status_code == 404
    assert Membership.objects.get(pk=foreign.pk).role == "lead"


def test_a_lead_cannot_make_a_unit_manager_or_move_the_team(client, lead, team):
    other, home = make_unit(), team.unit_id
    page = client.post(f"/teams/{team.pk}/members/", {"email": "x@example.org", "role": "manager"}).content.decode()
    assert "Select a valid choice" in page
    client.post(f"/teams/{team.pk}/edit/", {"name": "Renamed", "time_zone": "UTC", "unit": other.pk})
    team.refresh_from_db()
    assert team.name == "Renamed"
    assert team.unit_id == home


@pytest.mark.parametrize(
    "data,sentence",
    [
        ({"email": "no address", "role": "member"}, "valid email address"),
        ({"email": "x@example.org", "role": "boss"}, "Select a valid choice"),
        ({"role": "member"}, "This field is required"),
    ],
)
def test_a_wrong_member_gets_a_sentence_and_keeps_what_was_typed(client, lead, team, data, sentence):
    page = client.post(f"/teams/{team.pk}/members/", {"name": "Typed already", **data}).content.decode()
    assert sentence in page
    assert "Typed already" in page
    assert team.memberships.count() == 1


def test_two_teams_of_a_unit_cannot_have_one_name(client, admin, team):
    data = {"name": team.name.upper(), "unit": team.unit_id, "time_zone": "UTC"}
    assert "This unit already has a team with this name." in client.post("/teams/new/", data).content.decode()


def test_a_unit_cannot_be_put_below_itself(client, admin):
    top = make_unit(name="Top")
    below = make_unit(name="Below", parent=top)
    page = client.post(f"/units/{top.pk}/", {"name": "Top", "parent": below.pk}).content.decode()
    assert "Select a valid choice" in page
    assert Unit.objects.get(pk=top.pk).parent is None


def test_two_units_cannot_be_put_below_each_other_at_the_same_time(client, admin, monkeypatch):
    one, two = make_unit(name="One"), make_unit(name="Two")
    checked = Unit.clean

    def clean_and_be_overtaken(self):
        checked(self)
        Unit.objects.filter(pk=two.pk).update(parent=one)

    monkeypatch.setattr(Unit, "clean", clean_and_be_overtaken)
    response = client.post(f"/units/{one.pk}/", {"name": "One", "parent": two.pk})
    assert "below it" in response.content.decode()
    assert Unit.objects.get(pk=one.pk).parent is None


def test_units_below_each_other_are_shown_nevertheless(client, admin):
    """However they came there."""
    top, one, two, below = [make_unit(name=name) for name in ("Top", "One", "Two", "Zone")]
    make_unit(name="Under", parent=top)
    for unit, parent in ((one, two), (two, one), (below, two)):
        Unit.objects.filter(pk=unit.pk).update(parent=parent)
    tree = [(unit.name, unit.depth) for unit in Unit.objects.as_tree()]
    assert tree == [("Top", 0), ("Under", 1), ("One", 0), ("Two", 1), ("Zone", 2)]
    toy.add_result(team=make_team(unit=below), edition=toy.make_edition(), date=datetime.date(2026, 1, 1))
    for address in ("/portfolio/", f"/portfolio/?unit={two.pk}", "/plan/", "/units/", "/teams/", f"/units/{one.pk}/"):
        assert client.get(address).status_code == 200


def test_a_unit_with_something_in_it_is_kept(client, admin, team):
    page = client.post(f"/units/{team.unit_id}/delete/", follow=True).content.decode()
    assert "still has teams or units in it" in page
    assert Unit.objects.filter(pk=team.unit_id).exists()


def test_a_manager_of_a_unit_sees_the_teams_below_it_and_no_answers(client, admin, team):
    above = make_unit(name="Above")
    Unit.objects.filter(pk=team.unit_id).update(parent=above)
    page = client.post(f"/units/{above.pk}/managers/", {"email": "m@example.org", "name": "Max"}).content.decode()
    assert client.get(link_in(page)).status_code == 200
    manager = User.objects.get(name="Max")
    client.force_login(manager)
    assert client.get(team.get_absolute_url()).status_code == 200
    assert client.get(make_team().get_absolute_url()).status_code == 404
    client.force_login(admin)
    membership = above.memberships.get()
    client.post(f"/units/{above.pk}/managers/{membership.pk}/remove/")
    client.force_login(manager)
    assert client.get(team.get_absolute_url()).status_code == 404


def test_what_is_done_to_teams_is_in_the_journal_without_names(client, lead, team):
    client.post(f"/teams/{team.pk}/members/", {"email": "new@example.org", "name": "Nora", "role": "member"})
    membership = team.memberships.get(user__name="Nora")
    client.post(f"/teams/{team.pk}/members/{membership.pk}/", {"role": "viewer"})
    client.post(f"/teams/{team.pk}/members/{membership.pk}/remove/")
    events = list(Event.objects.order_by("pk"))
    assert [event.kind for event in events] == ["member.added", "member.role", "member.removed"]
    assert "Nora" not in str([event.data for event in events])


def test_a_lead_cannot_take_the_name_of_another_team_of_the_unit(client, lead, team):
    make_team(unit=team.unit, name="Taken")
    page = client.post(f"/teams/{team.pk}/edit/", {"name": "taken", "time_zone": "UTC"})
    assert page.status_code == 422
    assert "This unit already has a team with this name." in page.content.decode()


def test_a_new_team_is_in_the_time_zone_of_the_installation(client, admin, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    make_unit()
    assert 'name="time_zone" value="Europe/Berlin"' in client.get("/teams/new/").content.decode()


def test_who_joined_since_is_asked_when_an_assessment_is_opened_again(client, lead, team):
    assessment, gone = toy.start(team=team, by=lead), make_membership(team=team)
    Participation.objects.create(assessment=assessment, user=gone.user)
    toy.rate(assessment, lead, "F F L N F F P N")
    assessment.close(by=lead)
    gone.delete()
    newcomer = make_membership(team=team).user
    assessment.reopen(by=lead, reason="Somebody joined.")
    assert set(assessment.participations.values_list("user", flat=True)) == {lead.pk, newcomer.pk}


def test_a_wrong_due_date_is_told_beside_the_field_and_keeps_what_was_typed(client, lead, team):
    assessment = toy.start(team=team, by=lead)
    response = client.post(f"/assessments/{assessment.pk}/due/", {"due": "2026-10-01"})
    assert "The due date cannot be before the date of the assessment." in response.content.decode()
    assert 'value="2026-10-01"' in response.content.decode()


class TestFindingATeam:
    """Among many: a page at a time, and by words in its name or in that of its unit."""

    @pytest.fixture
    def many(self, admin):
        units = [make_unit(name="Retail North"), make_unit(name="Care")]
        Team.objects.bulk_create([Team(unit=units[n % 2], name=f"Team {n:03}") for n in range(104)])

    @staticmethod
    def names(client, query: str) -> list[str]:
        return [team.name for team, _ in client.get(f"/teams/?{query}").context["rows"]]

    def test_each_is_on_one_page(self, client, many):
        pages = [self.names(client, f"page={number}") for number in (1, 2, 3)]
        assert [len(page) for page in pages] == [50, 50, 4]
        assert len(set().union(*pages)) == 104
        assert pages[0][:2] == ["Team 001", "Team 003"], "Care comes before Retail"

    def test_words_of_the_name_or_the_unit_find_it(self, client, many):
        assert self.names(client, "q=team+017") == ["Team 017"]
        assert len(self.names(client, "q=north&page=2")) == 2
        page = client.get("/teams/?q=north").content.decode()
        assert "52 teams" in page
        assert "?q=north&amp;page=2" in page

    def test_what_is_not_there_is_told(self, client, many):
        page = client.get("/teams/?q=nowhere").content.decode()
        assert "No teams found" in page
        assert "Create a unit" not in page

    def test_nobody_finds_what_they_may_not_see(self, client, many):
        client.force_login(make_user())
        assert self.names(client, "q=team+017") == []

    def test_few_need_no_search(self, client, lead, team):
        assert 'role="search"' not in client.get("/teams/").content.decode()


def test_who_became_the_last_lead_meanwhile_is_not_removed_as_a_viewer():
    team = make_team()
    lead = make_membership(team=team, role="lead")
    other = make_membership(team=team, role="viewer")
    stale = Membership.objects.get(pk=other.pk)
    team.change_role(other, role="lead", by=lead.user, seen=0)
    team.remove_member(lead, by=lead.user)
    with pytest.raises(LastLead):
        team.remove_member(stale, by=stale.user)
    with pytest.raises(LastLead):
        team.change_role(stale, role="member", by=stale.user, seen=0)


def test_who_is_removed_twice_is_removed_once():
    team = make_team()
    lead = make_membership(team=team, role="lead")
    gone = make_membership(team=team, role="member")
    for stale in [Membership.objects.get(pk=gone.pk) for _ in range(2)]:
        team.remove_member(stale, by=lead.user)
    team.change_role(gone, role="lead", by=lead.user, seen=0)
    assert Event.objects.filter(kind="member.removed").count() == 1
    assert not Membership.objects.filter(pk=gone.pk).exists()
