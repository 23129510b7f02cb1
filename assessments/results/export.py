"""Results as files for a spreadsheet: all results of a team, and one result with every criterion.

A file shows what the page shows the same person, and no more: sheets and columns that the page would not have are not
there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from django.utils.translation import gettext as _

from ..models import PartResult, Provenance, Questionnaire, Result, Team
from ..models.framework_texts import filled, joined
from ..models.results import Figures, as_fraction
from ..permissions.access import Permissions
from ..permissions.roles import Permission
from ..planning.tables import actions_table, targets_table
from ..planning.target_progress import GradedTarget, graded
from ..web.tables import Book, Cell, LevelCell, Table, criterion_cells, criterion_head, criterion_widths
from .checks import checks_behind, checks_table
from .comments import Voice
from .report import Settled, Standing, settled_by


def team_book(team: Team, may: Permissions) -> Book:
    """Every current result of a team with what changed, its targets and actions, and the newest ratings."""
    results = _current_results(team)
    tables = [_results_table(results)]
    targets = targets_table(graded(team.targets.for_grading().select_related("team__unit")))
    if not may(Permission.SEE_RESULT):
        return _book(team.name, [*tables, targets])
    lines = _lines(results)
    steps = [step for line in lines for step in pairwise(line)]
    actions = team.actions.select_related("team__unit", "framework", "owner", "issue")
    tables += [changes_table(steps), targets, actions_table(actions), _newest_criteria([line[-1] for line in lines])]
    return _book(team.name, tables)


def result_book(
    standing: Standing,
    may: Permissions,
    *,
    targets: Iterable[GradedTarget],
    voices: Mapping[str, Sequence[Voice]],
    notes: Mapping[str, str],
) -> Book:
    """One result whole. `voices` and `notes` are what its page shows this person.

    Checks have a sheet if there were any.

    What stands on pages of the team is there only for people who may open them: not for a facilitator from elsewhere.
    """
    result = standing.result
    name = f"{result.team_name}-{result.date.isoformat()}"
    tables = [_results_table([result])]
    if may(Permission.SEE_RESULT) and may.sees_team_page:
        tables.append(changes_table([(standing.previous, result)] if standing.previous else []))
    tables.append(targets_table(targets, names=may.sees_team_page))
    if may(Permission.SEE_RESULT) and may.sees_team_page:
        actions = result.team.actions.filter(framework=result.framework_id)
        tables.append(actions_table(actions.select_related("team__unit", "framework", "owner", "issue")))
    if may(Permission.SEE_RESULT):
        tables.append(criteria_table(standing, voices, notes, votes=may(Permission.SEE_VOTES)))
        if facts := checks_behind(standing):
            tables.append(checks_table(standing, facts))
    return _book(name, tables)


def _book(name: str, tables: Iterable[Table]) -> Book:
    return Book(name=name, tables=[table.with_languages() for table in tables])


def team_table(team: Team) -> Table:
    """One row per current result of a team and per part of it, the oldest first."""
    return _results_table(_current_results(team))


def _current_results(team: Team) -> list[Result]:
    results = team.results.current_only().chronological().wired()
    for result in results:
        result.team = team
    return results


def _lines(results: Iterable[Result]) -> list[list[Result]]:
    """Results that may be joined in one history, in time."""
    lines: dict[tuple, list[Result]] = {}
    for result in results:
        lines.setdefault((result.framework_id, result.rule, result.questionnaire), []).append(result)
    return list(lines.values())


def _results_table(results: Sequence[Result]) -> Table:
    parts: dict = {}
    for part in PartResult.objects.filter(result__in=results).order_by("order"):
        parts.setdefault(part.result_id, []).append(part)
    origins = Provenance.objects.origins(results)
    rows: list[list[Cell]] = []
    for result in results:
        contents = result.edition.contents
        names = {("dimension", dimension.key): dimension.name for dimension in contents.dimensions}
        names |= {("group", group.key): group.name for group in contents.groups}
        about: list[Cell] = [
            result.date,
            result.edition.framework.title,
            result.edition.version,
            str(Questionnaire(result.questionnaire).label),
            contents.rules.get(result.rule, ""),
        ]
        whole_and_parts: list[tuple[str, Figures]] = [(_("Overall"), result)]
        for part in parts.get(result.pk, []):
            whole_and_parts.append((names.get((part.kind, part.key), part.key), part))
        for name, figures in whole_and_parts:
            levels = [LevelCell.of(level, top=contents.top) for level in (figures.level, figures.best)]
            index = result.index_scale.number(as_fraction(figures.index_exact))
            counts = [figures.settled, figures.asked, figures.not_applicable]
            rows.append([*about, name, *levels, index, *counts, origins.get(result.assessment_id, "")])
    head = [_("Date"), _("Framework"), _("Version"), _("Questionnaire"), _("Rule"), _("Part"), _("Level")]
    head += [_("Best case"), _("Index"), _("Answered"), _("Asked"), _("Of these not applicable"), _("Imported from")]
    return Table(title=_("Results"), head=head, rows=rows, widths={head[0]: 12, head[1]: 24, head[5]: 28})


def changes_table(steps: Iterable[tuple[Result, Result]]) -> Table:
    """What came out differently from one result to the next, setbacks first; `steps` are pairs of results."""
    head = [_("From"), _("To"), _("Framework"), _("Dimension"), _("Criterion"), _("Before"), _("After"), _("Change")]
    return Table(
        key="changes",
        title=_("Changes"),
        head=head,
        rows=_change_rows(steps),
        widths={head[0]: 12, head[3]: 28, head[4]: 60},
    )


def _change_rows(steps: Iterable[tuple[Result, Result]]) -> Iterator[list[Cell]]:
    for before, after in steps:
        for change in Standing(after, before).changes:
            words = _("better") if change.is_better else _("worse") if change.is_worse else _("other")
            yield [
                before.date,
                after.date,
                after.edition.framework.title,
                change.criterion.dimension.name,
                change.criterion.statement,
                change.before,
                change.after,
                words,
            ]


def _newest_criteria(results: Iterable[Result]) -> Table:
    """The ratings of the newest results, one row per criterion."""
    head = [_("Date"), _("Framework"), _("Version"), _("Questionnaire"), *_rating_head()]

    def rows() -> Iterator[list[Cell]]:
        for result in results:
            standing = Standing(result, None)
            edition = result.edition
            questionnaire = str(Questionnaire(result.questionnaire).label)
            for settled in standing.criteria:
                about: list[Cell] = [result.date, edition.framework.title, edition.version, questionnaire]
                yield [*about, *_rating_cells(standing, settled)]

    widths = {head[0]: 12, **criterion_widths()}
    return Table(key="criteria", title=_("Criteria"), head=head, rows=rows(), widths=widths)


def criteria_table(
    standing: Standing, voices: Mapping[str, Sequence[Voice]], notes: Mapping[str, str], *, votes: bool
) -> Table:
    """Every criterion of one result: what it came to and the next step; with `votes` what people said."""
    head = _rating_head()
    said = [_("Votes"), _("Agreement"), _("Answers differ"), _("Agreed together"), _("Comments"), _("Evidence")]

    def rows() -> Iterator[list[Cell]]:
        for settled in standing.criteria:
            key = settled.criterion.key
            cells = _rating_cells(standing, settled)
            if votes:
                cells += [
                    joined(" · ", (filled("{name} {count}", name=name, count=n) for name, n in settled.distribution)),
                    settled.in_words,
                    _("yes") if settled.row.discuss else "",
                    notes.get(key, ""),
                    "\n".join(filter(None, (_spoken(settled, voice) for voice in voices.get(key, [])))),
                    "\n".join(voice.evidence for voice in voices.get(key, []) if voice.evidence),
                ]
            yield cells

    widths = {**criterion_widths(), said[0]: 30, said[1]: 30, said[3]: 40, said[4]: 60, said[5]: 40}
    head = [*head, *said] if votes else head
    return Table(key="criteria", title=_("Criteria"), head=head, rows=rows(), widths=widths)


def _rating_head() -> list[str]:
    head = [*criterion_head(), _("Rating"), _("Code"), _("Settled by")]
    return [*head, _("Blocks the next level"), _("Next step")]


def _rating_cells(standing: Standing, settled: Settled) -> list[Cell]:
    return [
        *criterion_cells(settled.criterion, top=standing.contents.top),
        settled.name,
        settled.row.rating,
        settled_by(standing.result, settled),
        _("yes") if settled.is_blocker else "",
        settled.criterion.next,
    ]


def _spoken(settled: Settled, voice: Voice) -> str:
    """What one person said in one line, as the page says it; empty for evidence alone."""
    rating = f"[{settled.criterion.answer_name(voice.code)}]" if voice.code else ""
    reason = _("Does not apply: {reason}").format(reason=voice.reason) if voice.reason else ""
    said = " ".join(part for part in (rating, reason, voice.comment) if part)
    return f"{voice.speaker}: {said}" if said else ""
