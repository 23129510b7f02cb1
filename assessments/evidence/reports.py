"""Reports of other programs as facts: OpenSSF Scorecard, SARIF and JUnit.

They come from outside: they are read within limits, and nothing in them is believed but names and numbers.
"""

import datetime
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from xml.parsers import expat

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import CheckOutcome, Fact
from ..models.checks import AHEAD, USUAL
from .report_map import MapLine, MapProblem, read_map

MOST_BYTES = 2_000_000
MOST_DEPTH = 50
MOST_ELEMENTS = 200_000


class ReportKind(StrEnum):
    SCORECARD = "scorecard"
    SARIF = "sarif"
    JUNIT = "junit"


class ReportProblem(Exception):
    """The report cannot be read; `str()` is the sentence to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapReading:
    """What a line of a map found: a value, None if the report does not tell, and the value in words."""

    value: Decimal | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """A report that was read: what it says under a name, and when it was made if it tells."""

    find: Callable[[str], MapReading]
    made_at: datetime.datetime | None = None


def facts_of(
    text: str,
    *,
    kind: ReportKind,
    mapping: str,
    source: str = "",
    link: str = "",
    valid_for: datetime.timedelta = USUAL,
) -> list[Fact]:
    """One fact for each criterion of the map. Several lines for one criterion must all hold.

    What the report does not tell is unknown. Raises ReportProblem or MapProblem.
    """
    lines = read_map(mapping, needs_bound=kind == ReportKind.SCORECARD)
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        raise ReportProblem(_("The report is larger than 2 MB."))
    report = _READERS[kind](text)
    by_criterion: dict[str, list[MapLine]] = {}
    for line in lines:
        by_criterion.setdefault(line.criterion, []).append(line)
    now = timezone.now()
    observed_at = report.made_at if report.made_at and report.made_at <= now + AHEAD else now
    return [
        _fact(criterion, found, report, observed_at, source=source or kind.value, link=link, valid_for=valid_for)
        for criterion, found in by_criterion.items()
    ]


def _fact(
    criterion: str,
    lines: Sequence[MapLine],
    report: ReadReport,
    observed_at: datetime.datetime,
    *,
    source: str,
    link: str,
    valid_for: datetime.timedelta,
) -> Fact:
    readings = [(line, report.find(line.name)) for line in lines]
    outcomes = {_outcome(line, reading) for line, reading in readings}
    outcome = next(
        known for known in (CheckOutcome.FAILED, CheckOutcome.UNKNOWN, CheckOutcome.PASSED) if known in outcomes
    )
    words = "; ".join(dict.fromkeys(reading.words for _line, reading in readings if reading.words))
    return Fact(
        criterion=criterion,
        source=source,
        outcome=outcome,
        value=words if len(words) <= 120 else f"{words[:119]}…",
        link=link,
        observed_at=observed_at,
        valid_until=observed_at + valid_for,
    )


def _outcome(line: MapLine, reading: MapReading) -> CheckOutcome:
    if reading.value is None:
        return CheckOutcome.UNKNOWN
    return CheckOutcome.PASSED if line.passes(reading.value) else CheckOutcome.FAILED


# ---------------------------------------------------------------------- JSON


def _json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, InvalidOperation, RecursionError):
        raise ReportProblem(_("The report is not JSON that can be read.")) from None
    if not isinstance(read, dict):
        raise ReportProblem(_("The report is not JSON that can be read."))
    return read


def _no_number(_text: str) -> None:
    raise ValueError


def _rows(value: object) -> Iterator[dict[str, Any]]:
    return (row for row in value if isinstance(row, dict)) if isinstance(value, list) else iter(())


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if abs(number) <= 10**6 else None


def _moment(text: object) -> datetime.datetime | None:
    """An instant with its time zone; a day alone tells too little of two runs on it."""
    try:
        moment = parse_datetime(text) if isinstance(text, str) and "T" in text else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(datetime.UTC)
    except OverflowError:
        return None


def _scorecard(text: str) -> ReadReport:
    """Scores from 0 to 10 by the name of the check, and the whole as `score`; -1 stands for not known."""
    read = _json(text)
    if not isinstance(read.get("checks"), list):
        raise ReportProblem(_("This is no report of OpenSSF Scorecard: it has no “checks”."))
    scores = {
        row["name"]: _number(row.get("score")) for row in _rows(read["checks"]) if isinstance(row.get("name"), str)
    }
    scores.setdefault("score", _number(read.get("score")))

    def find(name: str) -> MapReading:
        score = scores.get(name)
        if score is None or score < 0:
            return MapReading(value=None, words="")
        return MapReading(value=score, words=_("{name}: {score} of 10").format(name=name, score=score))

    return ReadReport(find=find, made_at=_moment(read.get("date")))


def _sarif(text: str) -> ReadReport:
    """How many findings there are by the id of the rule, in which `*` stands for any letters."""
    read = _json(text)
    runs = list(_rows(read.get("runs")))
    if not isinstance(read.get("runs"), list):
        raise ReportProblem(_("This is no SARIF report: it has no “runs”."))
    rules = Counter(rule for run in runs for rule in _rules(run))

    def find(name: str) -> MapReading:
        if not runs:
            return MapReading(value=None, words="")
        number = sum(rules[rule] for rule in _named(rules, name))
        words = ngettext("{name}: {number} finding", "{name}: {number} findings", number)
        return MapReading(value=Decimal(number), words=words.format(name=name, number=number))

    return ReadReport(find=find)


def _rules(run: dict[str, Any]) -> Iterator[str]:
    """The rule of each finding that counts: neither passed, nor gone, nor accepted."""
    for result in _rows(run.get("results")):
        if result.get("kind", "fail") != "fail" or result.get("baselineState") == "absent":
            continue
        if any(row.get("status", "accepted") == "accepted" for row in _rows(result.get("suppressions"))):
            continue
        rule = result.get("rule")
        yield str(result.get("ruleId") or (rule.get("id") if isinstance(rule, dict) else "") or "")


# ---------------------------------------------------------------------- XML


class _JUnit:
    """Reads test cases without building a tree: no document type, so no entities, and not too deep."""

    def __init__(self) -> None:
        #: Tests that ran, and how many of them failed, by the names that they are known by together.
        self.ran: Counter[tuple[str, ...]] = Counter()
        self.broke: Counter[tuple[str, ...]] = Counter()
        self.depth = self.elements = 0
        self.suites: list[str] = []
        self.case: tuple[str, ...] | None = None
        self.failed = self.skipped = False
        self.root = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MOST_DEPTH or self.elements > MOST_ELEMENTS:
            raise ReportProblem(_("The report is too deep or has too many elements."))
        self.root = self.root or name
        if name == "testsuite":
            self.suites.append(attributes.get("name", ""))
        elif name == "testcase":
            owner = attributes.get("classname", "")
            own = attributes.get("name", "")
            self.case = (*self.suites, owner, f"{owner}.{own}" if owner else own)
            self.failed = self.skipped = False
        elif self.case is not None:
            self.failed |= name in {"failure", "error"}
            self.skipped |= name == "skipped"

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == "testsuite" and self.suites:
            self.suites.pop()
        elif name == "testcase" and self.case is not None:
            if not self.skipped:
                self.ran[self.case] += 1
                self.broke[self.case] += self.failed
            self.case = None

    def refuse(self, *_about: object) -> None:
        raise ReportProblem(_("The report has a document type, which is not read. Remove it."))


def _junit(text: str) -> ReadReport:
    """How many tests failed by the name of the suite, of the class, or of both; `*` stands for any letters."""
    reading = _JUnit()
    parser = expat.ParserCreate("UTF-8")
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.StartDoctypeDeclHandler = reading.refuse
    parser.EntityDeclHandler = reading.refuse
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError):
        raise ReportProblem(_("The report is not XML that can be read.")) from None
    if reading.root not in {"testsuites", "testsuite"}:
        raise ReportProblem(_("This is no JUnit report: it has no test suites."))

    by_name: dict[str, set[tuple[str, ...]]] = {}
    for names in reading.ran:
        for name in names:
            by_name.setdefault(name, set()).add(names)

    def find(name: str) -> MapReading:
        cases = set().union(*(by_name[known] for known in _named(by_name, name)))
        if not cases:
            return MapReading(value=None, words="")
        number, ran = sum(reading.broke[case] for case in cases), sum(reading.ran[case] for case in cases)
        words = _("{name}: {number} of {all} failed").format(name=name, number=number, all=ran)
        return MapReading(value=Decimal(number), words=words)

    return ReadReport(find=find)


def _named(known: Collection[str], name: str) -> list[str]:
    """Those of this name, in which `*` stands for any letters."""
    if "*" not in name:
        return [name] if name in known else []
    first, *between, last = name.split("*")
    return [one for one in known if _fits(one, first, between, last)]


def _fits(text: str, first: str, between: Sequence[str], last: str) -> bool:
    """Whether the text begins, goes on and ends like this: in one pass, so that no pattern takes long."""
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for part in between:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


_READERS: dict[ReportKind, Callable[[str], ReadReport]] = {
    ReportKind.SCORECARD: _scorecard,
    ReportKind.SARIF: _sarif,
    ReportKind.JUNIT: _junit,
}

__all__ = ["MOST_BYTES", "MapProblem", "ReportKind", "ReportProblem", "facts_of"]
