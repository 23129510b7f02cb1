"""Deleting a person removes name, address and comments everywhere and keeps the results."""

import datetime

import pytest
from django.apps import apps
from django.test import Client

from assessments.accounts.erasure import erase
from assessments.models import Answer, Event, Rating, Result, Review, Target, User
from assessments.models.accounts import LastAdministrator

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


@pytest.fixture
def person():
    return make_user(name="Zebulon Quick", email="zebulon@example.org")


@pytest.fixture
def result(admin, person):
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    make_membership(team=team, role="lead", user=person)
    assessment = toy.start(team=team, by=person, facilitator=person)
    assessment.invite(by=person, members=[person], addresses=["other@example.org"])
    assessment.share(by=person)
    toy.rate(assessment, person, "F F NA N F F P N")
    answer = Answer(code="F", comment="Words of Zebulon.", evidence="https://example.org/zebulon")
    x1 = assessment.edition.contents.criterion_by_key["x1"]
    assessment.save_rating(by=person, criterion=x1, answer=answer, mark=toy.mark(sequence=2))
    toy.rate(assessment, lead, "F F L N F F P N")
    assessment.submit(by=person)
    assessment.end_answering(by=person)
    review = Review.objects.at(assessment)
    review.agree(x1, code="L", by=person, note="Zebulon noted it.")
    x3 = assessment.edition.contents.criterion_by_key["x3"]
    review.agree(x3, code="NA", by=person, reason="Zebulon says so.")
    assessment.close(by=person)
    wanted = {"level": 2, "due": datetime.date(2027, 6, 1), "why": "Zebulon wants it.", "rule": "largely"}
    Target.objects.set(team=team, framework=assessment.edition.framework, by=person, **wanted)
    assessment.reopen(by=person, reason="Zebulon had a reason.")
    return assessment.close(by=person)


def test_name_address_and_words_are_gone_and_the_result_is_as_it_was(admin, person, result):
    frozen = (Result.objects.filter(pk=result.pk).values("level", "index_exact", "alpha_exact", "respondents")[0],)
    votes = list(result.criteria.values("key", "votes", "rating"))
    erase(person, by=admin)
    everything = str([list(m._base_manager.values()) for m in apps.get_app_config("assessments").get_models()]).lower()
    assert "zebulon" not in everything
    assert "not here." not in everything
    again = Result.objects.get(pk=result.pk)
    assert (
        Result.objects.filter(pk=result.pk).values("level", "index_exact", "alpha_exact", "respondents")[0],
    ) == frozen
    assert list(again.criteria.values("key", "votes", "rating")) == votes
    assert Rating.objects.filter(assessment=result.assessment_id).count() == 16


def test_the_journal_keeps_what_happened_and_not_who(admin, person, result):
    before = Event.objects.count()
    erase(person, by=admin)
    assert Event.objects.count() == before + 1
    assert not Event.objects.exclude(actor=None).exclude(actor=admin).exists()


def test_words_of_a_guest_by_the_same_address_go_too(admin, person, result):
    other = toy.start(team=make_team(), by=admin)
    guest = toy.guest(other, email="zebulon@example.org")
    x1 = other.edition.contents.criterion_by_key["x1"]
    answer = Answer(code="F", comment="Words of Zebulon elsewhere.")
    other.save_rating(by=guest, criterion=x1, answer=answer, mark=toy.mark())
    erase(person, by=admin)
    assert other.ratings.get().comment == ""
    assert other.invitations.get().email == ""


def test_every_link_of_the_person_ends(admin, person):
    """Of the account, of each assessment that asked them as a guest, begun or not; and nobody waits for them."""
    password_link = person.set_password_link().removeprefix("http://127.0.0.1:8000")
    session = Client()
    session.force_login(person)
    begun, waiting, anonymous = (toy.start(team=make_team(), by=admin, anonymous=is_on) for is_on in (0, 0, 1))
    tokens = [toy.guest(begun, email="Zebulon@Example.org").token]
    tokens += [toy.invited(assessment, email="zebulon@example.org")[1] for assessment in (waiting, anonymous)]
    mine = toy.member_by_link(_anonymous_of_a_team_with(person, by=admin), person)
    tokens.append(mine.token)
    assert {Client().get(f"/i/{token}/").status_code for token in tokens} <= {200, 302}

    erase(person, by=admin)

    for token in tokens:
        for path in (f"/i/{token}/", f"/i/{token}/answer/"):
            assert Client().get(path).status_code in {404, 410}, path
        assert Client().post(f"/i/{token}/accept/").status_code in {404, 410}
    assert Client().get(password_link).status_code == 410
    assert session.get("/account/").status_code == 302
    assert not waiting.participations.exists()
    assert begun.participations.count() == anonymous.participations.count() == 1


def _anonymous_of_a_team_with(person, *, by):
    team = make_team()
    make_membership(team=team, user=person)
    return toy.start(team=team, by=by, anonymous=True)


def test_a_guest_is_forgotten_by_the_lead_and_what_they_rated_counts(client, result):
    assessment = result.assessment
    lead = result.team.memberships.first().user
    assessment.reopen(by=lead, reason="One more.")
    guest = toy.guest(assessment, email="quirin@example.org")
    toy.rate(assessment, guest, "F F NA - - - - -")
    x1 = assessment.edition.contents.criterion_by_key["x1"]
    answer = Answer(code="F", comment="Words of Quirin.")
    assessment.save_rating(by=guest, criterion=x1, answer=answer, mark=toy.mark(sequence=2))
    assessment.close(by=lead)
    client.force_login(lead)
    client.post(f"/assessments/{assessment.pk}/invite/{guest.invitation.pk}/forget/")
    everything = str([list(m._base_manager.values()) for m in apps.get_app_config("assessments").get_models()]).lower()
    assert "quirin" not in everything
    assert assessment.ratings.filter(respondent__invitation=guest.invitation).count() == 3
    assert client.get(f"/i/{guest.token}/").status_code == 404


def test_the_pages_show_somebody_who_has_left(client, admin, person, result):
    lead = result.team.memberships.exclude(user=person).get().user
    erase(person, by=admin)
    client.force_login(lead)
    html = client.get(f"/results/{result.pk}/").content.decode()
    assert "Somebody who has left" in html
    assert "Zebulon" not in html
    assert client.get(f"/assessments/{result.assessment_id}/").status_code == 200


def test_an_administrator_does_it_on_the_account_page_and_is_asked_first(client, admin, person, result):
    client.force_login(admin)
    url = f"/accounts/{person.pk}/delete/"
    assert "cannot be undone" in client.get(url).content.decode()
    assert User.objects.filter(pk=person.pk).exists()
    client.post(url)
    assert not User.objects.filter(pk=person.pk).exists()


def test_the_last_administrator_cannot_be_deleted(admin):
    with pytest.raises(LastAdministrator):
        erase(admin, by=admin)
