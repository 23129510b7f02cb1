"""The last step of a pipeline: reports what it found, and the figures of the month.

    python pipeline.py --team ID --framework mlops \\
        --scorecard scorecard.json --junit junit.xml --sarif scan.sarif \\
        --fact training.pipeline passed \\
        --figure lead-time 26.5 --figure deployment-frequency 14

Copy it together with maturity_client.py and the maps, `scorecard.map`, `junit.map` and `sarif.map`, which say what a
report means for which criterion. It needs MATURITY_URL, and in MATURITY_KEY a key with the scopes `checks:write` and
`metrics:write`. What is refused is told, and the rest is reported all the same; then the exit code is 1.
"""

import argparse
import datetime
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "python"))

from maturity_client import Maturity, MaturityError, Row

HERE = Path(__file__).parent
KINDS = ("scorecard", "junit", "sarif")
OUTCOMES = ("passed", "failed", "unknown")


def link_to_this_run() -> str:
    """Where people can look it up: the job of GitLab CI or the run of GitHub Actions, if this is one."""
    if job := os.environ.get("CI_JOB_URL"):
        return job
    if run := os.environ.get("GITHUB_RUN_ID"):
        return f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}/actions/runs/{run}"
    return ""


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reports facts and figures of a team to Maturity.")
    parser.add_argument("--team", required=True, metavar="ID", help="the id in the address of the team")
    parser.add_argument("--framework", required=True, metavar="KEY", help="whose criteria the facts are about")
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"a report, read by {kind}.map")
    parser.add_argument("--maps", type=Path, default=HERE, metavar="FOLDER", help="where the maps are")
    parser.add_argument(
        "--fact", nargs=2, action="append", default=[], metavar=("CRITERION", "OUTCOME"), help=" or ".join(OUTCOMES)
    )
    parser.add_argument("--source", default="ci", help="which program found out what --fact says")
    parser.add_argument(
        "--figure", nargs=2, action="append", default=[], metavar=("METRIC", "VALUE"), help="such as: lead-time 26.5"
    )
    this_month = f"{datetime.datetime.now(datetime.UTC):%Y-%m}"
    parser.add_argument("--month", default=this_month, help="of the figures; this one if left out")
    parser.add_argument("--link", default=link_to_this_run(), metavar="URL", help="where people can look it up")
    return parser.parse_args(arguments)


def push_report(maturity: Maturity, chosen: argparse.Namespace, kind: str, file: Path) -> str:
    pushed = maturity.push_report(
        chosen.team,
        kind=kind,
        framework=chosen.framework,
        text=file.read_text(encoding="utf-8"),
        map=(chosen.maps / f"{kind}.map").read_text(encoding="utf-8"),
        link=chosen.link,
    )
    return in_words(pushed)


def push_facts(maturity: Maturity, chosen: argparse.Namespace) -> str:
    facts = [
        {"criterion": criterion, "source": chosen.source, "outcome": outcome, "link": chosen.link}
        for criterion, outcome in chosen.fact
    ]
    return in_words(maturity.push_checks(chosen.team, framework=chosen.framework, facts=facts))


def record(maturity: Maturity, chosen: argparse.Namespace, metric: str, value: str) -> str:
    row = maturity.record(chosen.team, metric, chosen.month, float(value), link=chosen.link)
    return f"{row['value']:g} in {row['month']}"


def commands(maturity: Maturity, chosen: argparse.Namespace) -> Iterator[tuple[str, Callable[[], str]]]:
    """What is to be reported: what to call it, and a function that reports it and says what came of it."""
    for kind in KINDS:
        if file := getattr(chosen, kind):
            yield kind, partial(push_report, maturity, chosen, kind, file)
    if chosen.fact:
        yield chosen.source, partial(push_facts, maturity, chosen)
    for metric, value in chosen.figure:
        yield metric, partial(record, maturity, chosen, metric, value)


def in_words(pushed: Row) -> str:
    return f"{pushed['received']} received, {pushed['changed']} of them new or with another outcome than before"


def main(arguments: list[str]) -> int:
    chosen = read_arguments(arguments)
    maturity = Maturity(os.environ["MATURITY_URL"], os.environ["MATURITY_KEY"])
    exit_code = 0
    for name, carry_out in commands(maturity, chosen):
        try:
            print(f"{name}: {carry_out()}.")
        except MaturityError as refusal:
            places = [f"  {error['at']}: {error['message']}" for error in refusal.errors]
            print(f"{name}: {refusal}", *places, sep="\n", file=sys.stderr)
            exit_code = 1
        except (OSError, ValueError) as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            exit_code = 1
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
