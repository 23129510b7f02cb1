"""Questions are kept between pages: everyone still sees their own answers, and what has happened since."""

import datetime
import re

import pytest
from django.core.cache import caches
from django.urls import reverse

from assessments.models.answering import Answer

from .. import toy
from ..factories import make_membership, make_team

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


def as_drawn_anew(client, readers, addresses) -> list[bytes]:
    """The pages as they are without what was kept so far; that is put back."""
    kept = dict(caches["questions"]._cache), dict(caches["questions"]._expire_info)
    pages = []
    for user in readers:
        for address in addresses:
            caches["questions"].clear()
            pages.append(read(client, user, address))
    caches["questions"].clear()
    caches["questions"]._cache.update(kept[0])
    caches["questions"]._expire_info.update(kept[1])
    return pages


def test_whatever_happens_pages_are_as_if_nothing_were_kept(client, team, lead):
    """Two teams answer with one edition: one with a result before and hints that come late, one without either."""
    edition = toy.make_edition()
    member = make_membership(team=team).user
    other_team = make_team()
    other = make_membership(team=other_team, role="lead").user
    toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1), codes="F P L N F F P N")
    assessments = [
        toy.start(team=team, by=lead, edition=edition, hides_hints=True),
        toy.start(team=other_team, by=other, edition=edition),
    ]
    criterion = edition.contents.criteria[0]
    readers = {assessments[0]: [lead, member], assessments[1]: [other]}
    addresses = {
        assessment: [reverse("answer-dimension", args=[assessment.pk, d.key]) for d in edition.contents.dimensions]
        for assessment in assessments
    }

    def save(assessment, user, code, *, sequence, version=0, **said):
        answer = Answer(code=code, **said)
        assessment.save_rating(
            by=user, criterion=criterion, answer=answer, mark=toy.mark(sequence=sequence, version=version)
        )

    happens = [
        lambda: None,
        lambda: save(assessments[0], lead, "F", sequence=1),
        lambda: save(assessments[0], member, "F", sequence=1),
        lambda: save(assessments[1], other, "F", sequence=1),
        lambda: save(assessments[0], lead, "N", sequence=2, version=1),
        lambda: save(assessments[0], lead, "N", sequence=3, version=2, comment="As I said."),
        lambda: save(assessments[0], member, "NA", sequence=2, version=1, reason="Not here."),
        lambda: save(assessments[0], lead, "N", sequence=4, version=3, evidence="https://example.org/"),
        lambda: save(assessments[0], lead, "N", sequence=5, version=4),
        lambda: save(assessments[0], lead, "", sequence=6, version=5),
        lambda: toy.add_result(team=other_team, edition=edition, date=datetime.date(2026, 2, 1)),
        lambda: assessments[0].end_answering(by=lead),
    ]
    for number, happen in enumerate(happens):
        happen()
        for assessment, users in readers.items():
            kept = [read(client, user, address) for user in users for address in addresses[assessment]]
            assert kept == as_drawn_anew(client, users, addresses[assessment]), number


def test_what_somebody_wrote_is_not_kept(client, team, lead):
    assessment = toy.start(team=team, by=lead)
    criterion = assessment.edition.contents.criteria[0]
    answer = Answer(code="F", comment="Between us.")
    assessment.save_rating(by=lead, criterion=criterion, answer=answer, mark=toy.mark())
    caches["questions"].clear()
    page = read(client, lead, reverse("answer-dimension", args=[assessment.pk, criterion.dimension.key]))
    assert b"Between us." in page
    assert caches["questions"]._cache
    assert not [piece for piece in caches["questions"]._cache.values() if b"Between us." in piece]
