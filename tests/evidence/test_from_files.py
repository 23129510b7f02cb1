"""Reports as files: the command on the server, and the script at the end of a pipeline."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assessments.evidence.report_map import read_map
from assessments.frameworks.format.files import read
from assessments.frameworks.storing import BUILT_IN
from assessments.models import CheckState, Measurement

from ..api.keys import make_key
from ..factories import make_membership, make_team
from .making import make_edition

EXAMPLES = Path(__file__).parent.parent.parent / "clients" / "examples"
SCORECARD = json.dumps({"checks": [{"name": "CI-Tests", "score": 9}, {"name": "Code-Review", "score": 2}]})


@pytest.fixture
def files(tmp_path):
    (tmp_path / "scorecard.json").write_text(SCORECARD)
    (tmp_path / "scorecard.map").write_text("CI-Tests >= 8 -> x1\nCode-Review >= 8 -> x2\n")
    return tmp_path


def told(files, team, edition, capsys, options=None) -> str:
    given = {"team": str(team.pk), "framework": edition.framework.key, "kind": "scorecard"} | (options or {})
    call_command("push_checks", files / "scorecard.json", map=files / "scorecard.map", **given)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_stores_what_the_map_says(files, capsys):
    team, edition = make_team(), make_edition()
    said = told(files, team, edition, capsys, {"link": "https://ci.example.org/1"})
    assert "x1: passed (CI-Tests: 9 of 10)" in said
    assert "2 of 2 facts are new, 2 came out otherwise." in said
    assert dict(CheckState.objects.values_list("criterion", "outcome")) == {"x1": "passed", "x2": "failed"}
    assert set(CheckState.objects.values_list("link", flat=True)) == {"https://ci.example.org/1"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"team": "00000000-0000-4000-8000-000000000000"}, "There is no team"),
        ({"framework": "nothing"}, "There is no published framework"),
        ({"days": 401}, "1 to 400 days"),
        ({"link": "javascript:alert(1)"}, "begins with https"),
        ({"kind": "sarif"}, "no SARIF report"),
    ],
)
def test_the_command_says_why_not(files, capsys, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        told(files, make_team(), make_edition(), capsys, options)
    assert not CheckState.objects.exists()


@pytest.mark.django_db
def test_the_command_reads_no_file_that_is_too_large_or_no_text(files, capsys):
    for content in (b" " * 2_000_001, b"\xff\xfe"):
        (files / "scorecard.json").write_bytes(content)
        with pytest.raises(CommandError):
            told(files, make_team(), make_edition(), capsys)


@pytest.mark.parametrize("kind", ["scorecard", "junit", "sarif"])
def test_the_maps_of_the_examples_name_criteria_that_the_framework_has_checks_for(kind):
    checks = {check.criterion for check in read(BUILT_IN / "mlops.yaml").checks if check.source == kind}
    lines = read_map((EXAMPLES / f"{kind}.map").read_text(), needs_bound=kind == "scorecard")
    assert {line.criterion for line in lines} == checks


@pytest.fixture
def pipeline(files, live_server):
    """Runs the script for a team with a key of its lead, and the maps and reports in `files`."""
    (files / "junit.map").write_text("unit -> x3\n")
    (files / "junit.xml").write_text('<testsuite name="unit"><testcase name="a"><failure/></testcase></testsuite>')
    (files / "sarif.map").write_text("* -> y1\n")
    (files / "scan.sarif").write_text('{"runs": [{"results": []}]}')
    edition = make_edition()
    lead = make_membership(team=make_team(), role="lead")
    keys = {"MATURITY_URL": live_server.url, "MATURITY_KEY": make_key(by=lead.user).text}

    def run(*options):
        command = [sys.executable, EXAMPLES / "pipeline.py", "--team", str(lead.team_id), "--maps", files]
        command += ["--framework", edition.framework.key, *options]
        environment = {**os.environ, **keys, "CI_JOB_URL": "https://ci.example.org/7"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    return run


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_pipeline_reports_everything_in_one_run(pipeline, files):
    reports = ["--scorecard", files / "scorecard.json", "--junit", files / "junit.xml", "--sarif", files / "scan.sarif"]
    figures = ["--figure", "lead-time", "26.5", "--figure", "change-failure-rate", "4", "--month", "2026-10"]
    done = pipeline(*reports, "--fact", "y2", "passed", *figures)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "scorecard: 2 received, 2 of them new or with another outcome than before.",
        "junit: 1 received, 1 of them new or with another outcome than before.",
        "sarif: 1 received, 1 of them new or with another outcome than before.",
        "ci: 1 received, 1 of them new or with another outcome than before.",
        "lead-time: 26.5 in 2026-10.",
        "change-failure-rate: 4 in 2026-10.",
    ]
    facts = {(row.criterion, row.source): row.outcome for row in CheckState.objects.all()}
    assert facts == {
        ("x1", "scorecard"): "passed",
        ("x2", "scorecard"): "failed",
        ("x3", "junit"): "failed",
        ("y1", "sarif"): "passed",
        ("y2", "ci"): "passed",
    }
    assert dict(Measurement.objects.values_list("metric", "value")) == {"lead-time": 26.5, "change-failure-rate": 4}
    links = {*CheckState.objects.values_list("link", flat=True), *Measurement.objects.values_list("link", flat=True)}
    assert links == {"https://ci.example.org/7"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_refused_is_told_and_the_rest_is_reported(pipeline, files):
    (files / "scorecard.map").write_text("CI-Tests >= 8 -> x77\n")
    wrong = ["--scorecard", files / "scorecard.json", "--junit", files / "nothing.xml"]
    done = pipeline(*wrong, "--fact", "x1", "passed", "--figure", "lead-time", "soon", "--figure", "nothing", "1")
    assert done.returncode == 1
    assert done.stdout == "ci: 1 received, 1 of them new or with another outcome than before.\n"
    assert "0.criterion: The framework has no criterion with this key." in done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines() if line[0] != " "] == [
        "scorecard",
        "junit",
        "lead-time",
        "nothing",
    ]


def test_the_examples_of_the_documentation_call_the_script_as_it_is():
    specification = importlib.util.spec_from_file_location("pipeline", EXAMPLES / "pipeline.py")
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    documentation = (EXAMPLES.parent.parent / "docs" / "api.md").read_text()
    commands = re.findall(r"^ +(python maturity/pipeline.py .*(?:\n +--.*)*)", documentation, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        chosen = script.read_arguments(shlex.split(command)[2:])
        assert (chosen.framework, bool(chosen.figure)) == ("mlops", True)
