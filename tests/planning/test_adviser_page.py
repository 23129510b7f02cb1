"""The adviser's page of a team: what it offers at the end, and what it asks before."""

import pytest

from assessments.frameworks.format.files import read
from assessments.frameworks.storing import BUILT_IN, store
from assessments.models import AdviserAnswers

from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db
ASK = "neither would be enough for us"
MANY = {"production": "yes", "models": 30, "proven": 8, "change": "frequent", "stakes": "normal", "feedback": "yes"}
NONE = {"production": "no", "models": 0, "proven": 0, "change": "regular", "stakes": "normal", "feedback": "yes"}
SOME = {**MANY, "models": 2, "proven": 2, "change": "regular"}


@pytest.fixture
def mlops():
    return store(read(BUILT_IN / "mlops.yaml"), origin="built-in").edition


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(client, team):
    lead = make_user()
    make_membership(user=lead, team=team, role="lead")
    client.force_login(lead)
    return lead


@pytest.fixture
def adviser(client, team, lead, mlops):
    """Posts answers, from the page as it is, and returns the page that follows."""
    address = f"/teams/{team.pk}/adviser/?framework=mlops"

    def answer(**answers):
        if answers:
            seen = AdviserAnswers.objects.values_list("revision", flat=True).first() or 0
            assert client.post(address, {**answers, "revision": seen}).status_code == 302
        return client.get(address).content.decode()

    return answer


def test_where_everybody_begins_there_is_no_target_to_set(adviser):
    text = adviser(**NONE)
    assert "Every team starts at this level, so there is no target to set." in text
    assert "as a target" not in text


def test_a_target_is_offered_by_number_and_name(adviser):
    assert "Set level 1, DevOps, no MLOps, as a target" in adviser(**SOME)


def test_the_highest_level_is_offered_once_it_is_confirmed(adviser):
    text = adviser(**MANY)
    assert "Before you aim for level 4, confirm" in text
    assert ASK in text
    assert "as a target" not in text

    text = adviser(_confirmed="4")
    assert "Confirmed: We have looked" in text
    assert "Set level 1, DevOps, no MLOps, as a target" in text
    assert AdviserAnswers.objects.get().answers["models"] == 30


def test_other_answers_ask_again(adviser):
    adviser(**MANY)
    adviser(_confirmed="4")
    assert "Confirmed" not in adviser(**SOME)
    assert "Before you aim for level 4, confirm" in adviser(**MANY)


def test_nothing_is_to_be_confirmed_for_other_levels(client, adviser, team):
    assert ASK not in adviser(**SOME)
    # Another level than the one that is advised cannot be confirmed: the page is shown again with its questions.
    answers = AdviserAnswers.objects.get().answers
    assert client.post(f"/teams/{team.pk}/adviser/?framework=mlops", {"_confirmed": "4"}).status_code == 422
    assert AdviserAnswers.objects.get().answers == answers


def test_only_the_level_that_is_advised_can_be_confirmed(client, adviser, team):
    adviser(**MANY)
    client.post(f"/teams/{team.pk}/adviser/?framework=mlops", {"_confirmed": "2"})
    assert "_confirmed" not in AdviserAnswers.objects.get().answers


def test_a_member_cannot_confirm(client, adviser, team):
    adviser(**MANY)
    member = make_user()
    make_membership(user=member, team=team, role="member")
    client.force_login(member)
    address = f"/teams/{team.pk}/adviser/?framework=mlops"
    assert client.post(address, {"_confirmed": "4"}).status_code == 403
    text = client.get(address).content.decode()
    assert "Before you aim for level 4, confirm" in text
    assert 'name="_confirmed"' not in text
