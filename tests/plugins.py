"""What `make test` adds to pytest with `-p tests.plugins`.

Where REQUIRE_POSTGRES or REQUIRE_BROWSER is set, a skipped test is a failed one: nothing may go missing unseen.
Files that take long come first, so that no process is left with one when the others have ended.
"""

import os
from collections import Counter

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


def seconds_of(item) -> float:
    """About how long a test takes, by its marks: good for an order of files, and for nothing else."""
    slow = item.get_closest_marker("slow")
    if slow and slow.kwargs:
        return slow.kwargs["seconds"]
    if item.get_closest_marker("browser"):
        return 8
    return 1 if slow else 0.1


def longest_files_first(items):
    took = Counter()
    for item in items:
        took[item.path] += seconds_of(item)
    items.sort(key=lambda item: -took[item.path])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    longest_files_first(items)
