"""Results keep how they were counted when they were frozen: what does not apply was once zero in a sum."""

import datetime
import json
from dataclasses import replace

import pytest

from assessments import scoring
from assessments.frameworks.format.files import reads
from assessments.frameworks.storing import store
from assessments.models import Edition, Result
from assessments.models.frozen_scores import Recalled
from assessments.scoring.smallest_changes import smallest_changes, tally_of
from assessments.sealed.checking import Soundness, opened, verdict
from assessments.sealed.importing import import_result
from assessments.sealed.making import seal_result
from assessments.sealed.signing import known_keys

from .. import toy
from ..factories import make_team

pytestmark = pytest.mark.django_db

FILE = """\
format: 1
framework: {key: proofs, name: Proofs, version: 1.0.0, method: min-of-sums}
scales:
  - key: half
    values:
      - {code: "0", value: 0, name: None}
      - {code: h, value: 1, name: Half}
      - {code: "1", value: 2, name: Full}
    other_answers: [{code: NA, name: Does not apply}]
scoring:
  section: sum
  result: min
  bands: [{upto: 0, name: Nothing}, {upto: 1, name: A start}, {upto: 2, name: Sound}]
dimensions: [{key: M, name: M}, {key: N, name: N}]
criteria:
  - {key: m1, dimension: M, statement: M1., na: Never mind.}
  - {key: m2, dimension: M, statement: M2., na: Never mind.}
  - {key: n1, dimension: N, statement: N1., na: Never mind.}
  - {key: n2, dimension: N, statement: N2., na: Never mind.}
"""


@pytest.fixture
def edition():
    return store(reads(FILE, name="proofs.yaml"), origin=Edition.Origin.IMPORTED).edition


def result_of(team, edition, codes, *, semantics=scoring.SEMANTICS) -> Result:
    """A result as it was frozen when sums were counted in this way."""
    result = toy.add_result(team=team, edition=edition, date=datetime.date(2026, 3, 1), codes=codes, rule="")
    if semantics == scoring.SEMANTICS:
        return result
    assessment = result.assessment
    given = dict(zip(("m1", "m2", "n1", "n2"), codes.split(), strict=True))
    instrument = replace(assessment.instrument(), semantics=semantics)
    frozen = Result.freeze(assessment, scoring.score(instrument, [given]), by=None)
    Result.objects.filter(pk=frozen.pk).update(semantics=semantics)
    return Result.objects.get(pk=frozen.pk)


def test_a_new_result_scales_a_section_to_what_applies(team, edition):
    result = result_of(team, edition, "1 NA 1 1")
    assert (result.level, result.index_text, result.semantics) == (2, "2.0", 2)
    assert not any(outcome["blockers"] for outcome in result.outcomes.values())


def test_a_section_in_which_nothing_applies_takes_no_part(team, edition):
    result = result_of(team, edition, "NA NA 1 h")
    assert (result.level, result.index_text) == (2, "1.5")
    parts = {part.key: part.index_exact for part in result.parts.all()}
    assert parts == {"M": "", "N": "3/2"}


def test_nothing_applies_anywhere(team, edition):
    result = result_of(team, edition, "NA NA NA NA")
    assert (result.level, result.index_exact) == (None, "")
    assert not result.is_at_the_top


def test_a_result_from_before_stays_as_it_is_wherever_it_is_calculated_again(team, edition):
    result = result_of(team, edition, "1 NA 1 1", semantics=scoring.FIRST_SEMANTICS)
    assert (result.level, result.index_text) == (1, "1.0")
    recalled = Recalled.of(result)
    assert tally_of(recalled.instrument, recalled.ratings).index == 1
    assert recalled.side.only(recalled.rows).index == 1
    # Its section comes to 1 at most, so nothing reaches the band above.
    assert smallest_changes(recalled.instrument, recalled.ratings, rule="", goal=2) is None


@pytest.mark.parametrize("semantics", [scoring.FIRST_SEMANTICS, scoring.SEMANTICS])
def test_sealed_files_of_both_ways_of_counting_are_sound(team, edition, semantics):
    result = result_of(team, edition, "1 NA 1 1", semantics=semantics)
    data = seal_result(result, by=None)
    about = json.loads(data)["payload"]["assessment"]
    # A file of the first way looks as it always did.
    assert about.get("semantics") == (None if semantics == scoring.FIRST_SEMANTICS else 2)
    assert verdict(data, known=known_keys()).soundness == Soundness.SOUND

    provenance, _is_new = import_result(opened(data), team=make_team())
    copy = provenance.assessment.results.get()
    assert (copy.semantics, copy.level, copy.index_exact) == (semantics, result.level, result.index_exact)
    assert tally_of(Recalled.of(copy).instrument, Recalled.of(copy).ratings).index == Recalled.of(copy).result.index


def test_a_row_of_a_server_that_knows_only_the_first_way_says_so(team, edition):
    """During an upgrade, servers of the version before insert results without the new column."""
    field = Result._meta.get_field("semantics")
    assert (field.db_default, field.default) == (scoring.FIRST_SEMANTICS, scoring.SEMANTICS)
