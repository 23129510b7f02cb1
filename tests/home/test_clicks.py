"""How many clicks a frequent task takes from the start page."""

import re

import pytest
from django.urls import reverse

from .. import toy
from ..factories import make_membership, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return make_membership(team=make_team(), role="lead").user


@pytest.fixture
def assessment(lead):
    return toy.start(team=lead.memberships.get().team, by=lead)


def page(client, address) -> str:
    return client.get(address).content.decode().split("<main")[1]


def test_resuming_answers_takes_one_click(client, assessment, lead):
    toy.rate(assessment, lead, "F F - - - - - -")
    client.force_login(lead)
    following = reverse("answer-next", args=[assessment.pk])
    assert f'href="{following}"' in page(client, "/")
    x3 = assessment.edition.contents.criterion_by_key["x3"]
    assert client.get(following).url.endswith(f"/answer/to/X/#c-{x3.pk}")


def test_reminding_takes_two_clicks(client, assessment, lead, settings):
    settings.MAIL_ENABLED = True
    make_membership(team=assessment.team, role="member")
    toy.invited(assessment, email="guest@example.org")
    client.force_login(lead)
    assert f'href="{assessment.get_absolute_url()}"' in page(client, "/")
    remind = reverse("assessment-remind", args=[assessment.pk])
    assert f'action="{remind}"' in page(client, assessment.get_absolute_url())
    assert client.post(remind).status_code == 302


def test_submitting_after_the_last_question_takes_one_page(client, assessment, lead):
    toy.rate(assessment, lead, "F F L N F F P N")
    client.force_login(lead)
    last = page(client, reverse("answer-dimension", args=[assessment.pk, "Y"]))
    [following] = re.findall(r'href="([^"]+)" data-key="next-page"', last)
    submit = reverse("answer-submit", args=[assessment.pk])
    assert f'action="{submit}"' in page(client, following)
    response = client.post(submit, follow=True)
    assert len(response.redirect_chain) == 1
    assert "Submitted" in response.content.decode()
