"""Exact figures have no fixed width: whatever scales a framework has, its assessments can be closed."""

from fractions import Fraction

import pytest

from assessments.models import Choice, CriterionResult, Result, Scale
from assessments.models.results import as_fraction, as_text

from .. import toy
from ..progress import Lead

#: Highest values of scales that have no factor in common, so that the denominators of their points multiply.
PRIMES = [n for n in range(10_000, 11_000) if all(n % factor for factor in range(2, 101))]


def edition_of_many_scales():
    """One criterion for each of 106 scales, all in one cell."""
    edition = toy.make_edition(published=False, quick=())
    criterion = edition.criteria.first()
    edition.criteria.all().delete()
    for order, prime in enumerate(PRIMES):
        scale = Scale.objects.create(edition=edition, key=f"s{prime}", order=order + 1)
        for code, value in (("none", 0), ("little", 1), ("all", prime)):
            Choice.objects.create(scale=scale, code=code, value=value, name=code)
        criterion.pk, criterion.key, criterion.order, criterion.scale = None, f"c{prime}", order, scale
        criterion.save(force_insert=True)
    edition.publish(digest="sha256:many")
    return edition


@pytest.mark.django_db
def test_a_framework_with_many_scales_can_be_closed(client):
    lead = Lead(edition=edition_of_many_scales())
    result = lead.closes(" ".join(["little"] * len(PRIMES)), on="2026-10-01")
    stored = Result.objects.get(pk=result.pk)
    exact = 3 * sum(Fraction(1, prime) for prime in PRIMES) / len(PRIMES)
    assert as_fraction(stored.index_exact) == exact
    assert len(stored.index_exact) > 400
    client.force_login(lead.user)
    for url in (lead.team.get_absolute_url(), result.get_absolute_url(), f"/teams/{lead.team.pk}/export/?format=csv"):
        response = client.get(url)
        assert (response.status_code, len(response.getvalue()) > 0) == (200, True)


@pytest.mark.django_db
def test_no_exact_figure_is_of_limited_width():
    for model in (Result, *(field.related_model for field in Result._meta.related_objects), CriterionResult):
        for field in model._meta.get_fields():
            if field.name.endswith("_exact"):
                assert field.max_length is None, field


@pytest.mark.parametrize("figure", [Fraction(5, 3), Fraction(-1, 2), Fraction(0), Fraction(4)])
def test_figures_are_kept_as_they_are_written(figure):
    assert as_text(figure) == str(figure)
    assert as_fraction(as_text(figure)) == figure
    assert as_fraction(as_text(-figure)) == -figure


def test_a_figure_of_ten_thousand_digits_is_kept_too():
    """Python writes and reads no more than 4,300 digits in decimal."""
    figure = Fraction(3**20_000, 2**40_000)
    for exact in (figure, -figure, Fraction(3**20_000)):
        assert as_fraction(as_text(exact)) == exact


def test_there_is_no_figure_in_an_empty_text():
    assert (as_text(None), as_fraction("")) == ("", None)
