"""Targets and actions as tables for a file; what a person may see of them is decided by whoever passes them."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from ..models import Action, Edition
from ..web.criterion_places import place_of
from ..web.tables import Cell, LevelCell, Table
from .target_progress import GradedTarget


def targets_table(targets: Iterable[GradedTarget], *, names: bool = True) -> Table:
    """One row per target. Each has its team, with its unit. `names`: with who set it."""
    head = [_("Team"), _("Unit"), _("Framework"), _("Part"), _("Level"), _("Name of the level"), _("Due date")]
    head += [_("State"), _("Set by")] if names else [_("State")]
    return Table(
        key="targets",
        title=_("Targets"),
        head=head,
        rows=_target_rows(targets, names),
        widths={head[3]: 28, head[5]: 24},
    )


def _target_rows(targets: Iterable[GradedTarget], names: bool) -> Iterator[list[Cell]]:
    tops = _tops()
    for graded in targets:
        target = graded.target
        top = tops.get(target.framework_id, target.level)
        yield [
            target.team.name,
            target.team.unit.name,
            target.framework.title,
            graded.name,
            LevelCell.of(target.level, top=top),
            graded.level_name,
            target.due,
            graded.state,
            *([target.set_by.name if target.set_by else ""] if names else []),
        ]


def actions_table(actions: Iterable[Action]) -> Table:
    """One row per action. Each has its team, with its unit, its framework and its owner."""
    head = [_("Team"), _("Unit"), _("Framework"), _("Action"), _("Criterion"), _("Owner"), _("Due date"), _("Status")]
    return Table(
        key="actions",
        title=_("Actions"),
        head=[*head, _("Overdue"), _("Why it is cancelled"), _("Link"), _("Issue")],
        rows=_action_rows(actions),
        widths={head[3]: 60, head[4]: 40},
    )


def _action_rows(actions: Iterable[Action]) -> Iterator[list[Cell]]:
    editions = {edition.framework_id: edition for edition in Edition.objects.usable()}
    for action in actions:
        edition = editions.get(action.framework_id)
        criterion = edition and edition.contents.criterion_by_key.get(action.criterion)
        yield [
            action.team.name,
            action.team.unit.name,
            action.framework.title,
            action.text,
            place_of(criterion) if criterion else "",
            action.owner.name if action.owner else "",
            action.due,
            str(action.get_status_display()),
            _("overdue") if action.is_overdue else "",
            action.reason,
            action.link,
            action.issue_in_words,
        ]


def _tops() -> dict[int, int]:
    """The highest level of each framework that is in use."""
    return {edition.framework_id: edition.contents.top for edition in Edition.objects.usable()}
