"""Several criteria that keep a team from its next level become actions in one form."""

import datetime

import pytest
from django.urls import reverse

from assessments.models import Action, Event
from assessments.models.plans import ActionQuerySet
from assessments.web import saving

from ..factories import make_membership
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client):
    lead = Lead()
    lead.closes("N N N N N N N N", on="2026-01-01")
    client.force_login(lead.user)
    return lead


@pytest.fixture
def address(lead):
    return reverse("actions-new", args=[lead.team.pk]) + f"?framework={lead.edition.framework.key}"


def test_those_that_are_chosen_become_actions_with_one_owner_and_one_due_date(client, lead, address):
    page = client.get(address).content.decode()
    assert [name for name in ("x1", "x2", "y1") if f'name="plan-{name}"' in page] == ["x1", "x2", "y1"]
    member = make_membership(team=lead.team).user
    sent = {
        "plan-x1": "on",
        "text-x1": "Begin with x.",
        "text-x2": "Left out.",
        "plan-y1": "on",
        "text-y1": "Begin with y.",
        "owner": str(member.pk),
        "due": "2026-12-24",
    }
    response = client.post(address, sent, follow=True)
    assert "Actions planned." in response.content.decode()
    made = [(row.criterion, row.text, row.owner, row.due) for row in lead.team.actions.order_by("criterion")]
    day = datetime.date(2026, 12, 24)
    assert made == [("x1", "Begin with x.", member, day), ("y1", "Begin with y.", member, day)]
    assert Event.objects.filter(kind="action.planned").count() == 2


def test_the_step_that_the_framework_suggests_is_what_an_action_begins_with(client, lead, address):
    fields = client.get(address).context["form"].of_gaps
    for of_gap in fields:
        criterion = of_gap.gap.criterion
        assert of_gap.text.value() == (criterion.next or criterion.statement)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"text-x1": "Kept."}, "Choose at least one criterion."),
        ({"plan-x1": "on", "text-x1": " ", "text-y1": "Kept."}, "Say what to do."),
        ({"plan-x1": "on", "text-x1": "Kept.", "due": "someday"}, "Enter a valid date."),
        (
            {"plan-x1": "on", "text-x1": "Kept.", "owner": "00000000-0000-0000-0000-000000000000"},
            "Select a valid choice",
        ),
    ],
)
def test_what_cannot_be_planned_is_said_and_nothing_is_lost(client, lead, address, sent, sentence):
    response = client.post(address, sent)
    assert response.status_code == 422
    page = response.content.decode()
    assert sentence in page
    assert "Kept." in page
    assert not lead.team.actions.exists()


def test_all_are_planned_or_none(lead, monkeypatch):
    planned = ActionQuerySet.plan

    def second_fails(self, **terms):
        if terms["criterion"] == "y1":
            raise RuntimeError
        return planned(self, **terms)

    monkeypatch.setattr(ActionQuerySet, "plan", second_fails)
    texts = {"x1": "One.", "y1": "Two."}
    with pytest.raises(RuntimeError):
        Action.objects.plan_several(team=lead.team, framework=lead.edition.framework, texts=texts, by=lead.user)
    assert not lead.team.actions.exists()


def test_a_double_click_plans_them_once(client, lead, address):
    sent = {"plan-x1": "on", "text-x1": "One.", "plan-y1": "on", "text-y1": "Two.", saving.TOKEN: "the-page"}
    assert client.post(address, sent).status_code == client.post(address, sent).status_code == 302
    assert lead.team.actions.count() == 2


def test_the_roadmap_leads_there_for_those_who_plan(client, lead, address):
    roadmap = reverse("team-roadmap", args=[lead.team.pk])
    assert f'href="{address}"' in client.get(roadmap).content.decode()
    client.force_login(make_membership(team=lead.team, role="viewer").user)
    assert f'href="{address}"' not in client.get(roadmap).content.decode()
    assert client.get(address).status_code == 403


def test_at_the_top_there_is_nothing_to_plan(client, lead, address):
    lead.closes(AT[3], on="2026-02-01")
    response = client.get(address)
    assert "Nothing to plan" in response.content.decode()
    assert client.post(address, {"plan-x1": "on", "text-x1": "One."}).status_code == 422
    assert not lead.team.actions.exists()
