"""What REQUIRE_POSTGRES and REQUIRE_BROWSER promise: nothing is skipped unseen."""

import os
import subprocess
import sys

import pytest

from ..servers import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.any_database]

SUITE = {
    "test_inside.py": "import pytest\ndef test_one(): pytest.skip('no server')\ndef test_two(): pass\n",
    "test_marked.py": "import pytest\n@pytest.mark.skip(reason='no browser')\ndef test_three(): pass\n",
    "test_expected.py": "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_four(): assert False\n",
}


def run_suite(folder, **variables):
    for name, text in SUITE.items():
        (folder / name).write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("REQUIRE_", "PYTEST_"))}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "-p",
        "tests.plugins",
        "-p",
        "no:django",
        "-q",
        str(folder),
    ]
    return subprocess.run(
        command, cwd=ROOT, env=environment | variables, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize("name", ["REQUIRE_POSTGRES", "REQUIRE_BROWSER"])
def test_skip_is_an_error_where_nothing_may_be_missing(tmp_path, name):
    done = run_suite(tmp_path, **{name: "1"})
    assert done.returncode != 0
    for why in ("no server", "no browser"):
        assert f"{name} set, so this may not be skipped. Skipped: {why}" in done.stdout
    assert "1 xfailed" in done.stdout
    assert "skipped in" not in done.stdout


@pytest.mark.parametrize("value", ["", "0"])
def test_skip_is_a_skip_elsewhere(tmp_path, value):
    done = run_suite(tmp_path, REQUIRE_POSTGRES=value)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 2 skipped, 1 xfailed" in done.stdout


def test_skipped_module_is_an_error_too(tmp_path):
    (tmp_path / "test_module.py").write_text("import pytest\npytest.skip('no module', allow_module_level=True)\n")
    done = run_suite(tmp_path, REQUIRE_BROWSER="1")
    assert done.returncode != 0
    assert "ERROR" in done.stdout
    assert "test_module.py" in done.stdout
