"""A team is merged into another: what it has goes along, and its frozen results stay what they were."""

import datetime

import pytest

from assessments.models import (
    Action,
    AdviserAnswers,
    Answer,
    Badge,
    Event,
    Mail,
    Membership,
    Refused,
    Result,
    Round,
    RoundTeam,
    Target,
    Team,
    Webhook,
)

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db
MET, NOT_MET = "F F F F F F F F", "N N N N N N N N"


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


@pytest.fixture
def edition():
    return toy.make_edition()


class Side:
    """A team with a lead."""

    def __init__(self, name):
        self.team = make_team(name=name, unit=make_unit())
        self.lead = make_membership(team=self.team, role="lead").user

    def result(self, edition, codes, *, date=None):
        assessment = toy.start(team=self.team, by=self.lead, edition=edition, date=date or self.team.today())
        toy.rate(assessment, self.lead, codes)
        return assessment.close(by=self.lead)

    def target(self, edition, *, due=None):
        due = due or self.team.today() + datetime.timedelta(days=30)
        framework = edition.framework
        return Target.objects.set(
            team=self.team, framework=framework, level=1, due=due, why="", by=self.lead, rule="largely"
        )


@pytest.fixture
def search():
    return Side("Search")


@pytest.fixture
def shop():
    return Side("Shop")


def merge_page(client, admin, team, into, **more):
    client.force_login(admin)
    return client.post(f"/teams/{team.pk}/merge/", {"into": into.pk, **more})


def test_only_what_was_read_about_is_confirmed(client, admin, search, shop):
    other = make_team(name="Mobile")
    response = merge_page(client, admin, search.team, other, confirm=str(shop.team.pk))
    assert response.status_code == 409
    page = " ".join(response.content.decode().split())
    assert "Nothing was merged: you chose Mobile after reading about another one." in page
    assert "Merge into Mobile" in page
    assert Team.objects.filter(pk=search.team.pk).exists()


def test_the_page_says_what_moves_and_then_moves_it(client, admin, search, shop, edition):
    result = search.result(edition, MET)
    under_way = toy.start(team=search.team, by=search.lead, edition=edition)
    target = search.target(edition)
    action = Action.objects.plan(
        team=search.team, framework=edition.framework, criterion="x1", by=search.lead, text="Write it."
    )
    both = make_membership(team=search.team, role="lead").user
    make_membership(team=shop.team, user=both, role="viewer")
    page = " ".join(merge_page(client, admin, search.team, shop.team).content.decode().split())
    for words in ("1 result", "1 assessment under way", "1 action", "1 target", "1 person:", "keeps the role in Shop"):
        assert words in page
    assert Team.objects.filter(pk=search.team.pk).exists(), "nothing happened yet"

    response = merge_page(client, admin, search.team, shop.team, confirm=str(shop.team.pk))
    assert response.url == shop.team.get_absolute_url()
    assert not Team.objects.filter(pk=search.team.pk).exists()
    for row in (result, under_way, target, action):
        row.refresh_from_db()
        assert row.team_id == shop.team.pk
    roles = dict(shop.team.memberships.values_list("user", "role"))
    assert roles == {search.lead.pk: "lead", shop.lead.pk: "lead", both.pk: "viewer"}
    merged = Event.objects.get(kind="team.merged")
    assert merged.team == shop.team
    assert set(merged.data) == {"merged"}


def test_frozen_results_keep_their_name_and_do_not_mix_with_the_history(client, admin, search, shop, edition):
    yesterday = shop.team.today() - datetime.timedelta(days=1)
    kept = shop.result(edition, NOT_MET, date=yesterday)
    moved = search.result(edition, MET)
    before = Result.objects.filter(pk=moved.pk).values("level", "index_exact", "date", "outcomes", "closing").get()
    search.team.merge_into(shop.team, by=admin)
    moved.refresh_from_db()
    assert (
        Result.objects.filter(pk=moved.pk).values("level", "index_exact", "date", "outcomes", "closing").get() == before
    )
    assert (moved.former_team, moved.team_name) == ("Search", "Search")
    client.force_login(shop.lead)
    page = client.get(shop.team.get_absolute_url())
    assert page.context["past"].latest == kept
    assert list(page.context["merged"]) == [moved]
    assert "Search, " in page.content.decode()
    page = client.get(moved.get_absolute_url()).content.decode()
    assert "This is a result of Search, which was merged into Shop since." in " ".join(page.split())
    assert "since" not in page.split('id="summary"')[1].split("</h2>")[0]
    assert client.get(f"/results/{moved.pk}/report/").status_code == 200
    # Another team of the same name is another history.
    namesake = Side("Search")
    other = namesake.result(edition, NOT_MET)
    namesake.team.merge_into(shop.team, by=admin)
    other.refresh_from_db()
    assert other.former_team == f"Search, {namesake.team.unit}"
    assert other.previous() is None
    other.delete()
    # Merged once more, it keeps its first name.
    third = Side("Third")
    shop.team.merge_into(third.team, by=admin)
    names = dict(Result.objects.values_list("pk", "former_team"))
    assert names == {moved.pk: "Search", kept.pk: "Shop"}
    # The next own result is not compared with them.
    fresh = third.result(edition, MET)
    client.force_login(third.lead)
    assert client.get(third.team.get_absolute_url()).context["past"].latest == fresh


def test_nobody_reads_comments_of_the_other_team(client, admin, search, shop, edition):
    def with_comment(side, comment):
        assessment = toy.start(team=side.team, by=side.lead, edition=edition, date=side.team.today())
        toy.rate(assessment, side.lead, MET)
        x1 = edition.contents.criterion_by_key["x1"]
        answer = Answer(code="F", comment=comment)
        assessment.save_rating(by=side.lead, criterion=x1, answer=answer, mark=toy.mark(page="page-1", sequence=99))
        return assessment.close(by=side.lead)

    moved, kept = with_comment(search, "Said in Search."), with_comment(shop, "Said in Shop.")
    Membership.objects.update(reads_comments_since=None)
    search.team.merge_into(shop.team, by=admin)
    client.force_login(shop.lead)
    page = client.get(moved.get_absolute_url()).content.decode()
    assert "Said in Search." not in page
    assert "this result came with a team that was merged into this one." in page
    assert "A lead who sees it can show it" not in page
    assert "Said in Shop." in client.get(kept.get_absolute_url()).content.decode()
    client.force_login(search.lead)
    assert "Said in Shop." not in client.get(kept.get_absolute_url()).content.decode()


def test_a_moved_result_is_not_reopened(admin, search, shop, edition):
    moved = search.result(edition, MET)
    search.team.merge_into(shop.team, by=admin)
    moved.refresh_from_db()
    assert not moved.can_be_reopened
    with pytest.raises(Refused, match="merged into this one"):
        moved.assessment.reopen(by=shop.lead, reason="New facts.", to="review")


def test_two_assessments_of_one_framework_under_way_are_refused(client, admin, search, shop, edition):
    for side in (search, shop):
        toy.start(team=side.team, by=side.lead, edition=edition)
    sentence = "Both teams have an assessment of Toy under way."
    assert sentence in merge_page(client, admin, search.team, shop.team).content.decode()
    response = merge_page(client, admin, search.team, shop.team, confirm=str(shop.team.pk))
    assert response.status_code in {409, 422}
    assert sentence in response.content.decode()
    assert Team.objects.filter(pk=search.team.pk).exists()
    # Of two frameworks they go along.
    other = Side("Other")
    toy.start(team=other.team, by=other.lead)
    other.team.merge_into(shop.team, by=admin)
    assert shop.team.assessments.count() == 2


def test_what_else_stands_in_the_way(admin, search, shop, edition):
    with pytest.raises(Refused, match="into itself"):
        search.team.merge_into(search.team, by=admin)
    result = search.result(edition, MET)
    result.assessment.reopen(by=search.lead, reason="New facts.", to="review")
    with pytest.raises(Refused, match="opened again"):
        search.team.merge_into(shop.team, by=admin)
    result.assessment.close(by=search.lead)
    for side in (search, shop):
        side.target(edition)
    with pytest.raises(Refused, match="same part and day"):
        search.team.merge_into(shop.team, by=admin)
    assert Team.objects.count() == 2


def test_what_hangs_on_a_team_goes_along_and_nothing_is_lost(admin, search, shop, edition):
    result = search.result(edition, MET)
    badge = Badge.objects.make(result, by=search.lead, token="x" * 30)
    mails = Mail.objects.filter(team=search.team).count()
    for side, edition_ in ((search, edition), (search, toy.make_edition()), (shop, edition)):
        AdviserAnswers.objects.create(team=side.team, framework=edition_.framework)
    search.team.merge_into(shop.team, by=admin)
    badge.refresh_from_db()
    assert badge.team == shop.team
    assert badge.revoked_on is not None
    assert Mail.objects.filter(team=shop.team).count() >= mails
    assert shop.team.adviser_answers.count() == 2
    assert not shop.team.webhooks.exists()


def test_a_round_that_both_take_part_in_lists_the_remaining_team(admin, search, shop, edition):
    today = shop.team.today()
    dates = {"opens": today, "due": today, "day": today.day}
    both = Round.objects.create(edition=edition, name="Q4", **dates)
    one = Round.objects.create(edition=edition, name="Q3", **dates)
    for round_, team in ((both, search.team), (both, shop.team), (one, search.team)):
        RoundTeam.objects.create(round=round_, team=team)
    search.team.merge_into(shop.team, by=admin)
    assert list(RoundTeam.objects.order_by("pk").values_list("round__name", "team")) == [
        ("Q4", shop.team.pk),
        ("Q3", shop.team.pk),
    ]


@pytest.mark.parametrize("other_state", ["closed", "discarded", "waiting"])
def test_an_assessment_under_way_stays_in_its_round(admin, search, shop, edition, other_state):
    today = shop.team.today()
    round_ = Round.objects.create(edition=edition, name="Q4", opens=today, due=today, day=today.day)
    open_one = toy.start(team=search.team, by=search.lead, edition=edition)
    own = RoundTeam.objects.create(round=round_, team=search.team, assessment=open_one, started_on=today)
    closed = shop.result(edition, MET).assessment if other_state == "closed" else None
    started_on = None if other_state == "waiting" else today
    RoundTeam.objects.create(round=round_, team=shop.team, assessment=closed, started_on=started_on)
    search.team.merge_into(shop.team, by=admin)
    entry = RoundTeam.objects.get()
    assert (entry.pk, entry.team, entry.assessment) == (own.pk, shop.team, open_one)


def test_an_assessment_under_way_in_the_team_that_stays_keeps_its_place(admin, search, shop, edition):
    today = shop.team.today()
    round_ = Round.objects.create(edition=edition, name="Q4", opens=today, due=today, day=today.day)
    closed = search.result(edition, MET).assessment
    RoundTeam.objects.create(round=round_, team=search.team, assessment=closed, started_on=today)
    open_one = toy.start(team=shop.team, by=shop.lead, edition=edition)
    RoundTeam.objects.create(round=round_, team=shop.team, assessment=open_one, started_on=today)
    search.team.merge_into(shop.team, by=admin)
    assert RoundTeam.objects.get().assessment == open_one


def test_merged_already_or_into_nothing(admin, search, shop):
    shop_again = Team.objects.get(pk=shop.team.pk)
    third = make_team()
    shop.team.merge_into(third, by=admin)
    with pytest.raises(Refused, match="has been deleted"):
        search.team.merge_into(shop_again, by=admin)
    shop_again.merge_into(third, by=admin)
    assert Event.objects.filter(kind="team.merged").count() == 1


WRITES = {
    "member": lambda side, edition: side.team.add_member(email="a@example.org", name="", role="member", by=side.lead),
    "name": lambda side, edition: side.team.change(by=side.lead, seen=None, name="Other"),
    "assessment": lambda side, edition: toy.start(team=side.team, by=side.lead, edition=edition),
    "target": lambda side, edition: side.target(edition),
    "action": lambda side, edition: Action.objects.plan(
        team=side.team, framework=edition.framework, criterion="x1", by=side.lead, text="Do it."
    ),
    "webhook": lambda side, edition: Webhook.objects.add(
        team=side.team,
        name="A",
        kind="slack",
        address="https://example.org/",
        host="example.org",
        happenings=[],
        by=side.lead,
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_what_was_begun_for_a_team_that_is_merged_meanwhile_is_refused(admin, edition, search, shop, write):
    """Whoever waits for the lock of a team may find it gone."""
    Team.objects.get(pk=search.team.pk).merge_into(shop.team, by=admin)
    with pytest.raises(Refused, match="This team has been deleted"):
        WRITES[write](search, edition)
