"""Pages of teams and results are drawn once for people who may see the same, and again when something changed."""

import datetime
import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assessments.models import Action, Framework, Membership, Reopening, SetbackReason, Target, Team
from assessments.results import page_state, team_views, views

from .. import toy
from ..factories import make_membership, make_team, make_unit
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db

AT_LATER = datetime.date(2026, 3, 1)
PASSING = re.compile(rb'name="(csrfmiddlewaretoken|once)" value="[^"]*"')

#: Rights are looked up each time; who signed in is in the tag of the page.
RIGHTS = {"assessments_browsersession", "assessments_user", "assessments_membership"}
#: These never change once they are there: parts of frozen results, and of published editions.
FROZEN = {"assessments_partresult", "assessments_criterionresult", "assessments_checkatclosing"}
#: Frameworks are drawn as memory has them, and the generation, which each request learns, says which memory.
KEPT = {"assessments_framework", "assessments_installation"}
#: Of these the digest is made by itself, in `fragment_digest`.
TEXTS = {"assessments_translation"}


@pytest.fixture(autouse=True)
def _nothing_kept():
    caches["template_fragments"].clear()


@pytest.fixture
def lead():
    lead = Lead()
    lead.closes(AT[2], on="2026-01-01")
    lead.closes(AT[1], on="2026-02-01")
    return lead


def signed_in(user) -> Client:
    client = Client(HTTP_HOST="localhost:8000")
    client.force_login(user)
    return client


def tables(statements) -> set[str]:
    return set(re.findall(r"(?:FROM|JOIN) \"?([a-z]+_[a-z]+)", " ".join(statements)))


def test_every_table_that_the_page_reads_is_asked_for_changes(lead):
    client = signed_in(lead.user)
    client.get(lead.team.get_absolute_url())
    caches["template_fragments"].clear()
    with CaptureQueriesContext(connection) as captured:
        client.get(lead.team.get_absolute_url())
    read = tables(query["sql"] for query in captured.captured_queries)
    assert "assessments_partresult" in read
    assert read - RIGHTS - FROZEN - KEPT - TEXTS <= tables([page_state._TEAM_PAGE])


def test_an_unchanged_page_is_neither_read_nor_drawn(lead, monkeypatch):
    client = signed_in(lead.user)
    etag = client.get(lead.team.get_absolute_url()).headers["ETag"]
    monkeypatch.setattr(team_views, "render", None)
    response = client.get(lead.team.get_absolute_url(), headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response.headers["Vary"]


def test_a_tag_is_of_one_person_and_one_address(lead):
    address = lead.team.get_absolute_url()
    etag = signed_in(lead.user).get(address).headers["ETag"]
    other = signed_in(make_membership(team=lead.team, role="lead").user)
    assert other.get(address, headers={"If-None-Match": etag}).status_code == 200
    assert signed_in(lead.user).get(f"{address}?period=1", headers={"If-None-Match": etag}).status_code == 200


def test_other_roles_see_a_page_of_their_own(lead):
    address = lead.team.get_absolute_url()
    viewer = signed_in(make_membership(team=lead.team, role="viewer").user)
    assert b"Add a note on why" in signed_in(lead.user).get(address).content
    assert b"Add a note on why" not in viewer.get(address).content


@pytest.mark.parametrize("change", ["action", "target", "team", "unit"])
def test_a_change_is_told(lead, change):
    client, address = signed_in(lead.user), lead.team.get_absolute_url()
    etag = client.get(address).headers["ETag"]
    framework = Framework.objects.get(key=lead.edition.framework.key)
    if change == "action":
        criterion = lead.edition.contents.criteria[0].key
        Action.objects.create(team=lead.team, framework=framework, criterion=criterion, text="Do it")
    elif change == "target":
        Target.objects.create(team=lead.team, framework=framework, level=3, due="2030-01-01", set_by=lead.user)
    elif change == "team":
        Team.objects.filter(pk=lead.team.pk).update(about="Something else")
    else:
        type(lead.team.unit).objects.filter(pk=lead.team.unit_id).update(name="Elsewhere")
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_frameworks_that_change_names_are_told(lead):
    """Whichever names there are, each belongs to one of them."""
    other = Lead(team=lead.team)
    other.closes(AT[1], on="2026-01-15")
    first, second = lead.edition.framework, other.edition.framework
    Framework.objects.filter(pk=first.pk).update(name="First")
    Framework.objects.filter(pk=second.pk).update(name="Second")
    client, address = signed_in(lead.user), lead.team.get_absolute_url()
    etag = client.get(address).headers["ETag"]
    Framework.objects.filter(pk=first.pk).update(name="Second")
    Framework.objects.filter(pk=second.pk).update(name="First")
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_what_changes_while_the_page_is_drawn_is_not_kept(lead, monkeypatch):
    overview = team_views._overview

    def renamed_in_between(request, team, may):
        Team.objects.filter(pk=team.pk).update(about="In between")
        return overview(request, team, may)

    monkeypatch.setattr(team_views, "_overview", renamed_in_between)
    signed_in(lead.user).get(lead.team.get_absolute_url())
    # These are the same on every page.
    around = ("main-navigation", "styles", "find")
    kept = caches["template_fragments"]._cache
    assert [name for name in kept if not any(f'"{piece}"' in name for piece in around)] == []


def test_someone_who_left_gets_no_kept_page(lead):
    client, address = signed_in(lead.user), lead.team.get_absolute_url()
    etag = client.get(address).headers["ETag"]
    Membership.objects.filter(user=lead.user).delete()
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 404


def test_two_teams_with_the_same_names_have_a_page_each():
    """Without a result only the addresses on the pages tell them apart."""
    units = [make_unit(name="Same", parent=make_unit()) for _ in range(2)]
    one, other = (make_team(name="Same", unit=unit) for unit in units)
    client = signed_in(make_membership(team=one, role="lead").user)
    make_membership(team=other, role="lead", user=Membership.objects.get(team=one).user)
    for team in (one, other):
        starts = re.findall(rb"/teams/([^/]+)/assessments/new/", client.get(team.get_absolute_url()).content)
        assert {bytes(start).decode() for start in starts} == {str(team.pk)}


class TestResultPage:
    """That of the later of two results, which went down."""

    @pytest.fixture
    def address(self, lead):
        return lead.team.results.get(date="2026-02-01").get_absolute_url()

    @pytest.fixture
    def viewer(self, lead):
        return signed_in(make_membership(team=lead.team, role="viewer").user)

    def test_every_table_that_the_page_reads_is_asked_for_changes(self, lead, address):
        client = signed_in(lead.user)
        client.get(address)
        caches["template_fragments"].clear()
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        read = tables(query["sql"] for query in captured.captured_queries)
        assert "assessments_rating" in read
        asked_for = tables([page_state._RESULT_PAGE, page_state._SAID])
        # What a criterion of a published edition is called never changes.
        assert read - RIGHTS - FROZEN - KEPT - TEXTS - {"assessments_criterion"} <= asked_for

    def test_an_unchanged_page_is_not_drawn(self, viewer, address, monkeypatch):
        etag = viewer.get(address).headers["ETag"]
        monkeypatch.setattr(views, "render", None)
        monkeypatch.setattr(views, "render_to_string", None)
        response = viewer.get(address, headers={"If-None-Match": etag})
        assert (response.status_code, response.content) == (304, b"")

    def test_people_with_the_same_roles_share_it(self, lead, address, viewer, monkeypatch):
        viewer.get(address)
        monkeypatch.setattr(views, "render_to_string", None)
        assert signed_in(make_membership(team=lead.team, role="viewer").user).get(address).status_code == 200

    def test_a_page_with_a_form_is_another_one_each_time(self, lead, address):
        """It can be sent once: two tabs with the same page would lose what is written in the second."""
        client = signed_in(lead.user)
        tokens = {re.search(rb'name="once" value="([^"]+)"', client.get(address).content)[1] for _ in range(2)}
        assert len(tokens) == 2
        assert not client.get(address).has_header("ETag")

    def test_nobody_is_shown_what_somebody_with_other_rights_was(self, lead, address, viewer):
        lead.team.results.get(date="2026-02-01").assessment.ratings.update(comment="Said in the team.")
        was_there = make_membership(team=lead.team)
        Membership.objects.filter(pk=was_there.pk).update(reads_comments_since=None)
        manager = signed_in(make_membership(unit=lead.team.unit, role="manager").user)
        newcomer = make_membership(team=lead.team)
        Membership.objects.filter(pk=newcomer.pk).update(reads_comments_since="2100-01-01T00:00Z")
        seen = {
            "lead": signed_in(lead.user).get(address).content,
            "member": signed_in(was_there.user).get(address).content,
            "viewer": viewer.get(address).content,
            "manager": manager.get(address).content,
            "newcomer": signed_in(newcomer.user).get(address).content,
        }
        assert {who for who, page in seen.items() if b"Said in the team." in page} == {"lead", "member"}

    def test_an_answer_stands_out_for_who_gave_it_alone(self, lead):
        member = make_membership(team=lead.team).user
        assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition, date=AT_LATER)
        toy.rate(assessment, lead.user, AT[1])
        toy.rate(assessment, member, AT[1])
        result = assessment.close(by=lead.user)
        other = make_membership(team=lead.team).user
        Membership.objects.filter(team=lead.team).update(reads_comments_since=None)
        assert b"<b>You</b>" not in signed_in(other).get(result.get_absolute_url()).content
        assert b"<b>You</b>" in signed_in(member).get(result.get_absolute_url()).content

    @pytest.mark.parametrize("change", ["comment", "name", "reopened", "reason", "target", "team", "removed"])
    def test_a_change_is_told(self, lead, address, viewer, change):
        member = signed_in(make_membership(team=lead.team, role="member").user)
        result = lead.team.results.get(date="2026-02-01")
        # Only who is not asked for a reason may be told that it is unchanged.
        browser = signed_in(lead.user) if change in ("name", "comment") else viewer
        before = browser.get(address)
        if change == "comment":
            result.assessment.ratings.update(comment="Changed.")
        elif change == "name":
            type(lead.user).objects.filter(pk=lead.user.pk).update(name="Renamed")
        elif change == "reopened":
            Reopening.objects.create(assessment=result.assessment, result=result, by=lead.user, reason="A mistake.")
        elif change == "reason":
            SetbackReason.objects.tell(result=result, text="Half of us left.", by=lead.user)
        elif change == "target":
            Target.objects.create(team=lead.team, framework=result.framework, level=3, due="2030-01-01")
        elif change == "team":
            Team.objects.filter(pk=lead.team.pk).update(name="Renamed")
        else:
            type(result.assessment).objects.filter(pk=result.assessment_id).update(comments_removed_on="2026-03-01")
        asks = {"If-None-Match": before.headers["ETag"]} if before.has_header("ETag") else {}
        after = browser.get(address, headers=asks)
        assert after.status_code == 200
        if change != "reopened":
            assert PASSING.sub(b"", after.content) != PASSING.sub(b"", before.content)
        assert member.get(address).status_code == 200

    def test_who_reopened_and_has_no_name_is_shown_with_a_new_address(self, lead, address, viewer):
        account = type(lead.user).objects.filter(pk=lead.user.pk)
        account.update(name="")
        assessment = lead.team.results.get(date="2026-02-01").assessment
        assessment.reopen(by=lead.user, reason="Mio had more to say.")
        assessment.close(by=lead.user)
        shown = assessment.results.current().get_absolute_url()
        before = viewer.get(shown)
        assert lead.user.email.encode() in before.content
        account.update(email="moved@example.org")
        after = viewer.get(shown, headers={"If-None-Match": before.headers["ETag"]})
        assert b"moved@example.org" in after.content

    def test_who_gave_a_reason_and_has_no_name_is_shown_with_a_new_address(self, lead, address, viewer):
        writer = make_membership(team=lead.team).user
        account = type(writer).objects.filter(pk=writer.pk)
        account.update(name="")
        result = lead.team.results.get(date="2026-02-01")
        SetbackReason.objects.tell(result=result, text="Half of us left.", by=writer)
        before = viewer.get(address)
        account.update(email="moved@example.org")
        after = viewer.get(address, headers={"If-None-Match": before.headers["ETag"]})
        assert b"moved@example.org" in after.content
