"""What people take along of themselves, what administrators get of it, and deleting the own account."""

import io
import json
import zipfile

import pytest
from django.apps import apps
from django.db import models
from django.urls import reverse

from assessments.accounts import personal_data
from assessments.models import Action, Answer, Event, User

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db

#: Columns that hold an email and are not exported: a request for a new password is gone once it is answered.
LEFT_OUT = {("passwordrequest", "email")}
#: Columns of accounts that are secrets, or say nothing about the person.
NOT_TOLD = {"password", "session_generation", "revision"}


def files_of(response) -> dict[str, list]:
    assert response.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    names = [name for name in archive.namelist() if name.endswith(".json")]
    return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in names}


@pytest.fixture
def world():
    team = make_team(name="Rockets")
    lead = make_membership(team=team, role="lead", user=make_user(name="Lea Lead", email="lea@example.org")).user
    person = make_membership(team=team, user=make_user(name="Max Member", email="max@example.org")).user
    assessment = toy.start(team=team, by=lead)
    x1 = assessment.edition.contents.criterion_by_key["x1"]
    toy.rate(assessment, lead, "F F L N F F P N")
    answer = Answer(code="F", comment="Words of Max.", evidence="https://example.org/max")
    assessment.save_rating(by=person, criterion=x1, answer=answer, mark=toy.mark())
    comment_of_lead = Answer(code="L", comment="Words of Lea.")
    assessment.save_rating(by=lead, criterion=x1, answer=comment_of_lead, mark=toy.mark(sequence=9))
    assessment.submit(by=person)
    Action.objects.plan(
        team=team, framework=assessment.edition.framework, criterion="x1", text="Max does it.", by=person
    )
    return person, lead, assessment


def test_people_download_what_they_said_and_did_and_nothing_of_others(client, world):
    person, lead, _ = world
    client.force_login(person)
    files = files_of(client.post(reverse("account-own-data")))
    assert files["account"][0]["email"] == "max@example.org"
    assert [(row["team"], row["role"]) for row in files["memberships"]] == [("Rockets", "member")]
    (answer,) = files["answers"]
    assert (answer["code"], answer["comment"], answer["evidence"]) == ("F", "Words of Max.", "https://example.org/max")
    assert answer["statement"]
    assert answer["team"] == "Rockets"
    assert [row["text"] for row in files["actions-planned"]] == ["Max does it."]
    assert files["taking-part"][0]["state"] == "submitted"
    assert [row["kind"] for row in files["journal-submitted"]] == ["assessment.submitted"]
    everything = json.dumps(files)
    assert "Words of Lea" not in everything
    assert lead.email not in everything
    assert lead.name not in everything
    event = Event.objects.get(kind="account.exported")
    assert event.actor == person
    assert event.data == {"person": str(person.pk)}


def test_administrators_get_no_answer_no_words_and_not_who_took_part(client, world):
    person, _, _ = world
    admin = make_user(is_administrator=True)
    client.force_login(admin)
    files = files_of(client.post(reverse("account-data", args=[person.pk])))
    assert files["account"][0]["email"] == "max@example.org"
    everything = json.dumps(files)
    assert "Words of" not in everything
    assert "Max does it" not in everything
    assert not {"answers", "taking-part", "agreed-ratings", "messages"} & set(files)
    assert "submitted" not in everything
    assert Event.objects.get(kind="account.exported").actor == admin


def test_nobody_gets_the_former_email_of_somebody_else(client, settings):
    """An administrator who changed it caused the mail that goes there."""
    settings.MAIL_ENABLED = True
    admin = make_user(is_administrator=True)
    person = make_user(email="former@example.org", password="long-enough-for-kim")
    person.change_account(by=admin, seen=None, email="present@example.org")
    client.force_login(admin)
    files = files_of(client.post(reverse("account-own-data")))
    assert [row["kind"] for row in files["mails-caused"]] == ["access"]
    assert "former@example.org" not in json.dumps(files)
    client.force_login(person)
    assert [row["to"] for row in files_of(client.post(reverse("account-own-data")))["mails"]] == ["former@example.org"]


def test_administrators_do_not_get_who_took_a_link_to_an_anonymous_assessment(client):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    people = [make_membership(team=team).user for _ in range(2)]
    assessment = toy.start(team=team, by=lead, anonymous=True)
    toy.member_by_link(assessment, people[0])
    client.force_login(make_user(is_administrator=True))
    taken, not_taken = (files_of(client.post(reverse("account-data", args=[person.pk]))) for person in people)
    assert {name: len(rows) for name, rows in taken.items()} == {name: len(rows) for name, rows in not_taken.items()}
    client.force_login(people[0])
    assert len(files_of(client.post(reverse("account-own-data")))["invitations"]) == 1


def test_what_was_answered_by_email_needs_a_confirmed_owner(client, world):
    """Whoever creates an account for an email gets nothing that its owner answered by a link."""
    _, lead, assessment = world
    assessment.invite(by=lead, members=[], addresses=["guest@example.org"])
    account = make_user(email="Guest@example.org", is_confirmed=False)
    client.force_login(account)
    assert "answers-by-email" not in files_of(client.post(reverse("account-own-data")))
    User.objects.filter(pk=account.pk).update(is_confirmed=True)
    files = files_of(client.post(reverse("account-own-data")))
    assert len(files["invitations-by-email"]) == 1
    assert "answers-by-email" in files


def test_no_anonymous_answer_is_exported(client):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead, anonymous=True)
    client.force_login(lead)
    files = files_of(client.post(reverse("account-own-data")))
    assert files["answers"] == []
    assert files["assessments-started"][0]["id"] == str(assessment.pk)


@pytest.mark.parametrize("anonymous", [True, False])
def test_nobody_learns_how_many_had_not_submitted_anonymously(client, anonymous):
    """Neither from the number of reminders that somebody sent, nor from whom they went to."""
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    member = make_membership(team=team).user
    assessment = toy.start(team=team, by=lead, anonymous=anonymous)
    assert assessment.remind(by=lead) == 2
    client.force_login(lead)
    assert len(files_of(client.post(reverse("account-own-data")))["mails-caused"]) == (0 if anonymous else 2)
    client.force_login(member)
    own = files_of(client.post(reverse("account-own-data")))["mails-of-assessments"]
    assert [row["kind"] for row in own] == ["reminder"]
    client.force_login(make_user(is_administrator=True))
    assert "reminder" not in json.dumps(files_of(client.post(reverse("account-data", args=[member.pk]))))


def columns_about_people() -> set[tuple[str, str]]:
    """Every column of the application that refers to an account or holds an email."""
    found = set()
    for model in [*apps.get_app_config("assessments").get_models(), *apps.get_app_config("mfa").get_models()]:
        for field in model._meta.concrete_fields:
            refers = field.related_model is User if field.is_relation else isinstance(field, models.EmailField)
            if refers and model is not User:
                found.add((model._meta.model_name, field.name))
    return found


def test_every_column_of_an_account_is_exported():
    columns = {field.name for field in User._meta.concrete_fields}
    account = next(kind for kind in personal_data._ADMINISTRATIVE if kind.name == "account")
    assert columns - set(account.fields) == NOT_TOLD


def test_every_column_about_people_is_looked_at(world):
    """A new column that refers to people must be exported."""
    person, _, _ = world
    looked_at = set()
    for kind in [*personal_data._ADMINISTRATIVE, *personal_data._PERSONAL, *personal_data._BY_LINK]:
        rows = kind.rows(person)
        condition = str(rows.query)
        for model, column in columns_about_people():
            app = "mfa" if model == "authenticator" else "assessments"
            field = apps.get_model(app, model)._meta.get_field(column)
            where = condition.partition(" WHERE ")[2]
            if f'"{field.model._meta.db_table}"."{field.column}"' in where:
                looked_at.add((model, column))
    assert columns_about_people() - looked_at == LEFT_OUT


def test_people_delete_their_own_account_with_their_password(client, world):
    person, _, assessment = world
    make_user(is_administrator=True)
    person.set_password("a long enough password")
    person.save()
    client.force_login(person)
    page = client.get(reverse("account-own-erase")).content.decode()
    assert "cannot be undone" in page
    refused = client.post(reverse("account-own-erase"), {"old": "wrong"})
    assert "This is not your current password." in refused.content.decode()
    assert User.objects.filter(pk=person.pk).exists()
    response = client.post(reverse("account-own-erase"), {"old": "a long enough password"})
    assert response.url == reverse("sign-in")
    assert not User.objects.filter(pk=person.pk).exists()
    assert "_auth_user_id" not in client.session
    assert assessment.ratings.filter(respondent__user=None).count() == 1


def test_the_last_administrator_stays(client):
    admin = make_user(is_administrator=True)
    User.objects.filter(is_administrator=True).exclude(pk=admin.pk).delete()
    client.force_login(admin)
    response = client.post(reverse("account-own-erase"), follow=True)
    assert User.objects.filter(pk=admin.pk).exists()
    assert response.redirect_chain == [(reverse("account-own-erase"), 302)]
    assert "administrator" in response.content.decode()
