"""From a key on a page to a result with facts of a pipeline and figures beside it, as a lead sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import Measurement

from .. import toy
from ..evidence.making import make_edition
from ..factories import make_membership, make_team, make_unit, make_user
from .asking import choose, question
from .conftest import SCREENS, assert_fits, axe_in_both_schemes, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]

SCRIPT = Path(__file__).parent.parent.parent / "clients" / "examples" / "pipeline.py"
PASSWORD = "a long enough pass phrase"
SAID = "Said Fully, but the check “scorecard” failed within the last day."


def looks_right(page) -> None:
    for width in SCREENS.values():
        assert_fits(page, width=width)
    axe_in_both_schemes(page)


def key_made_on_the_page(page, person) -> str:
    """Whoever makes a key has to have signed in a short while ago."""
    page.goto(f"{reverse('sign-in')}?next={reverse('api-keys')}")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Name").fill("Pipeline")
    page.get_by_label("Record figures").check()
    page.get_by_label("Report facts of pipelines beside answers").check()
    page.get_by_role("button", name="Make key").click()
    return page.get_by_label("API key").input_value()


def reported(folder, address, key, team, edition) -> str:
    """What the script at the end of a pipeline says."""
    scores = [{"name": "Branch-Protection", "score": 3}, {"name": "Code-Review", "score": 10}]
    (folder / "scorecard.json").write_text(json.dumps({"checks": scores}))
    (folder / "scorecard.map").write_text("Branch-Protection >= 8 -> x1\nCode-Review >= 8 -> x3\n")
    command = [sys.executable, SCRIPT, "--team", str(team.pk), "--framework", edition.framework.key, "--maps", folder]
    command += ["--scorecard", folder / "scorecard.json", "--figure", "lead-time", "30", "--month", "2026-10"]
    command += ["--figure", "deployment-frequency", "12"]
    environment = os.environ | {"MATURITY_URL": address, "MATURITY_KEY": key}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_pipeline_reports_and_a_lead_sees_it_beside_the_next_result(open_page, live_server, tmp_path):
    team, edition = make_team(unit=make_unit(), name="Search ranking"), make_edition()
    lead = make_membership(team=team, role="lead", user=make_user(password=PASSWORD)).user
    assessment = toy.start(team=team, by=lead, edition=edition)
    page = open_page()
    said = reported(tmp_path, live_server.url, key_made_on_the_page(page, lead), team, edition)
    assert said.splitlines()[0] == "scorecard: 2 received, 2 of them new or with another outcome than before."
    assert Measurement.objects.filter(team=team).count() == 2

    # Nothing of it before the answer.
    page.goto(reverse("answer-dimension", args=[assessment.pk, "X"]))
    expect(page.get_by_text("scorecard")).to_have_count(0)
    choose(page, "x1", "Fully")
    expect(question(page, "x1").get_by_text(SAID)).to_be_visible()
    expect(page.get_by_text("scorecard")).to_have_count(1)
    looks_right(page)

    toy.rate(assessment, lead, "- F L N F F P N", page="page-2")
    assessment.end_answering(by=lead)
    page.goto(reverse("review", args=[assessment.pk]))
    expect(page.get_by_text("On 1 question a check of a pipeline disagrees")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(SAID)).to_be_visible()
    settled(page)

    page.goto(reverse("assessment-close", args=[assessment.pk]))
    page.get_by_role("button", name="Close and show the result").click()
    page.wait_for_url("**/results/**")
    card = page.locator("section", has=page.get_by_role("heading", name="Where checks disagree"))
    expect(card.get_by_text(SAID)).to_be_visible()
    figures = page.locator("section", has=page.get_by_role("heading", name="Figures"))
    expect(figures.get_by_text("30 hours")).to_be_visible()
    expect(figures.get_by_text("12 a month")).to_be_visible()
    looks_right(page)

    page.goto(reverse("portfolio"))
    expect(page.get_by_text("Checks of pipelines disagree with 1 rating:")).to_be_visible()
    page.get_by_role("link", name="Search ranking").first.click()
    page.wait_for_url("**#checks")
    expect(page.get_by_role("heading", name="Where checks disagree")).to_be_in_viewport()

    # In a report only if it is asked for, and what there is to report is on the page of the framework.
    page.get_by_role("link", name="Report").click()
    expect(page.get_by_role("heading", name="Appendix: the answers behind each criterion")).to_be_visible()
    expect(page.get_by_text(SAID)).to_have_count(0)
    page.get_by_label("What checks of pipelines say").check()
    page.get_by_role("button", name="Show the report").click()
    # In the list, and beside the answer.
    expect(page.get_by_text(SAID)).to_have_count(2)
    looks_right(page)
    page.goto(edition.get_absolute_url())
    expect(page.get_by_role("heading", name="What pipelines can report")).to_be_visible()
    looks_right(page)
