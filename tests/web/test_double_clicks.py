"""Whatever a form makes, it makes once: a double click makes one thing, and both clicks lead to it."""

import ast
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from assessments.models import (
    Action,
    Assessment,
    Edition,
    GroupRule,
    Membership,
    Refused,
    Round,
    SetbackReason,
    Submission,
    Target,
    Team,
    Unit,
    User,
    Webhook,
)

from .. import toy
from ..accounts.second_factors import signs_in_now
from ..at_once import at_once
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parent.parent.parent / "assessments"
TOKEN = re.compile(r'name="once" value="([^"]+)"')


@dataclass
class Making:
    """A form that makes something: where it is, what is sent, and how many things of its kind there are."""

    user: User
    page: str
    sent: dict[str, Any]
    count: Callable[[], int]
    address: str = ""
    #: What another one must have that is otherwise the same.
    another: dict[str, Any] = field(default_factory=dict)


class World:
    def __init__(self) -> None:
        self.admin = make_user(is_administrator=True)
        self.team = make_team(unit=make_unit())
        self.lead = make_membership(team=self.team, role="lead").user
        self.edition = toy.make_edition()


def unit(world: World) -> Making:
    sent = {"name": "Science", "parent": ""}
    return Making(world.admin, "/units/new/", sent, Unit.objects.count, another={"name": "Sales"})


def team(world: World) -> Making:
    sent = {"name": "Search", "unit": world.team.unit_id, "time_zone": "UTC"}
    return Making(world.admin, "/teams/new/", sent, Team.objects.count, another={"name": "Ranking"})


def account(world: World) -> Making:
    sent = {"name": "Kim", "email": "kim@example.org"}
    return Making(world.admin, "/accounts/new/", sent, User.objects.count, another={"email": "sam@example.org"})


def group_rule(world: World) -> Making:
    sent = {"value": "developers", "role": "viewer", "team": world.team.pk}
    return Making(world.admin, "/accounts/groups/", sent, GroupRule.objects.count, another={"value": "testers"})


def member(world: World) -> Making:
    sent = {"name": "Kim", "email": "kim@example.org", "role": "member"}
    page = f"/teams/{world.team.pk}/members/"
    return Making(world.lead, page, sent, Membership.objects.count, another={"email": "sam@example.org"})


def manager(world: World) -> Making:
    page = f"/units/{world.team.unit_id}/"
    sent = {"name": "Kim", "email": "kim@example.org"}
    another = {"email": "sam@example.org"}
    return Making(world.admin, page, sent, Membership.objects.count, address=f"{page}managers/", another=another)


def action(world: World) -> Making:
    page = f"/teams/{world.team.pk}/actions/new/x1/?framework={world.edition.framework.key}"
    return Making(world.lead, page, {"text": "Do it.", "status": "open"}, Action.objects.count)


def actions_of_gaps(world: World) -> Making:
    toy.add_result(team=world.team, edition=world.edition, date=datetime.date(2026, 1, 1), codes="N N N N N N N N")
    page = f"/teams/{world.team.pk}/actions/new/?framework={world.edition.framework.key}"
    return Making(world.lead, page, {"plan-x1": "on", "text-x1": "Do it."}, Action.objects.count)


def assessment(world: World) -> Making:
    page = f"/teams/{world.team.pk}/assessments/new/?edition={world.edition.pk}"
    sent = {"edition": world.edition.pk, "date": "2026-10-14", "questionnaire": "full", "rule": "largely"}
    sent["anonymous"] = "no"
    other = toy.make_edition()
    return Making(world.lead, page, sent, Assessment.objects.count, another={"edition": other.pk})


def round_of_teams(world: World) -> Making:
    today = datetime.date.today().isoformat()
    sent = {"unit": world.team.unit_id, "edition": world.edition.pk, "questionnaire": "full", "name": "Q4 2026"}
    sent |= {"opens": today, "due": today, "repeats": "once", "anonymous": "no", "leeway": 7}
    return Making(world.admin, "/rounds/new/", sent, Round.objects.count)


def reopening(world: World) -> Making:
    closed = toy.start(team=world.team, by=world.lead, edition=world.edition)
    toy.rate(closed, world.lead, "F F L N F F P N")
    closed.close(by=world.lead)
    sent = {"to": "review", "reason": "Look again."}
    return Making(world.lead, f"/assessments/{closed.pk}/reopen/", sent, closed.reopenings.count)


def reason_for_a_setback(world: World) -> Making:
    terms = {"team": world.team, "edition": world.edition}
    toy.add_result(**terms, date=datetime.date(2026, 1, 1))
    worse = toy.add_result(**terms, date=datetime.date(2026, 5, 1), codes="N N N N N N N N")
    page = worse.get_absolute_url()
    return Making(world.lead, page, {"text": "People left."}, SetbackReason.objects.count, address=f"{page}setback/")


def webhook(world: World) -> Making:
    sent = {"name": "#team", "kind": "slack", "happenings": ["assessment.opened"], "address": "https://1.1.1.1/x"}
    return Making(world.admin, "/webhooks/", sent, Webhook.objects.count)


def framework(world: World) -> Making:
    sent = {"name": "New", "method": "levels", "levels": "Start\nFirst", "dimensions": "People"}
    return Making(world.admin, "/framework-new/", sent, Edition.objects.count, another={"name": "Another"})


def pasted_criteria(world: World) -> Making:
    draft = world.edition.make_draft(by=world.admin)
    dimension = draft.dimensions.first()
    page = f"{draft.get_editor_url()}dimension/{dimension.pk}/paste/"
    return Making(world.admin, page, {"text": "1\tDone.\n"}, draft.criteria.count)


def copied_criterion(world: World) -> Making:
    draft = world.edition.make_draft(by=world.admin)
    criterion = draft.criteria.first()
    page = draft.url_of(criterion)
    return Making(world.admin, page, {}, draft.criteria.count, address=f"{page}duplicate/")


def question_of_an_adviser(world: World) -> Making:
    draft = world.edition.make_draft(by=world.admin)

    def count() -> int:
        return len(type(draft).objects.get(pk=draft.pk).blocks.get("adviser", {}).get("inputs", []))

    page = f"{draft.get_rules_url()}adviser/inputs/new/"
    return Making(world.admin, page, {"ask": "How many?", "type": "integer"}, count)


def part(kind: str, **sent: Any) -> Callable[[World], Making]:
    def make(world: World) -> Making:
        draft = world.edition.make_draft(by=world.admin)
        known = {name: value(draft) if callable(value) else value for name, value in sent.items()}
        rows = apps.get_model("assessments", kind)._default_manager.filter(edition=draft)
        return Making(world.admin, f"{draft.get_editor_url()}{kind}/new/", known, rows.count)

    make.__name__ = f"{kind}_of_a_draft"
    return make


CHOICES = {
    "choices-TOTAL_FORMS": 2,
    "choices-INITIAL_FORMS": 0,
    **{
        f"choices-{n}-{key}": value
        for n, row in enumerate([("N", 0, "No"), ("Y", 1, "Yes")])
        for key, value in zip(("code", "value", "name"), row, strict=True)
    },
}
MAKING = [
    unit,
    team,
    account,
    group_rule,
    member,
    manager,
    action,
    actions_of_gaps,
    assessment,
    round_of_teams,
    reopening,
    reason_for_a_setback,
    webhook,
    framework,
    pasted_criteria,
    copied_criterion,
    question_of_an_adviser,
    part("level", name="Step 4", summary="Summary 4"),
    part("group", name="Group"),
    part("dimension", name="Area Z"),
    part(
        "criterion",
        statement="Practice z1 is done.",
        dimension=lambda draft: draft.dimensions.first().pk,
        level=lambda draft: draft.levels.get(number=1).pk,
    ),
    part("scale", name="Yes or no", na_name="", dk_name="", **CHOICES),
    part("symptom", statement="Nobody knows who answers.", level=1),
]
#: In views: `made_once` of all kinds of parts is one, and so is that of every other entry.
CALLS = len(MAKING) - 5


@pytest.fixture(params=MAKING, ids=lambda make: make.__name__)
def making(request, db):
    return request.param(World())


def signed_in(user: User) -> Client:
    client = Client()
    signs_in_now(client, user)
    return client


def with_token(client: Client, making: Making) -> dict[str, Any]:
    """What the form sends, with the token that the page has for it."""
    tokens = set(TOKEN.findall(client.get(making.page).content.decode()))
    assert len(tokens) == 1
    return {**making.sent, "once": tokens.pop()}


def test_every_view_that_makes_something_once_is_in_the_table():
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*views.py")]
    names = [node.func.id for source in sources for node in ast.walk(ast.parse(source)) if is_named_call(node)]
    assert names.count("made_once") == CALLS


def is_named_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def test_two_clicks_make_one_and_lead_to_the_same_place(making):
    client = signed_in(making.user)
    sent, before = with_token(client, making), making.count()
    first, second = (client.post(making.address or making.page, sent) for _ in range(2))
    assert making.count() == before + 1
    assert first.status_code == second.status_code
    assert first.status_code in {200, 302}
    assert first.headers.get("Location") == second.headers.get("Location")


def test_the_form_of_a_page_that_is_opened_again_makes_another(making):
    client = signed_in(making.user)
    before = making.count()
    for another in ({}, making.another):
        if making.count() > before and client.get(making.page).status_code != 200:
            # What can be made once only, such as reopening, has no form any more.
            return
        client.post(making.address or making.page, {**with_token(client, making), **another})
    assert making.count() == before + 2


def test_a_page_that_shows_what_was_made_has_a_new_form(db):
    world = World()
    making, client = member(world), signed_in(world.lead)
    sent = with_token(client, making)
    page = client.post(making.page, sent).content.decode()
    (token,) = set(TOKEN.findall(page))
    assert token != sent["once"]


def test_a_form_that_was_refused_can_be_sent_again(db):
    world = World()
    making, client = team(world), signed_in(world.admin)
    sent = with_token(client, making)
    page = client.post(making.page, {**sent, "name": ""})
    assert page.status_code == 422
    assert TOKEN.findall(page.content.decode()) == [sent["once"]]
    assert client.post(making.page, sent).status_code == 302
    assert Team.objects.filter(name="Search").count() == 1


def test_the_token_of_somebody_else_leads_nowhere(db):
    world = World()
    making, other = team(world), make_user(is_administrator=True)
    sent = with_token(signed_in(world.admin), making)
    signed_in(world.admin).post(making.page, sent)
    page = signed_in(other).post(making.page, {**sent, "name": "Ranking"})
    assert page.status_code == 302
    assert Team.objects.filter(name="Ranking").exists()


def test_what_was_removed_since_is_not_made_again(db):
    world = World()
    making, client = unit(world), signed_in(world.admin)
    sent = with_token(client, making)
    client.post(making.page, sent)
    Unit.objects.get(name="Science").remove(by=world.admin)
    page = client.post(making.page, sent)
    assert page.status_code == 409
    assert "has since been removed" in page.content.decode()
    assert not Unit.objects.filter(name="Science").exists()


def test_nothing_says_who_sent_a_form_or_when(db):
    world = World()
    client = signed_in(world.admin)
    client.post("/units/new/", with_token(client, unit(world)))
    (stored,) = Submission.objects.values()
    assert str(world.admin.pk) not in str(stored)
    assert world.admin.pk.hex not in str(stored)
    assert type(stored["day"]) is datetime.date


def test_forms_of_earlier_days_are_forgotten(db):
    Submission.objects.create(key="old", day=datetime.date(2020, 1, 1))
    world = World()
    client = signed_in(world.admin)
    client.post("/units/new/", with_token(client, unit(world)))
    assert not Submission.objects.filter(key="old").exists()


@pytest.mark.parametrize("move", ["open", "end", "again"])
def test_a_move_that_is_clicked_twice_is_made_once(db, move):
    world = World()
    begun = toy.start(team=world.team, by=world.lead, edition=world.edition, as_draft=move == "open")
    if move != "open":
        toy.rate(begun, world.lead, "F F L N F F P N")
    if move == "again":
        begun.end_answering(by=world.lead)
    page = f"/assessments/{begun.pk}/"
    client = signed_in(world.lead)
    (token,) = set(TOKEN.findall(client.get(f"{page}end/" if move == "end" else page).content.decode()))
    first, second = (client.post(f"{page}{move}/", {"once": token}) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    # Without the token of a page it is what it is: not possible now.
    assert client.post(f"{page}{move}/").status_code == 409


def test_the_shared_link_that_two_clicks_make_works_whichever_answer_is_read(db):
    world = World()
    begun = toy.start(team=world.team, by=world.lead, edition=world.edition)
    client = signed_in(world.lead)
    page = client.get(f"/assessments/{begun.pk}/invite/").content.decode()
    (pledge,) = re.findall(r'name="pledge" value="([^"]+)"', page)
    link = re.compile(r'value="http[^"]*(/i/[^"]+)"')
    answers = [client.post(f"/assessments/{begun.pk}/invite/link/", {"pledge": pledge}) for _ in range(2)]
    links = {link.findall(answer.content.decode())[0] for answer in answers}
    assert len(links) == 1
    assert Client().get(links.pop()).status_code == 200
    assert begun.invitations.shared().count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", MAKING, ids=lambda make: make.__name__)
def test_two_clicks_at_the_same_moment_make_one(make):
    for _ in range(4):
        making = make(World())
        client = signed_in(making.user)
        sent, before = with_token(client, making), making.count()
        clients = [signed_in(making.user) for _ in range(2)]

        def click(client, making=making, sent=sent):
            return lambda: client.post(making.address or making.page, sent)

        first, second = at_once(*(click(client) for client in clients))
        assert making.count() == before + 1
        assert (first.status_code, first.headers.get("Location")) == (
            second.status_code,
            second.headers.get("Location"),
        )
        Unit.objects.filter(name="Science").delete()
        Team.objects.filter(name="Search").delete()
        User.objects.filter(email="kim@example.org").delete()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [unit, team, account], ids=lambda make: make.__name__)
def test_of_two_people_who_take_one_name_at_the_same_moment_one_is_told(make):
    for round_ in range(6):
        world = World()
        making, other = make(world), make_user(is_administrator=True)
        sent = {**making.sent, "name": f"Round {round_}"}
        if make is account:
            sent["email"] = f"kim{round_}@example.org"
        before = making.count()

        def send(user, making=making, sent=sent):
            client = signed_in(user)
            return lambda: client.post(making.page, sent)

        answers = at_once(send(making.user), send(other))
        assert making.count() == before + 1
        page = next(answer for answer in answers if "already" in answer.content.decode())
        assert page.status_code in {200, 422}


@pytest.mark.django_db
def test_whatever_is_refused_is_not_remembered():
    by = make_user()

    def refuse():
        raise Refused("Not now.")

    with pytest.raises(Refused):
        Submission.objects.make_once(Target, refuse, by=by, token="one")
    assert not Submission.objects.exists()
