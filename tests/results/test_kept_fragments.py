"""Pieces of pages that are kept are named by what they are drawn from, and drawn once.

`test_pages_with_and_without_cache.py` compares the pages.
"""

import pytest
from django.core.cache import caches
from django.utils.translation import override

from assessments.web.kept_fragments import fragment_digest, kept

from ..progress import AT, Lead


@pytest.fixture(autouse=True)
def _nothing_kept():
    caches["template_fragments"].clear()
    yield
    caches["template_fragments"].clear()


@pytest.mark.django_db
def test_a_page_that_was_seen_before_reads_no_frozen_rows(client, django_assert_max_num_queries):
    lead = Lead()
    lead.closes(AT[2], on="2026-01-01")
    lead.closes(AT[1], on="2026-03-01")
    client.force_login(lead.user)
    client.get(lead.team.get_absolute_url())
    with django_assert_max_num_queries(10):
        # Session, person, team, membership, results, unfinished assessments, results of merged teams, targets, actions,
        # version in use.
        client.get(lead.team.get_absolute_url())


def test_a_digest_differs_with_language_and_with_where_values_end():
    one = fragment_digest(["a", "b"], 1)
    assert one == fragment_digest(["a", "b"], 1)
    with override("de"):
        assert one != fragment_digest(["a", "b"], 1)
    assert (
        len({fragment_digest("a", "b"), fragment_digest("ab"), fragment_digest("a, b"), fragment_digest(["a", "b"])})
        == 4
    )


def test_a_figure_is_worked_out_once():
    worked_out = []

    def work_out() -> bool:
        worked_out.append(1)
        return False

    assert kept("fell", "digest", work_out) is False
    assert kept("fell", "digest", work_out) is False
    assert len(worked_out) == 1
    assert kept("fell", "other", work_out) is False
    assert len(worked_out) == 2
