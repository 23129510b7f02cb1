"""Progress of teams from OWASP DSOMM: `team-progress.yaml`, which says on which day a team reached which stage.

    progress:
      <uuid of an activity>:
        <team>:
          <stage>: <day>

It holds no assessments, so one is made of each quarter in which something changed, on the day of its last change, with
all that was reached by then. Activities are found by their uuid, which is the source of a criterion.
"""

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from ..frameworks.format.document import FOREIGN, Document, parse_documents
from ..frameworks.format.numbers import exact_number
from ..frameworks.format.problems import FrameworkFileError, shortened
from ..models import Criterion
from ..models.frameworks import Contents
from .days import read_day
from .lines import GivenHistory, GivenLine, HistoryFileError

#: How much of an activity is done in the stages that DSOMM comes with, in percent.
STAGES = {"not implemented": 0, "started": 20, "partly implemented": 50, "fully implemented": 100}
#: Up to which percentage a practice is not, partially and largely achieved: ISO/IEC 33020, and its four steps.
EDGES = (15, 50, 85)


@dataclass(frozen=True, slots=True)
class _Change:
    day: datetime.date
    share: Fraction
    criterion: Criterion
    where: str


def looks_like_progress(text: str) -> bool:
    return any(line.rstrip() == "progress:" for line in text.splitlines()[:2_000])


def progress(text: str, *, name: str, contents: Contents) -> GivenHistory:
    """Raises HistoryFileError if the file cannot be read."""
    try:
        document = parse_documents(text, name=name, limits=FOREIGN)[0]
    except FrameworkFileError as error:
        raise HistoryFileError(str(error)) from None
    whole = document.value
    if not isinstance(whole, dict) or not isinstance(whole.get("progress"), dict):
        raise HistoryFileError(_("There is no progress in this file. Export the team progress of DSOMM again."))
    given = GivenHistory()
    changes = _changes(document, whole["progress"], _stages(whole.get("progressDefinition")), contents, given)
    for team, of_team in changes.items():
        _lines(team, of_team, contents, given)
    given.notes.append(
        _("An assessment is made of each quarter in which something changed, on the day of its last change.")
    )
    given.notes.append(
        _("Stages became answers by how much is done: up to 15, 50, 85 and 100 percent are the four steps.")
    )
    return given


def _stages(defined: Any) -> dict[str, Fraction]:
    """How much of an activity is done in each stage, 0 to 100, by its name in lower case."""
    stages = {name: Fraction(share) for name, share in STAGES.items()}
    for name, stage in (defined if isinstance(defined, dict) else {}).items():
        share = stage.get("score") if isinstance(stage, dict) else stage
        exact = exact_number(str(share).removesuffix("%").strip())
        if exact is not None and 0 <= exact <= 100:
            stages[" ".join(str(name).lower().split())] = exact
    return stages


def _changes(
    document: Document,
    progress: Mapping[str, Any],
    stages: Mapping[str, Fraction],
    contents: Contents,
    given: GivenHistory,
) -> dict[str, list[_Change]]:
    """What each team reached, with every line that cannot be understood as a problem."""
    by_source = {criterion.source.lower(): criterion for criterion in contents.criteria if criterion.source}
    changes: dict[str, list[_Change]] = defaultdict(list)

    def where(*place: str) -> str:
        return _("line {number}").format(number=document.line(("progress", *place)))

    for activity, of_teams in progress.items():
        criterion = by_source.get(activity.lower())
        if criterion is None:
            sentence = _("The framework has no activity with the uuid {uuid}.")
            given.problem(where(activity), sentence.format(uuid=shortened(activity)))
            continue
        for team, of_team in (of_teams if isinstance(of_teams, dict) else {}).items():
            for stage, date in (of_team if isinstance(of_team, dict) else {}).items():
                at = where(activity, team, stage)
                share = stages.get(" ".join(stage.lower().split()))
                day = read_day(str(date))
                if share is None:
                    sentence = _(
                        "“{stage}” is no known stage. Add progressDefinition from DSOMM’s meta.yaml to the file."
                    )
                    given.problem(at, sentence.format(stage=shortened(stage)))
                elif day is None:
                    given.problem(at, _("“{date}” is no day. Write it as 2026-03-31.").format(date=shortened(date)))
                else:
                    changes[team].append(_Change(day, share, criterion, at))
    return changes


def _lines(team: str, changes: list[_Change], contents: Contents, given: GivenHistory) -> None:
    by_quarter: dict[tuple[int, int], list[_Change]] = defaultdict(list)
    for change in changes:
        by_quarter[change.day.year, (change.day.month - 1) // 3].append(change)
    reached: dict[str, _Change] = {}
    for _quarter, some in sorted(by_quarter.items()):
        for change in some:
            known = reached.get(change.criterion.key)
            if known is None or change.share > known.share:
                reached[change.criterion.key] = change
        last = max(some, key=lambda change: change.day)
        for criterion in contents.criteria:
            own = reached.get(criterion.key)
            given.lines.append(
                GivenLine(
                    where=(own or last).where,
                    team=team,
                    date=last.day.isoformat(),
                    criterion=criterion.key,
                    answer=_code(criterion, own.share if own else Fraction(0)),
                )
            )


def _code(criterion: Criterion, share: Fraction) -> str:
    """The answer that stands for this much: by the four steps, or else the highest one that is reached in full."""
    choices = list(criterion.scale.choices.all())
    if len(choices) == len(EDGES) + 1:
        return choices[sum(share > edge for edge in EDGES)].code
    top = max(choice.value for choice in choices) or 1
    return [choice for choice in choices if Fraction(100 * choice.value, top) <= share][-1].code
