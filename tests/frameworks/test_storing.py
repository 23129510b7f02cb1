"""Framework files become editions, and editions become the same files again."""

import pytest
from django.core.management import call_command

from assessments.frameworks.format.files import read, reads
from assessments.frameworks.storing import BUILT_IN, VersionTaken, file_of, load_built_in, store
from assessments.models import Criterion, Edition, Framework
from assessments.models.assessments import instrument_of

from .. import toy
from ..factories import make_membership, make_team

pytestmark = pytest.mark.django_db
FILES = sorted(BUILT_IN.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_edition_gives_back_the_file_it_was_stored_from(path):
    file = read(path)
    edition = store(file, origin=Edition.Origin.BUILT_IN).edition
    assert file_of(edition).digest == file.digest == edition.digest
    assert file_of(edition).canonical() == file.canonical()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_and_file_are_scored_by_the_same_instrument(path):
    file = read(path)
    assert instrument_of(store(file, origin=Edition.Origin.BUILT_IN).edition) == file.instrument()


def test_loading_twice_changes_nothing():
    first = load_built_in()
    before = list(Criterion.objects.values_list("pk", flat=True)), list(Edition.objects.values())
    assert [each.is_new for each in load_built_in()] == [False] * len(first)
    assert (list(Criterion.objects.values_list("pk", flat=True)), list(Edition.objects.values())) == before


def test_the_command_stores_the_built_in_frameworks(capsys):
    call_command("load_frameworks")
    assert set(Framework.objects.values_list("key", flat=True)) == {
        "mlops",
        "devops",
        "ml-test-score",
        "health-check",
        "platform",
        "data-management",
    }
    assert "MLOps maturity 1.3.0: stored" in capsys.readouterr().out


def changed_devops() -> str:
    return (BUILT_IN / "devops.yaml").read_text(encoding="utf-8").replace("Put unplanned work", "Place unplanned work")


def test_the_same_version_with_another_content_is_refused_and_changes_nothing():
    store(read(BUILT_IN / "devops.yaml"), origin=Edition.Origin.BUILT_IN)
    with pytest.raises(VersionTaken, match="another version"):
        store(reads(changed_devops(), name="changed.yaml"), origin=Edition.Origin.BUILT_IN)
    assert Criterion.objects.get(key="flow.visible-work").next.startswith("Put")
    assert Edition.objects.count() == 1


def test_an_own_edition_stays_the_default_when_a_newer_built_in_one_comes():
    own = store(reads(changed_devops(), name="own.yaml"), origin=Edition.Origin.OWN).edition
    store(read(BUILT_IN / "devops.yaml"), origin=Edition.Origin.BUILT_IN)
    assert Framework.objects.get().default_edition() == own


def test_mlops_is_offered_first_until_the_organisation_has_a_framework_of_its_own():
    load_built_in()
    team = make_team()
    assert Edition.objects.to_offer_first(team).framework.key == "mlops"
    assert Edition.objects.most_used().framework.key == "mlops"
    own = store(reads(changed_devops(), name="own.yaml"), origin=Edition.Origin.OWN).edition
    assert Edition.objects.to_offer_first(team) == own
    assert Edition.objects.most_used() == own
    devops = Edition.objects.get(framework__key="devops", origin="builtin")
    toy.start(team=team, by=make_membership(team=team, role="lead").user, edition=devops)
    assert Edition.objects.most_used() == devops


def test_every_part_of_a_built_in_file_is_kept():
    load_built_in()
    mlops, devops = (Edition.objects.get(framework__key=key) for key in ("mlops", "devops"))
    assert set(mlops.blocks) == {"checks", "adviser", "traceability", "source_differences", "sources"}
    assert len(mlops.blocks["traceability"]) > 50
    assert len(mlops.contents.symptoms) == 13
    assert len(devops.blocks["metrics"]) == 5
    assert len(mlops.contents.quick_keys) == 32
