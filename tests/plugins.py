"""Where REQUIRE_POSTGRES or REQUIRE_BROWSER is set, a skipped test is a failed one: nothing may go missing unseen.

`make test` loads it with `-p tests.plugins`.
"""

import os

import pytest

NO = {"", "0", "no", "false"}
REQUIRED = [name for name in ("REQUIRE_POSTGRES", "REQUIRE_BROWSER") if os.environ.get(name, "").lower() not in NO]


def refuse_skip(report):
    """Turns a skip into a failure that says why it was skipped; an expected failure is not a skip."""
    if not REQUIRED or not report.skipped or hasattr(report, "wasxfail"):
        return
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{' and '.join(REQUIRED)} set, so this may not be skipped. {why}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    refuse_skip(report)
    return report
