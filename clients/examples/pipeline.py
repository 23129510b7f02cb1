"""The last step of a pipeline: reports a file of OpenSSF Scorecard.

    scorecard --repo=github.com/our/model --format=json > scorecard.json
    python pipeline.py --team ID --framework mlops --scorecard scorecard.json --map scorecard.map

It needs maturity_client.py beside it, MATURITY_URL, and in MATURITY_KEY a key with the scope `checks:write`.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "python"))

from maturity_client import Maturity, MaturityError


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Reports facts of a team to Maturity.")
    parser.add_argument("--team", required=True)
    parser.add_argument("--framework", required=True)
    parser.add_argument("--scorecard", type=Path, required=True)
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("--link", default=os.environ.get("CI_JOB_URL", ""))
    chosen = parser.parse_args(arguments)
    maturity = Maturity(os.environ["MATURITY_URL"], os.environ["MATURITY_KEY"])
    try:
        pushed = maturity.push_report(
            chosen.team,
            kind="scorecard",
            framework=chosen.framework,
            text=chosen.scorecard.read_text(encoding="utf-8"),
            map=chosen.map.read_text(encoding="utf-8"),
            link=chosen.link,
        )
        print(f"{pushed['stored']} facts are new, {pushed['changed']} came out otherwise.")
    except MaturityError as refusal:
        print(refusal, *(f"{error['at']}: {error['message']}" for error in refusal.errors), sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
