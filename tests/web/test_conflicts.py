"""Two people change one thing: the second one is told, sees both values, loses nothing, and decides."""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from assessments.models import Action, AgreedRating, Choice, Measurement, Review, Revised, Round, Target, Tracker, User
from assessments.web.dates import day

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from ..pseudo_language import Data, Texts, pseudo_language
from ..webhooks.making import make_webhook
from .test_translatable import written

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HTMX = {"HX-Request": "true"}
FORM = re.compile(r'<form[^>]*method="post"(?:[^>]*action="([^"]*)")?[^>]*>(.*?)</form>', re.DOTALL)
OVERWRITE = re.compile(r'name="overwrite" value="(\d+)"')


@dataclass
class Edit:
    """What two people do to one thing. `shown` is how the page names the values that differ."""

    model: type[models.Model]
    page: str
    first: dict[str, Any]
    second: dict[str, Any]
    shown: tuple[str, str]
    stored: Callable[[], Any]
    #: What `stored` says after the first and after the second of them.
    values: tuple[Any, Any]
    #: Where it is sent to, if not to the page itself.
    address: str = ""
    #: Fields that both of them send, besides what they change.
    rest: dict[str, Any] = field(default_factory=dict)


class World:
    def __init__(self) -> None:
        self.admin, self.other_admin = (make_user(is_administrator=True) for _ in range(2))
        self.team = make_team(unit=make_unit(), name="Search")
        self.lead, self.other_lead = (make_membership(team=self.team, role="lead").user for _ in range(2))
        self.edition = toy.make_edition()
        self.framework = self.edition.framework

    @property
    def known(self) -> dict[str, Any]:
        return {"team": self.team, "framework": self.framework, "by": self.lead}

    def people(self, edit: Edit) -> tuple[User, User]:
        is_for_leads = f"/teams/{self.team.pk}/" in edit.page or "/assessments/" in edit.page
        return (self.lead, self.other_lead) if is_for_leads else (self.admin, self.other_admin)


def action(world: World) -> Edit:
    planned = Action.objects.plan(**world.known, criterion="x1", text="Do it.")
    return Edit(
        Action,
        page=f"/teams/{world.team.pk}/actions/{planned.pk}/",
        first={"text": "Do it now."},
        second={"text": "Do it later."},
        rest={"status": "open"},
        shown=("Do it now.", "Do it later."),
        stored=lambda: Action.objects.get().text,
        values=("Do it now.", "Do it later."),
    )


def status_of_an_action(world: World) -> Edit:
    planned = Action.objects.plan(**world.known, criterion="x1", text="Do it.")
    return Edit(
        Action,
        page=f"/teams/{world.team.pk}/roadmap/?framework={world.framework.key}",
        address=f"/teams/{world.team.pk}/actions/{planned.pk}/status/?framework={world.framework.key}",
        first={"status": "done"},
        second={"status": "doing"},
        shown=("Done", "In progress"),
        stored=lambda: Action.objects.get().status,
        values=("done", "doing"),
    )


def owner_and_due_of_an_action(world: World) -> Edit:
    planned = Action.objects.plan(**world.known, criterion="x1", text="Do it.")
    first, second = (datetime.date.today() + datetime.timedelta(days=number) for number in (10, 20))
    return Edit(
        Action,
        page=f"/teams/{world.team.pk}/roadmap/?framework={world.framework.key}",
        address=f"/teams/{world.team.pk}/actions/{planned.pk}/owner/?framework={world.framework.key}",
        first={"due": first.isoformat()},
        second={"due": second.isoformat()},
        shown=(day(first), day(second)),
        stored=lambda: Action.objects.get().due,
        values=(first, second),
    )


def target(world: World) -> Edit:
    day = datetime.date.today() + datetime.timedelta(days=90)
    return Edit(
        Target,
        page=f"/teams/{world.team.pk}/targets/?framework={world.framework.key}",
        first={"level": 2, "why": "Faster."},
        second={"level": 3, "why": "Safer."},
        rest={"part": "", "due": day.isoformat()},
        shown=("Faster.", "Safer."),
        stored=lambda: Target.objects.get().level,
        values=(2, 3),
    )


def figure(world: World) -> Edit:
    return Edit(
        Measurement,
        page=f"/teams/{world.team.pk}/figures/",
        first={"value": "52"},
        second={"value": "47.5"},
        rest={"metric": "lead-time", "month": "2026-01", "link": ""},
        shown=("52", "47.5"),
        stored=lambda: Measurement.objects.get().value,
        values=(Decimal(52), Decimal("47.5")),
    )


def adviser(world: World) -> Edit:
    block = {
        "question": "Which level?",
        "inputs": [{"key": "models", "ask": "How many models?", "type": "integer", "min": 0}],
        "rules": [{"key": "always", "when": {}, "level": 1, "why": "To begin with.", "basis": "Experience"}],
    }
    world.edition = toy.make_edition(blocks={"adviser": block})
    world.framework = world.edition.framework
    model: Any = apps.get_model("assessments", "AdviserAnswers")
    return Edit(
        model,
        page=f"/teams/{world.team.pk}/adviser/?framework={world.framework.key}",
        first={"models": 4},
        second={"models": 27},
        shown=("4", "27"),
        stored=lambda: model.objects.get().answers["models"],
        values=(4, 27),
    )


def team(world: World) -> Edit:
    return Edit(
        type(world.team),
        page=f"/teams/{world.team.pk}/edit/",
        first={"about": "Finds things."},
        second={"about": "Looks for things."},
        rest={"name": "Search", "time_zone": "UTC"},
        shown=("Finds things.", "Looks for things."),
        stored=lambda: type(world.team).objects.get(pk=world.team.pk).about,
        values=("Finds things.", "Looks for things."),
    )


def unit(world: World) -> Edit:
    unit = world.team.unit
    return Edit(
        type(unit),
        page=f"/units/{unit.pk}/",
        first={"name": "Science"},
        second={"name": "Discovery"},
        rest={"parent": ""},
        shown=("Science", "Discovery"),
        stored=lambda: type(unit).objects.get(pk=unit.pk).name,
        values=("Science", "Discovery"),
    )


def role(world: World) -> Edit:
    membership = make_membership(team=world.team, role="member")
    return Edit(
        type(membership),
        page=f"/teams/{world.team.pk}/members/",
        address=f"/teams/{world.team.pk}/members/{membership.pk}/",
        first={"role": "lead"},
        second={"role": "viewer"},
        shown=("Lead", "Viewer"),
        stored=lambda: type(membership).objects.get(pk=membership.pk).role,
        values=("lead", "viewer"),
    )


def account(world: World) -> Edit:
    person = make_user(name="Kim")
    return Edit(
        User,
        page=f"/accounts/{person.pk}/",
        first={"name": "Kim One"},
        second={"name": "Kim Two"},
        rest={"email": person.email, "is_active": "on"},
        shown=("Kim One", "Kim Two"),
        stored=lambda: User.objects.get(pk=person.pk).name,
        values=("Kim One", "Kim Two"),
    )


def round_draft(world: World) -> Edit:
    today = datetime.date.today()
    terms = {"unit": world.team.unit, "edition": world.edition, "name": "Q4 2026", "opens": today, "due": today}
    draft = Round.objects.draft(by=world.admin, **terms)
    sent = {"unit": world.team.unit_id, "edition": world.edition.pk, "questionnaire": "full", "repeats": "once"}
    sent |= {"opens": today.isoformat(), "due": today.isoformat(), "anonymous": "no", "leeway": 7}
    return Edit(
        Round,
        page=f"/rounds/{draft.pk}/edit/",
        first={"name": "Autumn round"},
        second={"name": "Winter round"},
        rest=sent,
        shown=("Autumn round", "Winter round"),
        stored=lambda: Round.objects.get().name,
        values=("Autumn round", "Winter round"),
    )


def webhook(world: World) -> Edit:
    row = make_webhook(team=None, by=world.admin)
    return Edit(
        type(row),
        page=f"/webhooks/{row.pk}/edit/",
        first={"name": "#everybody"},
        second={"name": "#leads"},
        rest={"happenings": row.happenings, "address": ""},
        shown=("#everybody", "#leads"),
        stored=lambda: type(row).objects.get(pk=row.pk).name,
        values=("#everybody", "#leads"),
    )


def tracker(world: World) -> Edit:
    terms = {"kind": "github", "project": "", "issue_type": ""}
    address = "https://github.com/acme/{}".format
    row = Tracker.objects.set(team=world.team, address=address("shop"), by=world.lead, seen=0, **terms)
    return Edit(
        Tracker,
        page=f"/teams/{world.team.pk}/tracker/",
        first={"address": address("till")},
        second={"address": address("cart")},
        rest=terms,
        shown=(address("till"), address("cart")),
        stored=lambda: Tracker.objects.get(pk=row.pk).address,
        values=(address("till"), address("cart")),
    )


def due_date(world: World) -> Edit:
    assessment = toy.start(team=world.team, by=world.lead, edition=world.edition)
    year = datetime.date.today().year + 1
    return Edit(
        type(assessment),
        page=f"/assessments/{assessment.pk}/",
        address=f"/assessments/{assessment.pk}/due/",
        first={"due": f"{year}-11-03"},
        second={"due": f"{year}-12-04"},
        shown=(f"3 November {year}", f"4 December {year}"),
        stored=lambda: type(assessment).objects.get().due.isoformat(),
        values=(f"{year}-11-03", f"{year}-12-04"),
    )


def facilitator(world: World) -> Edit:
    assessment = toy.start(team=world.team, by=world.lead, edition=world.edition)
    kim, sam = make_user(name="Kim"), make_user(name="Sam")
    return Edit(
        type(assessment),
        page=f"/assessments/{assessment.pk}/",
        address=f"/assessments/{assessment.pk}/facilitator/",
        first={"facilitator": kim.email},
        second={"facilitator": sam.email},
        shown=("Kim", "Sam"),
        stored=lambda: type(assessment).objects.get().facilitator,
        values=(kim, sam),
    )


def agreed_value(world: World) -> Edit:
    assessment = toy.start(team=world.team, by=world.lead, edition=world.edition)
    toy.rate(assessment, world.lead, "F F L N F F P N")
    assessment.end_answering(by=world.lead)
    criterion = assessment.criteria_asked()[0]
    Review.objects.at(assessment).turn_to(criterion, by=world.lead)
    return Edit(
        AgreedRating,
        page=f"/assessments/{assessment.pk}/review/",
        address=f"/assessments/{assessment.pk}/review/{criterion.pk}/",
        first={"code": "P", "note": "Half of it."},
        second={"code": "N", "note": "None of it."},
        shown=("Half of it.", "None of it."),
        stored=lambda: AgreedRating.objects.get().note,
        values=("Half of it.", "None of it."),
    )


def part(kind: str, changed: str, **rest: Any) -> Callable[[World], Edit]:
    """A part of a draft, changed in one field of text; `rest` is what its form needs besides."""

    def make(world: World) -> Edit:
        draft = world.edition.make_draft(by=world.admin)
        model: Any = apps.get_model("assessments", kind)
        if kind == "edition":
            row, page = draft, draft.get_editor_url()
        else:
            rows = model.objects.filter(edition=draft)
            row = rows.last() or draft.add(model(name="Group"), by=world.admin)
            page = draft.url_of(row)
        known = {name: value(draft, row) if callable(value) else value for name, value in rest.items()}
        return Edit(
            model,
            page=page,
            first={changed: "Said first."},
            second={changed: "Said second."},
            rest=known,
            shown=("Said first.", "Said second."),
            stored=lambda: getattr(model.objects.get(pk=row.pk), changed),
            values=("Said first.", "Said second."),
        )

    make.__name__ = f"{kind}_of_a_draft"
    return make


def scoring_of_a_draft(world: World) -> Edit:
    draft = world.edition.make_draft(by=world.admin)

    def rules(name: str) -> dict[str, Any]:
        rule = {"key": "largely", "name": name, "unit": "cell", "at": "2/3", "below": "2/3"}
        rule |= {"at_kind": "at_least", "below_kind": "at_least"}
        sent = {f"rules-0-{field}": value for field, value in rule.items()}
        return sent | {"rules-TOTAL_FORMS": 1, "rules-INITIAL_FORMS": 1}

    return Edit(
        type(draft),
        page=f"{draft.get_rules_url()}scoring/",
        first=rules("Said first."),
        second=rules("Said second."),
        rest={"default": "0", "warning": "0.7", "spread": "2", "split": "on"},
        shown=("Said first.", "Said second."),
        stored=lambda: type(draft).objects.get(pk=draft.pk).scoring["rules"][0]["name"],
        values=("Said first.", "Said second."),
    )


def scale_of_a_draft(world: World) -> Edit:
    draft = world.edition.make_draft(by=world.admin)
    scale = draft.scales.get()

    def choices(name: str) -> dict[str, Any]:
        rows = [("N", 0, "Not"), ("P", 1, name), ("L", 2, "Largely"), ("F", 3, "Fully")]
        sent: dict[str, Any] = {"choices-TOTAL_FORMS": 4, "choices-INITIAL_FORMS": 4}
        for number, row in enumerate(rows):
            code, value, called = row
            sent |= {f"choices-{number}-code": code, f"choices-{number}-value": value, f"choices-{number}-name": called}
        return sent

    return Edit(
        type(scale),
        page=draft.url_of(scale),
        first=choices("A little"),
        second=choices("A bit"),
        rest={"na_name": "Does not apply", "dk_name": "I do not know"},
        shown=("1 P A little", "1 P A bit"),
        stored=lambda: scale.choices.get(code="P").name,
        values=("A little", "A bit"),
    )


EDITS = [
    action,
    status_of_an_action,
    owner_and_due_of_an_action,
    target,
    figure,
    adviser,
    team,
    unit,
    role,
    account,
    round_draft,
    webhook,
    tracker,
    due_date,
    facilitator,
    agreed_value,
    part("edition", "purpose", name="Toy", version="2.0.0", language="en"),
    part("level", "summary", name="Step 3"),
    part("group", "about", name="Group"),
    part("dimension", "about", name="Area Y"),
    part(
        "criterion",
        "statement",
        dimension=lambda draft, row: row.dimension_id,
        level=lambda draft, row: row.level_id,
    ),
    part("symptom", "statement", level=1),
    scale_of_a_draft,
    scoring_of_a_draft,
]
#: Texts of a translation are compared one by one, see test_translations.
WITHOUT_A_PAGE = {"Translation"}


@pytest.fixture(params=EDITS, ids=lambda make: make.__name__)
def world_and_edit(request):
    world = World()
    return world, request.param(world)


def revision_on(page: str, address: str) -> str:
    """The revision in the form that is sent to this address."""
    for action, content in FORM.findall(page):
        found = re.search(r'name="revision"[^>]*value="(\d+)"', content)
        if found and action.replace("&amp;", "&") in ("", address):
            return found[1]
    raise AssertionError("the page carries no revision for this")


def opened(client, user: User, edit: Edit) -> str:
    client.force_login(user)
    return revision_on(client.get(edit.page).content.decode(), edit.address or edit.page)


def test_everything_that_several_people_edit_is_in_the_table():
    edited = {edit(World()).model.__name__ for edit in EDITS}
    revised = {
        model.__name__ for model in apps.get_app_config("assessments").get_models() if issubclass(model, Revised)
    }
    assert revised - edited == WITHOUT_A_PAGE


def test_the_second_is_told_sees_both_values_and_decides(client, world_and_edit):
    world, edit = world_and_edit
    one, other = world.people(edit)
    seen_by_other = opened(client, other, edit)
    seen_by_one = opened(client, one, edit)
    address = edit.address or edit.page
    assert client.post(address, {**edit.rest, **edit.first, "revision": seen_by_one}).status_code == 302
    assert edit.stored() == edit.values[0]

    client.force_login(other)
    sent = {**edit.rest, **edit.second, "revision": seen_by_other}
    response = client.post(address, sent)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Someone else changed this" in page
    assert edit.stored() == edit.values[0]
    for value in (*edit.shown, *map(str, edit.second.values())):
        assert value in page

    # Without script: the button of the page sends the form once more, with what it showed as stored.
    (overwrite,) = OVERWRITE.findall(page)
    assert client.post(address, {**sent, "overwrite": overwrite}).status_code == 302
    assert edit.stored() == edit.values[1]


def test_the_page_of_a_conflict_is_in_one_language(client, world_and_edit):
    world, edit = world_and_edit
    one, other = world.people(edit)
    seen_by_other = opened(client, other, edit)
    seen_by_one = opened(client, one, edit)
    address = edit.address or edit.page
    client.post(address, {**edit.rest, **edit.first, "revision": seen_by_one})
    client.force_login(other)
    with pseudo_language():
        response = client.post(address, {**edit.rest, **edit.second, "revision": seen_by_other})
    assert response.status_code == 409
    # The choices of a scale stand one a line, by value, code and name.
    choices = [f"{value:g} {code} {name}" for value, code, name in Choice.objects.values_list("value", "code", "name")]
    data = Data([*written(), *map(str, edit.second.values()), *edit.shown, *choices])
    assert [text for _, text in Texts(response.content.decode()).outside if not data.covers(text)] == []


def test_saving_over_what_has_changed_once_more_is_told_again(client, world_and_edit):
    world, edit = world_and_edit
    one, other = world.people(edit)
    seen = opened(client, one, edit)
    address = edit.address or edit.page
    client.post(address, {**edit.rest, **edit.first, "revision": seen})
    client.force_login(other)
    sent = {**edit.rest, **edit.second, "revision": seen, "overwrite": str(int(seen) + 7)}
    assert client.post(address, sent).status_code == 409
    assert edit.stored() == edit.values[0]


def test_the_same_change_twice_is_no_conflict(client, world_and_edit):
    world, edit = world_and_edit
    one, other = world.people(edit)
    seen = opened(client, one, edit)
    for user in (one, other):
        client.force_login(user)
        response = client.post(edit.address or edit.page, {**edit.rest, **edit.first, "revision": seen})
        assert response.status_code == 302
    assert edit.stored() == edit.values[0]


class TestByHtmx:
    """A move on the board is shown at once."""

    def test_it_answers_with_the_roadmap(self, client):
        world = World()
        edit = status_of_an_action(world)
        seen = opened(client, world.lead, edit)
        response = client.post(edit.address, {**edit.first, "revision": seen}, headers=HTMX)
        assert response.status_code == 200
        assert response.headers["HX-Retarget"] == "#roadmap"
        assert response.content.decode().count('id="roadmap"') == 1
        assert "<html" not in response.content.decode()

    def test_a_conflict_takes_the_place_of_the_button(self, client):
        world = World()
        edit = status_of_an_action(world)
        seen = opened(client, world.lead, edit)
        client.post(edit.address, {**edit.first, "revision": seen}, headers=HTMX)
        client.force_login(world.other_lead)
        response = client.post(edit.address, {**edit.second, "revision": seen}, headers=HTMX)
        page = response.content.decode()
        assert response.status_code == 409
        assert "<html" not in page
        assert "HX-Retarget" not in response.headers
        assert edit.stored() == "done"
        (overwrite,) = OVERWRITE.findall(page)
        sent = {**edit.second, "revision": seen, "overwrite": overwrite}
        assert client.post(edit.address, sent, headers=HTMX).status_code == 200
        assert edit.stored() == "doing"


def test_a_target_that_was_changed_is_not_given_up_by_mistake(client):
    world = World()
    day = datetime.date(2100, 1, 1)
    aim = Target.objects.set(**world.known, level=2, due=day, why="Faster.")
    Target.objects.set(**world.known, level=3, due=day, why="Safer.", seen=1)
    client.force_login(world.other_lead)
    address = f"/teams/{world.team.pk}/targets/{aim.pk}/give-up/"
    page = client.post(address, {"revision": 1})
    assert page.status_code == 409
    assert "Remove the target of level 3 by 1 January 2100?" in page.content.decode()
    assert Target.objects.exists()
    client.post(address, {"revision": 1, "overwrite": 2})
    assert not Target.objects.exists()
