"""Whatever pipelines report, every figure stays what it is without; contradictions are those of a rule of its own."""

import datetime
import json
import os
import random

import pytest
from django.utils import timezone

from assessments.models import Action, CheckAtClosing, Rating

from .. import toy
from ..factories import make_membership, make_team
from .making import MEANINGS, fact, make_edition, push

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Each is some facts, in any order, then an answer that changes, and a closing: 0.05 s of CPU, as two
#: assessments are closed and opened again.
SEQUENCES = int(os.environ.get("CHECK_SEQUENCES", "250"))
ORDER = "NPLF"
#: Rows differ in these between two teams, whatever is in them.
OWN = {"id", "assessment_id", "team_id", "result_id", "created_at", "closed_by_id"}


def figures(result) -> str:
    """All that is frozen of a result, as text."""
    rows = [type(result).objects.filter(pk=result.pk), result.parts.all(), result.criteria.all()]
    plain = [
        [{name: value for name, value in row.items() if name not in OWN} for row in kind.values()] for kind in rows
    ]
    return json.dumps(plain, default=str, sort_keys=True)


class Twin:
    """A team that closes its assessment again and again."""

    def __init__(self, edition) -> None:
        self.team = make_team(name="Twin")
        self.lead = make_membership(team=self.team, role="lead").user
        self.assessment = toy.start(team=self.team, by=self.lead, edition=edition)
        toy.rate(self.assessment, self.lead, "F F L N F F P N")
        self.assessment.end_answering(by=self.lead)

    def answers(self, key: str, code: str) -> None:
        criterion = self.assessment.edition.contents.criterion_by_key[key]
        choice = criterion.scale.by_code[code]
        Rating.objects.filter(assessment=self.assessment, criterion=criterion).update(choice=choice, answer="rated")

    def closes(self):
        result = self.assessment.close(by=self.lead)
        self.assessment.reopen(by=self.lead, reason="Again.", to="review")
        return result


def expected(known: dict, ratings: dict, now: datetime.datetime) -> set[tuple[str, str]]:
    """The rule once more, from the text of the framework alone."""
    found = set()
    for meaning in MEANINGS:
        place = (meaning["criterion"], meaning["source"])
        newest, rating = known.get(place), ratings[meaning["criterion"]]
        if newest is None or newest.valid_until <= now or rating not in set(ORDER):
            continue
        at = ORDER.index(rating)
        too_high = newest.outcome == "failed" and at > ORDER.index(meaning.get("failed_at_most", "F"))
        too_low = newest.outcome == "passed" and at < ORDER.index(meaning.get("passed_at_least", "N"))
        if too_high or too_low:
            found.add(place)
    return found


def test_figures_are_equal_with_and_without_facts():
    chance = random.Random(15)
    edition = make_edition()
    told, untold = Twin(edition), Twin(edition)
    known: dict = {}
    contradictions = 0
    for _sequence in range(SEQUENCES):
        for _push in range(chance.randrange(3)):
            facts = [
                fact(
                    chance.choice(["x1", "x1", "x2", "x3", "y1"]),
                    chance.choice(["passed", "failed", "failed", "unknown"]),
                    source=chance.choice(["scorecard", "scorecard", "sarif"]),
                    ago=chance.uniform(0, 20),
                    valid=chance.uniform(0.1, 40),
                )
                for _fact in range(chance.randint(1, 4))
            ]
            push(told.team, edition, *facts, by=told.lead)
            for one in facts:
                if one.place not in known or one.observed_at > known[one.place].observed_at:
                    known[one.place] = one
        if chance.random() < 0.05:
            known.clear()
            told.team.checks.all().delete()
        key, code = chance.choice(["x1", "x1", "x2", "x3", "y1", "y2"]), chance.choice(ORDER)
        for twin in (told, untold):
            twin.answers(key, code)
        now = timezone.now()
        with_facts, without = told.closes(), untold.closes()
        assert figures(with_facts) == figures(without)
        ratings = dict(with_facts.criteria.values_list("key", "rating"))
        rows = CheckAtClosing.objects.filter(result=with_facts, contradicts=True)
        assert {row.place for row in rows} == expected(known, ratings, now)
        contradictions += len(rows)
    assert contradictions > SEQUENCES / 10
    assert not CheckAtClosing.objects.filter(result__team=untold.team).exists()
    assert not Action.objects.exists()
