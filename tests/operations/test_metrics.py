"""Figures for Prometheus: for whom they are, what they count, and that they hold nobody's name."""

import ipaddress
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.test import Client
from ruamel.yaml import YAML

from assessments.models import Mail
from maturity import environment as env
from maturity import metrics

from ..factories import make_user
from ..servers import ROOT, collect_static, plain_environment, prepare_folder, serving

TOKEN = "a-token-of-some-length"


def look(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def figure(text, name):
    """The sum of a figure over its labels."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))


@pytest.fixture
def on(settings):
    settings.METRICS_TOKEN = TOKEN
    return Client()


@pytest.mark.django_db
def test_off_unless_it_is_set(client):
    assert look(client).status_code == 404
    assert look(client, "").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "a-token-of-some-lengt", TOKEN + "h", "ä"])
def test_who_has_not_the_token_sees_nothing(on, token):
    answer = look(on, token)
    assert answer.status_code == 403
    assert b"maturity_" not in answer.content


@pytest.mark.django_db
def test_a_network_may_look_without_a_token(settings):
    settings.METRICS_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    assert Client().get("/metrics").status_code == 200
    settings.METRICS_NETWORKS = [ipaddress.ip_network("10.0.0.0/8")]
    assert Client().get("/metrics").status_code == 403


@pytest.mark.django_db
def test_requests_are_counted_by_view_and_status(on):
    before = look(on).content.decode()
    Mail.objects.queue_for(make_user(email="ada@example.org"), Mail.Kind.NEW_ACCOUNT)
    assert on.get("/sign-in/").status_code == 200
    assert on.get("/nowhere/").status_code == 404
    after = look(on).content.decode()
    for labels in ('{status="200",view="sign-in"}', '{status="404",view="none"}'):
        name = re.escape(f"maturity_request_seconds_count{labels}")
        assert figure(after, name) - figure(before, name) == 1, labels
    statements = re.escape('maturity_database_statements_total{view="sign-in"}')
    assert figure(after, statements) > figure(before, statements)
    assert figure(after, "maturity_mails_waiting") == 1
    assert figure(after, "maturity_database_up") == 1
    assert "ada" not in after


@pytest.mark.django_db
def test_a_database_that_is_away_is_a_figure(on, monkeypatch):
    def refuse():
        raise OperationalError

    monkeypatch.setattr(metrics, "counted", refuse)
    answer = look(on)
    assert answer.status_code == 200
    assert figure(answer.content.decode(), "maturity_database_up") == 0


def test_a_short_token_is_refused(monkeypatch):
    monkeypatch.setenv("X", "short")
    with pytest.raises(ImproperlyConfigured, match="X: too short"):
        env.token("X")


def unknown(expression):
    known = (ROOT / "maturity" / "metrics.py").read_text()
    names = [re.sub("_(count|bucket|total)$", "", name) for name in re.findall(r"maturity_(\w+)", expression)]
    assert names
    return [name for name in names if f'"maturity_{name}"' not in known and f'"{name}"' not in known]


def test_rules_use_figures_that_there_are():
    rules = YAML(typ="safe").load((ROOT / "docs" / "alerts.yml").read_text())["groups"][0]["rules"]
    assert len(rules) == 5
    assert [rule["alert"] for rule in rules if unknown(rule["expr"])] == []


def test_the_dashboard_uses_figures_that_there_are():
    panels = json.loads((ROOT / "docs" / "dashboard.json").read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert [expression for expression in expressions if unknown(expression)] == []


@pytest.mark.slow
def test_two_workers_count_together(tmp_path):
    options = {"WEB_WORKERS": "2", "METRICS_TOKEN": TOKEN, "GREETING": "0"}
    prepare_folder(tmp_path)
    with serving(tmp_path, STATIC_ROOT=str(collect_static(tmp_path / "static")), **options) as server:
        for _ in range(30):
            assert server.ask("/nowhere/").status == 404
        text = server.ask("/metrics", Authorization=f"Bearer {TOKEN}").text
    assert figure(text, re.escape('maturity_request_seconds_count{status="404",view="none"}')) == 30


STARTS_IN_VAIN = """
import os, runpy, sys
runpy.run_path("gunicorn.conf.py")
if os.fork() == 0:
    sys.exit("a worker ends")
os.wait()
folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
print(folder, os.path.isdir(folder))
sys.exit("the port is taken")
"""


def test_what_was_counted_is_removed_however_the_server_ends(tmp_path):
    environment = plain_environment(tmp_path, DATA_DIR=str(tmp_path), METRICS_TOKEN=TOKEN)
    command = [sys.executable, "-c", STARTS_IN_VAIN]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    folder, is_there_after_a_worker = ended.stdout.split()
    assert is_there_after_a_worker == "True"
    assert "the port is taken" in ended.stderr
    assert not Path(folder).exists()
