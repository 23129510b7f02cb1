"""Which of many backups to keep: so many days, weeks and months, the newest of each."""

import datetime
import re
from collections.abc import Iterable
from pathlib import Path

_NAME = re.compile(r"maturity-(\d{8}T\d{6}Z)\.tar\.gz")
_TIME = "%Y%m%dT%H%M%SZ"
#: By the word in `--keep`, what is the same for all backups of one period.
PERIODS = {"daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m"}


def name_at(moment: datetime.datetime) -> str:
    """The name of a backup that is made at this moment, in UTC."""
    return f"maturity-{moment.astimezone(datetime.UTC).strftime(_TIME)}.tar.gz"


def parse_keep(text: str) -> dict[str, int]:
    """Reads `daily=7,weekly=4,monthly=12`. Raises ValueError with a sentence."""
    keep: dict[str, int] = {}
    for part in text.split(","):
        period, _, count = part.strip().partition("=")
        if period not in PERIODS or not count.isascii() or not count.isdigit():
            raise ValueError(f"{part.strip()!r} is not one of daily, weekly or monthly with a number, such as daily=7.")
        keep[period] = int(count)
    if not any(keep.values()):
        raise ValueError("This would keep no backup at all.")
    return keep


def superfluous(names: Iterable[str], keep: dict[str, int]) -> list[str]:
    """The backups that no period needs. Files with other names are not among them; nor is the newest backup."""
    moments = {
        name: datetime.datetime.strptime(match[1], _TIME).replace(tzinfo=datetime.UTC)
        for name in names
        if (match := _NAME.fullmatch(name))
    }
    newest_first = sorted(moments, key=lambda name: moments[name], reverse=True)
    needed = set(newest_first[:1])
    for period, count in keep.items():
        first_of_each: dict[str, str] = {}
        for name in newest_first:
            first_of_each.setdefault(moments[name].strftime(PERIODS[period]), name)
        needed.update(list(first_of_each.values())[:count])
    return [name for name in newest_first if name not in needed]


def rotate(folder: Path, keep: dict[str, int]) -> list[str]:
    """Removes what is not to be kept; returns the names."""
    removed = superfluous((path.name for path in folder.iterdir()), keep)
    for name in removed:
        (folder / name).unlink(missing_ok=True)
    return removed
