"""Whatever happens in a team, everybody reads the same page as on a server that keeps no pieces of pages."""

import datetime
import itertools
import random
import re

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from assessments.models import Framework, Membership, SetbackReason, Target, Team
from assessments.results import comments, history

from .. import toy
from ..factories import make_membership, make_user
from ..kept import NOTHING_KEPT
from ..progress import AT, Lead

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: After these moves everybody looks, after the others the lead and one more.
SEEN_BY_EVERYONE = ("comment", "other_roles", "anonymous")
#: These change a page that the lead saw before.
SEEN_AT_ONCE = ("setback", "target", "reopened", "later", "years_go_by")
PASSING = re.compile(rb'name="(csrfmiddlewaretoken|once|page)" value="[^"]*"')


@pytest.fixture(autouse=True)
def _comments_in_one_order(monkeypatch):
    """Comments of an anonymous assessment stand in another order each time."""
    monkeypatch.setattr(comments, "SystemRandom", lambda: random.Random(1))


class World:
    """A team with two results and people of every role, and what can happen to it; each move builds on those before."""

    def __init__(self) -> None:
        self.lead = Lead()
        self.team = self.lead.team
        self.member = make_membership(team=self.team).user
        self.people = {
            "lead": self.lead.user,
            "member": self.member,
            "viewer": make_membership(team=self.team, role="viewer").user,
            "manager": make_membership(unit=self.team.unit, role="manager").user,
            "administrator": make_user(is_administrator=True),
        }
        self.results = [self.lead.closes(AT[2], on="2026-01-01"), self.closes(AT[1], AT[0], on="2026-03-01")]
        self.running = toy.start(team=self.team, by=self.lead.user)

    def closes(self, *codes, on):
        terms = {"edition": self.lead.edition, "date": datetime.date.fromisoformat(on)}
        assessment = toy.start(team=self.team, by=self.lead.user, **terms)
        for who, given in zip([self.lead.user, self.member], codes, strict=True):
            toy.rate(assessment, who, given)
        return assessment.close(by=self.lead.user)

    # ------------------------------------------------------------------ moves, in this order

    def nothing(self) -> None:
        pass

    def comment(self) -> None:
        self.results[1].assessment.ratings.update(comment="Half of it <b>is</b> done.")

    def newcomer(self) -> None:
        person = make_membership(team=self.team).user
        Membership.objects.filter(user=person).update(reads_comments_since=timezone.now())
        self.people["newcomer"] = person

    def shown(self) -> None:
        Membership.objects.filter(user=self.people["newcomer"]).update(reads_comments_since=None)

    def setback(self) -> None:
        SetbackReason.objects.tell(result=self.results[1], text="Half of us left.", by=self.lead.user)

    def another_setback(self) -> None:
        SetbackReason.objects.tell(result=self.results[1], text="And a holiday.", by=self.lead.user)

    def target(self, level: int = 3) -> None:
        Target.objects.set(
            team=self.team, framework=self.lead.edition.framework, level=level, due=datetime.date(2030, 12, 31),
            why="", by=self.lead.user, rule="largely", baseline=self.results[1],
        )  # fmt: skip

    def target_of_today(self) -> None:
        self.team.targets.update(due=timezone.localdate())

    def other_target(self) -> None:
        self.team.targets.all().delete()
        self.target(level=2)

    def renamed(self) -> None:
        Framework.objects.update(name="Renamed <framework>")
        Team.objects.filter(pk=self.team.pk).update(name="Renamed & team")
        self.team.unit.__class__.objects.filter(pk=self.team.unit_id).update(name="Renamed unit")
        self.people["member"].__class__.objects.filter(pk=self.member.pk).update(name="Renamed person")

    def time_zone(self) -> None:
        Team.objects.filter(pk=self.team.pk).update(time_zone="Pacific/Kiritimati")

    def other_roles(self) -> None:
        Membership.objects.filter(user=self.people["viewer"]).update(role="lead")
        Membership.objects.filter(user=self.lead.user).update(role="viewer")

    def roles_as_before(self) -> None:
        Membership.objects.filter(user=self.people["viewer"]).update(role="viewer")
        Membership.objects.filter(user=self.lead.user).update(role="lead")

    def facilitator(self) -> None:
        person = make_user()
        self.results[1].assessment.__class__.objects.filter(pk=self.results[1].assessment_id).update(facilitator=person)
        self.people["facilitator"] = person

    def reopened(self) -> None:
        self.results[1].assessment.reopen(by=self.lead.user, reason="A mistake.")

    def changed(self) -> None:
        scale = self.lead.edition.contents.scales[0]
        self.results[1].assessment.ratings.update(choice=scale.choices.get(code="F"))

    def superseded(self) -> None:
        self.results.append(self.results[1].assessment.close(by=self.lead.user))

    def later(self) -> None:
        self.results.append(self.closes(AT[3], AT[3], on="2026-05-01"))

    def other_version(self) -> None:
        key = self.lead.edition.framework.key
        self.lead.edition = toy.make_edition(key=key, version="2.0.0", new_ladder=True)
        self.results.append(self.closes(AT[2], AT[2], on="2026-06-01"))

    def anonymous(self) -> None:
        terms = {"edition": self.lead.edition, "date": datetime.date(2026, 7, 1), "anonymous": True}
        people = [self.member, *(make_membership(team=self.team).user for _ in range(4))]
        assessment = toy.start(team=self.team, by=self.lead.user, **terms)
        for person in people:
            toy.rate(assessment, toy.member_by_link(assessment, person), AT[1])
        assessment.end_answering(by=self.lead.user)
        assessment.ratings.update(comment="Nobody said this.")
        self.results.append(assessment.close(by=self.lead.user))

    def anonymous_reopened(self) -> None:
        self.results[-1].assessment.reopen(by=self.lead.user, reason="Talk again.", to="review")

    def years_go_by(self) -> None:
        Team.today = lambda team: datetime.date(2033, 1, 1)

    def left(self) -> None:
        Membership.objects.filter(user=self.member).delete()
        Membership.objects.create(user=self.member, team=self.team, role="viewer")

    def addresses(self, role: str) -> list[str]:
        """Of the team, its newest result, and for most also of an earlier result and of questions."""
        shown = [self.team.get_absolute_url(), self.results[-1].get_absolute_url()]
        if role != "lead":
            shown.append(self.results[1].get_absolute_url())
        if Membership.objects.filter(user=self.people[role], team=self.team, role="member").exists():
            shown.append(reverse("answer-dimension", args=[self.running.pk, "X"]))
        return list(dict.fromkeys(shown))


MOVES = [name for name in vars(World) if not name.startswith("_") and name not in ("closes", "addresses")]


def read(client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code in (200, 403, 404), address
    return PASSING.sub(b"", response.content)


def test_pages_are_those_of_a_server_that_keeps_nothing(monkeypatch):
    monkeypatch.setattr(Team, "today", Team.today)
    world = World()
    browsers = {}
    turns = itertools.count()
    shown_to_lead: dict[str, bytes] = {}
    for move in MOVES:
        getattr(world, move)()
        # The lead looks before and after each move, and the others in turn.
        others = [role for role in world.people if role != "lead"]
        roles = list(world.people) if move in SEEN_BY_EVERYONE else ["lead", others[next(turns) % len(others)]]
        seen_before = shown_to_lead.copy()
        for role in roles:
            if role not in browsers:
                browsers[role] = Client()
                browsers[role].force_login(world.people[role])
            for address in world.addresses(role):
                kept = read(browsers[role], address)
                with override_settings(CACHES=NOTHING_KEPT):
                    drawn = read(browsers[role], address)
                assert kept == drawn, (move, role, address)
                if role == "lead":
                    shown_to_lead[address] = kept
        if move in SEEN_AT_ONCE:
            assert any(shown_to_lead[address] != page for address, page in seen_before.items()), move


def test_a_setback_that_is_told_while_a_page_is_made_is_not_kept_as_missing(client, monkeypatch):
    world = World()
    lead, team = world.lead, world.team
    SetbackReason.objects.tell(result=world.results[1], text="Half of us left.", by=lead.user)
    world.closes(AT[3], AT[3], on="2026-05-01")
    newest = world.closes(AT[0], AT[0], on="2026-06-01")
    of = history.TeamHistory.of

    def told_in_between(*args, **kwargs):
        past = of(*args, **kwargs)
        SetbackReason.objects.tell(result=newest, text="And a holiday.", by=lead.user)
        return past

    client.force_login(lead.user)
    monkeypatch.setattr(history.TeamHistory, "of", told_in_between)
    assert b"Add a note on why" in read(client, team.get_absolute_url())
    monkeypatch.undo()
    assert b"Add a note on why" not in read(client, team.get_absolute_url())
