"""Choices and explanations are kept between pages: everyone still sees their own answers."""

import re

import pytest
from django.core.cache import caches
from django.urls import reverse

from .. import toy
from ..factories import make_membership

pytestmark = pytest.mark.django_db

PASSING = re.compile(rb'name="(csrfmiddlewaretoken|page)" value="[^"]*"')


def read(client, user, address: str) -> bytes:
    client.force_login(user)
    return PASSING.sub(b"", client.get(address).content)


def test_each_person_sees_the_own_answers_beside_what_is_kept(client, team, lead):
    member = make_membership(team=team).user
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F L N F F P N")
    toy.rate(assessment, member, "N DK NA P N F - N")
    for dimension in assessment.edition.contents.dimensions:
        address = reverse("answer-dimension", args=[assessment.pk, dimension.key])
        caches["questions"].clear()
        kept = [read(client, user, address) for user in (lead, member, lead)]
        anew = []
        for user in (lead, member):
            caches["questions"].clear()
            anew.append(read(client, user, address))
        assert kept == [anew[0], anew[1], anew[0]]
        assert anew[0].count(b" checked") == len(dimension.asked)
