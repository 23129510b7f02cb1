"""Reports as files: the command on the server, and the script at the end of a pipeline."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assessments.frameworks.format.files import read
from assessments.frameworks.storing import BUILT_IN
from assessments.models import CheckState

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


@pytest.mark.parametrize("kind", ["scorecard"])
def test_the_maps_of_the_examples_name_criteria_that_the_framework_has_checks_for(kind):
    from assessments.evidence.report_map import read_map

    checks = {check.criterion for check in read(BUILT_IN / "mlops.yaml").checks if check.source == kind}
    lines = read_map((EXAMPLES / f"{kind}.map").read_text(), needs_bound=kind == "scorecard")
    assert {line.criterion for line in lines} == checks


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_pipeline_reports_with_the_script(files, live_server):
    team, edition = make_team(), make_edition()
    key = make_key(by=make_membership(team=team, role="lead").user).text
    command = [sys.executable, EXAMPLES / "pipeline.py", "--team", str(team.pk), "--framework", edition.framework.key]
    command += ["--scorecard", files / "scorecard.json", "--map", files / "scorecard.map"]
    environment = os.environ | {"MATURITY_URL": live_server.url, "MATURITY_KEY": key}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "2 facts are new, 2 came out otherwise.\n"), done.stderr
    assert CheckState.objects.get(criterion="x2").outcome == "failed"
    (files / "scorecard.map").write_text("CI-Tests >= 8 -> x77\n")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "0.criterion: The framework has no criterion with this key." in done.stderr
