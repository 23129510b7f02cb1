"""A roadmap as files: its actions for a spreadsheet, and what is due for a calendar."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from ..web.calendar_files import CalendarDay, calendar_file
from ..web.tables import Book
from .roadmap import Planned, Roadmap
from .tables import actions_table
from .target_progress import GradedTarget
from .target_views import page_of


def roadmap_book(roadmap: Roadmap) -> Book:
    """The actions that the page shows, as it shows them."""
    about = roadmap.about
    actions = [planned.action for planned in roadmap.actions]
    for action in actions:
        action.team, action.framework = about.team, about.framework
    return Book(name=f"{about.team.name} roadmap", tables=[actions_table(actions).with_languages()])


def roadmap_calendar(roadmap: Roadmap) -> bytes:
    """The days on which the actions that the page shows, if they are not over, and the targets are due."""
    about = roadmap.about
    name = _("{team}: roadmap, {framework}").format(team=about.team.name, framework=about.framework.name)
    return calendar_file(name, [*_action_days(roadmap), *_target_days(roadmap)], made_at=timezone.now())


def _action_days(roadmap: Roadmap) -> Iterator[CalendarDay]:
    for planned in roadmap.actions:
        action = planned.action
        if action.due is None or not action.is_pending:
            continue
        yield CalendarDay(
            key=f"action-{action.pk}",
            day=action.due,
            title=_("{team}: {action}").format(team=roadmap.about.team.name, action=action.text),
            text=_about_action(planned),
            url=f"{_page(roadmap)}#action-{action.pk}",
            revision=action.revision,
        )


def _about_action(planned: Planned) -> str:
    action = planned.action
    owner = action.owner.name if action.owner else _("Unassigned")
    lines = [
        _("Owner: {name}").format(name=owner),
        _("Status: {status}").format(status=action.get_status_display()),
        planned.place,
    ]
    return "\n".join(filter(None, lines))


def _target_days(roadmap: Roadmap) -> Iterator[CalendarDay]:
    for graded in roadmap.about.targets:
        if graded.is_over or graded.outdated:
            continue
        target = graded.target
        yield CalendarDay(
            key=f"target-{target.pk}",
            day=target.due,
            title=_("{team}: target {target}").format(team=roadmap.about.team.name, target=graded.title),
            text=_about_target(graded),
            url=_page(roadmap),
            revision=target.revision,
        )


def _about_target(graded: GradedTarget) -> str:
    return "\n".join(filter(None, [graded.target.why, graded.state]))


def _page(roadmap: Roadmap) -> str:
    """The absolute address of the page, in this framework."""
    return settings.SITE_URL + page_of("team-roadmap", roadmap.about)
