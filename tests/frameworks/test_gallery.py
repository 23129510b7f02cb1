"""The page of all frameworks: what each is for, a look inside, and the way to use it."""

import re

import pytest
from django.urls import reverse

from assessments.frameworks.format.files import read
from assessments.frameworks.gallery import BROUGHT
from assessments.frameworks.import_forms import UploadForm
from assessments.frameworks.storing import BUILT_IN, store
from assessments.models import Edition

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def devops():
    return store(read(BUILT_IN / "devops.yaml"), origin=Edition.Origin.BUILT_IN).edition


@pytest.fixture
def read_page(client):
    """The text of a page without its tags, as a person with the given roles in teams of their own reads it."""

    def read_as(user, address="/frameworks/"):
        client.force_login(user)
        response = client.get(address)
        assert response.status_code == 200
        return response.content.decode()

    return read_as


def in_words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def lead_of(*teams):
    user = make_user()
    for team in teams:
        make_membership(user=user, team=team, role="lead")
    return user


class TestWhatACardSays:
    def test_for_whom_how_long_and_how_scored(self, devops, read_page):
        words = in_words(read_page(make_user()))
        assert "One team and the main application or service it delivers." in words
        assert "24 questions, about 10 minutes" in words
        assert "By levels: a level is reached once its questions and those of all levels below are met." in words

    def test_a_short_questionnaire_has_a_time_of_its_own(self, read_page):
        store(read(BUILT_IN / "platform.yaml"), origin=Edition.Origin.BUILT_IN)
        words = in_words(read_page(make_user()))
        assert "45 questions, about 15 minutes" in words
        assert "Short: 24 questions, about 10 minutes" in words

    @pytest.mark.parametrize(
        "name,sentence",
        [
            ("ml-test-score", "By points: the section with the fewest points decides."),
            ("health-check", "By a rubric: each answer is a level, and the mean of the dimensions counts."),
        ],
    )
    def test_other_methods_are_told(self, name, sentence, read_page):
        store(read(BUILT_IN / f"{name}.yaml"), origin=Edition.Origin.BUILT_IN)
        assert sentence in in_words(read_page(make_user()))

    def test_the_preview_shows_levels_dimensions_and_a_question_of_each(self, devops, read_page):
        preview = in_words(re.search(r"<details>.*?</details>", read_page(make_user()), re.DOTALL)[0])
        for level in devops.contents.levels:
            assert f"{level.number} · {level.name} {level.summary}" in preview
        for dimension in devops.contents.dimensions:
            first = next(c for c in devops.contents.criteria if c.dimension.key == dimension.key)
            assert f"{dimension.name} 6 questions {first.statement}" in preview.replace("&#x27;", "'")

    def test_own_frameworks_stand_before_those_of_the_product(self, devops, read_page):
        own = toy.make_edition(key="ours")
        page = read_page(make_user())
        assert page.index(own.get_absolute_url()) < page.index('id="built-in"') < page.index(devops.get_absolute_url())


class TestUseThis:
    def test_a_lead_lands_on_the_start_page_with_the_framework_chosen(self, client, devops, read_page):
        toy.make_edition()
        team = make_team()
        page = read_page(lead_of(team))
        address = f"/teams/{team.pk}/assessments/new/?edition={devops.pk}"
        assert f'href="{address}"' in page
        assert client.get(address).context["edition"] == devops

    def test_a_lead_of_several_teams_chooses_one_of_those(self, client, devops, read_page):
        teams = [make_team(), make_team()]
        lead = lead_of(*teams)
        other = make_team()
        make_membership(user=lead, team=other, role="member")
        address = reverse("framework-use", args=["devops", devops.pk])
        assert f'href="{address}"' in read_page(lead)
        choice = read_page(lead, address)
        assert all(f"/teams/{team.pk}/assessments/new/?edition={devops.pk}" in choice for team in teams)
        assert str(other.pk) not in choice

    def test_with_one_team_there_is_nothing_to_choose(self, client, devops):
        team = make_team()
        client.force_login(lead_of(team))
        response = client.get(reverse("framework-use", args=["devops", devops.pk]))
        assert response.url == f"/teams/{team.pk}/assessments/new/?edition={devops.pk}"

    @pytest.mark.parametrize("role", ["member", "viewer", "administrator", "manager"])
    def test_people_who_start_nothing_see_no_button(self, client, role, devops, read_page):
        user = make_user(is_administrator=role == "administrator")
        if role == "manager":
            make_membership(user=user, unit=make_team().unit, role=role)
        elif role != "administrator":
            make_membership(user=user, team=make_team(), role=role)
        assert "Use this" not in read_page(user)
        assert "Use this" not in read_page(user, devops.get_absolute_url())
        assert client.get(reverse("framework-use", args=["devops", devops.pk])).status_code == 403

    def test_a_retired_version_is_not_put_to_use(self, client, devops, read_page):
        lead = lead_of(make_team())
        devops.retire()
        assert "Use this" not in read_page(lead, devops.get_absolute_url())
        assert client.get(reverse("framework-use", args=["devops", devops.pk])).status_code == 404


class TestWhatCanBeBrought:
    def test_an_administrator_gets_to_the_import_with_the_format_chosen(self, client, read_page):
        page = read_page(make_user(is_administrator=True))
        for entry in BROUGHT:
            assert f'href="{entry.bring_url}"' in page
        for kind, _name in UploadForm.base_fields["kind"].choices[1:]:
            form = client.get(f"/framework-import/?kind={kind}").context["form"]
            assert form["kind"].value() == kind

    def test_an_unknown_format_is_no_choice(self, client):
        client.force_login(make_user(is_administrator=True))
        assert client.get("/framework-import/?kind=word").context["form"]["kind"].value() == "maturity"

    def test_others_read_whom_to_ask(self, read_page):
        page = read_page(lead_of(make_team()))
        assert "Bring it in" not in page
        assert "An administrator can bring these in." in in_words(page)
