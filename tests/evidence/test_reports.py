"""Reports of other programs: what is read, and what does not get through."""

import json
import time
from decimal import Decimal

import pytest

from assessments.evidence.report_map import MapProblem, read_map
from assessments.evidence.reports import MOST_BYTES, ReportKind, ReportProblem, facts_of

JUNIT = """<?xml version="1.0"?>
<testsuites>
  <testsuite name="unit">
    <testcase classname="app.test_a" name="one"/>
    <testcase classname="app.test_a" name="two"><failure message="no">trace</failure></testcase>
    <testcase classname="app.test_b" name="three"><skipped/></testcase>
  </testsuite>
  <testsuite name="integration"><testcase classname="app.test_c" name="four"/></testsuite>
</testsuites>"""
SARIF = json.dumps(
    {
        "runs": [
            {
                "results": [
                    {"ruleId": "py/sql"},
                    {"ruleId": "py/sql", "suppressions": [{"kind": "inSource"}]},
                    {"ruleId": "py/path", "baselineState": "absent"},
                    {"rule": {"id": "js/eval"}, "kind": "pass"},
                    {"rule": {"id": "js/xss"}},
                ]
            }
        ]
    }
)


def outcomes(text, mapping, kind):
    return {fact.criterion: fact.outcome for fact in facts_of(text, kind=ReportKind(kind), mapping=mapping)}


def scorecard(**scores):
    return json.dumps(
        {"date": "2026-01-02", "checks": [{"name": name, "score": score} for name, score in scores.items()]}
    )


def test_a_map_has_a_line_for_each_criterion():
    first, second = read_map("# what\n\nBranch-Protection >= 8 -> a.b\nSAST > 2.5 → c", needs_bound=True)
    assert (first.name, first.compare, first.bound, first.criterion) == ("Branch-Protection", ">=", 8, "a.b")
    assert (second.bound, second.number) == (Decimal("2.5"), 4)


@pytest.mark.parametrize(
    "text",
    ["", "# nothing", "a", "a ->", "-> b", "a >= x -> b", "a >= 8 -> b c", "a -> b", "a >= 8 -> b\n" * 501, "a" * 999],
)
def test_a_map_that_cannot_be_read_says_where(text):
    with pytest.raises(MapProblem):
        read_map(text, needs_bound=True)


def test_only_a_few_lines_may_have_patterns():
    with pytest.raises(MapProblem):
        read_map("\n".join(f"a*{n} -> b" for n in range(11)), needs_bound=False)


def test_scorecard():
    text = scorecard(A=8, B=7, C=-1, D="10", E=True, F=10**30)
    mapping = "\n".join(f"{name} >= 8 -> {name}" for name in "ABCDEFG")
    unknown = dict.fromkeys("CDEFG", "unknown")
    assert outcomes(text, mapping, "scorecard") == {"A": "passed", "B": "failed"} | unknown


def test_several_lines_for_one_criterion_must_all_hold():
    text = scorecard(A=8, B=7, C=-1)
    assert outcomes(text, "A >= 8 -> x\nB >= 8 -> x", "scorecard") == {"x": "failed"}
    assert outcomes(text, "A >= 8 -> x\nC >= 8 -> x", "scorecard") == {"x": "unknown"}
    [fact] = facts_of(text, kind=ReportKind.SCORECARD, mapping="A >= 8 -> x\nB >= 7 -> x")
    assert (fact.outcome, fact.value) == ("passed", "A: 8 of 10; B: 7 of 10")


def test_a_report_says_when_it_was_made_if_it_has_a_time():
    old = json.dumps({"date": "2026-01-02T03:04:05Z", "checks": []})
    [fact] = facts_of(old, kind=ReportKind.SCORECARD, mapping="A >= 8 -> x")
    assert fact.observed_at.isoformat() == "2026-01-02T03:04:05+00:00"
    for date in ("2026-01-02", "2999-01-02T03:04:05Z", "2026-99-02T03:04:05Z", "0001-01-01T00:00:00+23:00", 7):
        text = json.dumps({"date": date, "checks": []})
        [fact] = facts_of(text, kind=ReportKind.SCORECARD, mapping="A >= 8 -> x")
        assert fact.observed_at.year not in {1, 2999}


def test_sarif_counts_what_still_stands():
    mapping = "py/sql -> a\npy/sql <= 1 -> b\npy/path -> c\njs/* -> d\n* <= 2 -> e\npy/* = 1 -> f"
    expected = {"a": "failed", "b": "passed", "c": "passed", "d": "failed", "e": "passed", "f": "passed"}
    assert outcomes(SARIF, mapping, "sarif") == expected
    assert outcomes('{"runs": []}', "py/sql -> a", "sarif") == {"a": "unknown"}


def test_junit_counts_what_failed():
    mapping = (
        "unit -> a\nintegration -> b\napp.test_a -> c\napp.test_a.one -> d\n* <= 1 -> e\nnothing -> f\napp.test_b -> g"
    )
    expected = {
        "a": "failed",
        "b": "passed",
        "c": "failed",
        "d": "passed",
        "e": "passed",
        "f": "unknown",
        "g": "unknown",
    }
    assert outcomes(JUNIT, mapping, "junit") == expected


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]><testsuite>&lol9;</testsuite>"
)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("junit", BOMB),
        ("junit", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><testsuite/>'),
        ("junit", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><testsuite name="&b;"/>'),
        ("junit", "<testsuite>&undeclared;</testsuite>"),
        ("junit", "<testsuite>" * 60 + "</testsuite>" * 60),
        ("junit", "<testsuite>" + "<a/>" * 250_000 + "</testsuite>"),
        ("junit", "<testsuite>"),
        ("junit", "<html/>"),
        ("junit", ""),
        ("junit", "\x00"),
        ("junit", "<testsuite name='\ud800'/>"),
        ("scorecard", "["),
        ("scorecard", "[]"),
        ("scorecard", "{}"),
        ("scorecard", "[" * 500_000),
        ("scorecard", '{"checks": NaN}'),
        ("scorecard", '{"checks": ' + "9" * 10_000 + "}"),
        ("sarif", '{"runs": {}}'),
        ("sarif", '{"runs": 1e999999}'),
        ("sarif", " " * (MOST_BYTES + 1)),
    ],
)
def test_what_is_no_report_is_refused_at_once(kind, text):
    began = time.process_time()
    with pytest.raises(ReportProblem):
        facts_of(text, kind=ReportKind(kind), mapping="a >= 1 -> b")
    assert time.process_time() - began < 2


def test_odd_values_inside_a_report_are_not_known():
    odd = json.dumps(
        {"checks": [1, None, {"name": 5, "score": 9}, {"name": "A", "score": {}}, {"name": "A", "score": []}]}
    )
    assert outcomes(odd, "A >= 1 -> x", "scorecard") == {"x": "unknown"}
    odd = json.dumps({"runs": [1, {"results": [None, {"ruleId": 7}, {"rule": 5, "suppressions": [1]}]}]})
    assert outcomes(odd, "7 -> x\n* <= 2 -> y", "sarif") == {"x": "failed", "y": "passed"}
    assert outcomes('{"checks": [{"name": "A", "score": 1e400}]}', "A >= 1 -> x", "scorecard") == {"x": "unknown"}


def test_patterns_do_not_take_long():
    name = "a" * 1_900_000
    text = json.dumps({"runs": [{"results": [{"ruleId": name}]}]})
    began = time.process_time()
    mapping = "\n".join(f"{'a*' * 100}b{n} -> k{n}" for n in range(10))
    assert set(outcomes(text, mapping, "sarif").values()) == {"passed"}
    many = "".join(f"<testcase classname='c{n}' name='n{n}'/>" for n in range(45_000))
    mapping = "\n".join(f"*c*{n}*x -> k{n}" for n in range(10)) + "\n" + "\n".join(f"s{n} -> s{n}" for n in range(490))
    outcomes(f"<testsuite name='s'>{many}</testsuite>", mapping, "junit")
    assert time.process_time() - began < 5
