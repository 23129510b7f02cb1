"""Pieces of pages that are kept: pages read as without them, after every change and for everyone who looks."""

import datetime
import re

import pytest
from django.core.cache import caches
from django.utils import timezone
from django.utils.translation import override

from assessments.models import SetbackReason, Target, Team
from assessments.web.kept_fragments import digest_of, kept

from .. import toy
from ..factories import make_membership, make_user
from ..progress import AT, Lead

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PASSING = re.compile(rb'name="(csrfmiddlewaretoken|once)" value="[^"]*"')


@pytest.fixture(autouse=True)
def _nothing_kept():
    caches["template_fragments"].clear()
    yield
    caches["template_fragments"].clear()


@pytest.fixture
def lead():
    return Lead()


@pytest.fixture
def results(lead):
    return [lead.closes(AT[2], on="2026-01-01"), lead.closes(AT[1], on="2026-03-01")]


@pytest.fixture
def everyone(lead):
    """People by role, the lead last: who sees most must leave nothing for the others."""
    people = {role: make_membership(team=lead.team, role=role).user for role in ("viewer", "member")}
    manager = make_membership(unit=lead.team.unit, role="manager").user
    return people | {"manager": manager, "admin": make_user(is_administrator=True), "lead": lead.user}


def read(client, user, address: str) -> bytes:
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200, address
    return PASSING.sub(b"", response.content)


def drawn_anew(client, user, address: str) -> bytes:
    caches["template_fragments"].clear()
    return read(client, user, address)


def addresses(results) -> list[str]:
    team = results[0].team.get_absolute_url()
    return [team, *(result.get_absolute_url() for result in results)]


def assert_reads_as_drawn_anew(client, people, results):
    for address in addresses(results):
        # Whatever one person's look leaves behind is there when the next one looks.
        kept_by_now = {role: read(client, user, address) for role, user in reversed(people.items())}
        again = {role: read(client, user, address) for role, user in people.items()}
        anew = {role: drawn_anew(client, user, address) for role, user in people.items()}
        assert kept_by_now == again == anew, address


def test_a_page_that_was_seen_before_reads_no_frozen_rows(client, lead, results, django_assert_max_num_queries):
    address = lead.team.get_absolute_url()
    read(client, lead.user, address)
    with django_assert_max_num_queries(7):
        # Session, person, team, membership, results, unfinished assessments, targets.
        client.get(address)


def test_everyone_sees_what_is_theirs_to_see(client, lead, results, everyone):
    assert_reads_as_drawn_anew(client, everyone, results)


@pytest.mark.parametrize("change", ["result", "reopened", "note", "target", "later", "elsewhere"])
def test_a_change_is_seen_at_once(client, lead, results, everyone, change, monkeypatch):
    two = {role: everyone[role] for role in ("viewer", "lead")}
    before = [read(client, lead.user, address) for address in addresses(results)]
    if change == "result":
        lead.closes(AT[3], on="2026-04-01")
    elif change == "reopened":
        results[-1].assessment.reopen(by=lead.user, reason="A mistake.")
    elif change == "note":
        SetbackReason.objects.tell(result=results[-1], text="Half of us left.", by=lead.user)
    elif change == "target":
        framework = results[0].framework
        due = datetime.date(2026, 12, 31)
        Target.objects.set(
            team=lead.team, framework=framework, level=3, due=due, why="", by=lead.user, rule="largely",
            baseline=results[-1],
        )  # fmt: skip
    elif change == "later":
        later = timezone.now() + datetime.timedelta(days=3000)
        monkeypatch.setattr(Team, "today", lambda team: later.date())
    else:
        Team.objects.filter(pk=lead.team.pk).update(time_zone="Pacific/Kiritimati")
    after = [read(client, lead.user, address) for address in addresses(results)]
    if change != "elsewhere":
        assert before != after
    assert_reads_as_drawn_anew(client, two, results)


def test_comments_are_seen_by_whom_they_are_for(client, lead, everyone):
    assessment = toy.start(team=lead.team, by=lead.user)
    toy.rate(assessment, lead.user, AT[2])
    toy.rate(assessment, everyone["member"], AT[1])
    assert_reads_as_drawn_anew(client, everyone, [assessment.close(by=lead.user)])


def test_a_digest_differs_with_language_and_with_where_values_end():
    one = digest_of(["a", "b"], 1)
    assert one == digest_of(["a", "b"], 1)
    with override("de"):
        assert one != digest_of(["a", "b"], 1)
    assert len({digest_of("a", "b"), digest_of("ab"), digest_of("a, b"), digest_of(["a", "b"])}) == 4


def test_a_figure_is_worked_out_once():
    worked_out = []

    def work_out() -> bool:
        worked_out.append(1)
        return False

    assert kept("fell", "digest", work_out) is False
    assert kept("fell", "digest", work_out) is False
    assert len(worked_out) == 1
    assert kept("fell", "other", work_out) is False
    assert len(worked_out) == 2
