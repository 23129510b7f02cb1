"""What waits for a person: answers, reviews, assessments to end, falls to explain, and their own actions."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Count, Exists, OuterRef, Value, When
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..invitations.tracking import answer_label
from ..models import Action, Assessment, Membership, Participation, Rating, Round, Team, Unit, User
from ..models.framework_texts import filled, joined
from ..models.frameworks import published_contents
from ..web.dates import day
from .own_teams import OwnTeams, TeamGlance

#: So many of one kind are listed.
MOST = 30
#: An action is listed from so long before its due date.
SOON = datetime.timedelta(days=14)
#: Leads of so many teams without one are listed for administrators.
TEAMS_WITHOUT_LEAD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing to do: what it is, what to know about it, and a button that does it or leads there.

    `for_screen_readers` is what the button says where it stands alone.
    """

    title: str
    detail: str
    address: str
    action: str
    for_screen_readers: str
    is_urgent: bool = False
    is_done: bool = False


def tasks_for(user: User, teams: OwnTeams) -> list[Waiting]:
    """The most urgent kind first; what the person has done and may still change comes last.

    Four queries, and three for people who may run rounds.
    """
    answers = _answers(user)
    tasks = [task for task in answers if not task.is_done]
    tasks += _to_lead(user)
    tasks += [_explanation(glance) for glance in teams.to_explain]
    tasks += _actions(user)
    if user.is_administrator or teams.has_units:
        tasks += _rounds(user)
    if user.is_administrator:
        tasks += _for_administrators()
    return tasks + [task for task in answers if task.is_done]


# ------------------------------------------------------------------ answering


def _answers(user: User) -> list[Waiting]:
    assessments = list(Assessment.objects.asking(user).for_person(user).select_related("team", "edition")[:MOST])
    given = _answers_given(user, assessments)
    return [_answer(assessment, given.get(assessment.pk, 0)) for assessment in assessments]


def _answers_given(user: User, assessments: list[Assessment]) -> dict[UUID, int]:
    """How many questions the person has answered in each; nobody can know of an anonymous assessment."""
    named = [assessment.pk for assessment in assessments if not assessment.anonymous]
    rows = Rating.objects.given().filter(assessment__in=named, respondent__user=user).order_by()
    return dict(rows.values_list("assessment").annotate(n=Count("pk")))


def _answer(assessment: Assessment, given: int) -> Waiting:
    state = Participation.State(assessment.my_state or Participation.State.ASKED)
    action = answer_label(assessment, state)
    is_begun = state == Participation.State.STARTED and not assessment.anonymous
    # Whoever has begun has read the introduction.
    address = reverse("answer-next" if is_begun else "answer", args=[assessment.pk])
    facts = []
    if is_begun:
        total = _questions(assessment)
        sentence = ngettext("{given} of {total} answered", "{given} of {total} answered", total)
        facts.append(sentence.format(given=given, total=total))
    elif state != Participation.State.ASKED:
        facts.append(str(state.label))
    facts.append(_when(assessment))
    return Waiting(
        title=filled(_("Answer for {team}, {framework}"), team=assessment.team, framework=assessment.edition.title),
        detail=" · ".join(facts),
        address=address,
        action=action,
        for_screen_readers=_("{action}: {team}").format(action=action, team=assessment.team),
        is_urgent=assessment.is_overdue,
        is_done=state == Participation.State.SUBMITTED,
    )


def _questions(assessment: Assessment) -> int:
    # From memory: the texts of an edition are long.
    assessment.edition = published_contents(assessment.edition_id).edition
    return len(assessment.criteria_asked())


def _when(assessment: Assessment) -> str:
    if assessment.due is None:
        return _("Assessment of {date}").format(date=day(assessment.date))
    return _("Due {due}").format(due=day(assessment.due))


# ------------------------------------------------------------------ leading


def _to_lead(user: User) -> list[Waiting]:
    """Reviews to hold, assessments that can be ended and drafts to open."""
    missing = Participation.objects.not_submitted().filter(assessment=OuterRef("pk"))
    # In an open anonymous assessment nobody may see when the last one has submitted.
    is_complete = Case(When(anonymous=True, then=Value(False)), default=~Exists(missing))
    rows = Assessment.objects.led_by(user).annotate(is_complete=is_complete).with_lacks_answers()
    tasks = []
    for assessment in rows.select_related("team", "edition")[:MOST]:
        if assessment.is_in_review:
            tasks.append(_review(assessment))
        elif assessment.is_led and assessment.is_draft:
            tasks.append(_draft(assessment))
        elif assessment.is_led and (assessment.is_complete or assessment.is_overdue):
            if assessment.lacks_answers:
                tasks.append(_lacking(assessment))
            else:
                tasks.append(_ending(assessment, is_complete=assessment.is_complete))
        elif not assessment.is_led:
            tasks.append(_facilitation(assessment))
    return tasks


def _review(assessment: Assessment) -> Waiting:
    title = _("Review {team} with the team").format(team=assessment.team)
    return _of_assessment(
        assessment,
        title=title,
        address=reverse("review", args=[assessment.pk]),
        action=_("Review"),
        label=_("Review with {team}").format(team=assessment.team),
        facts=[_("In review")],
    )


def _draft(assessment: Assessment) -> Waiting:
    return _of_assessment(
        assessment,
        title=_("Open the assessment of {team}").format(team=assessment.team),
        address=assessment.get_absolute_url(),
        action=_("Open draft"),
        label=_("Open draft: {team}").format(team=assessment.team),
        facts=[_("Nobody can answer yet.")],
    )


def _ending(assessment: Assessment, *, is_complete: bool) -> Waiting:
    return _of_assessment(
        assessment,
        title=_("End answering for {team}").format(team=assessment.team),
        address=assessment.get_absolute_url(),
        action=_("Manage"),
        label=_("Manage: {team}").format(team=assessment.team),
        facts=[_("Everyone has submitted") if is_complete else _("The due date is over"), _when(assessment)],
    )


def _lacking(assessment: Assessment) -> Waiting:
    """It should end and cannot, as its page says too."""
    why = _("At least four people have to submit first") if assessment.anonymous else _("Nobody has answered yet")
    return _of_assessment(
        assessment,
        title=_("Answers are missing for {team}").format(team=assessment.team),
        address=assessment.get_absolute_url(),
        action=_("Manage"),
        label=_("Manage: {team}").format(team=assessment.team),
        facts=[why, _("Ask again, move the due date, or discard the assessment"), _when(assessment)],
    )


def _facilitation(assessment: Assessment) -> Waiting:
    return _of_assessment(
        assessment,
        title=_("You facilitate the review of {team}").format(team=assessment.team),
        address=assessment.get_absolute_url(),
        action=_("Details"),
        label=_("Details: {team}").format(team=assessment.team),
        facts=[str(assessment.get_status_display()), _when(assessment)],
    )


def _of_assessment(
    assessment: Assessment, *, title: str, address: str, action: str, label: str, facts: list[str]
) -> Waiting:
    return Waiting(
        title=title,
        detail=joined(" · ", [*facts, assessment.edition.title]),
        address=address,
        action=action,
        for_screen_readers=label,
        is_urgent=assessment.is_overdue,
    )


# ------------------------------------------------------------------ explaining, acting


def _explanation(glance: TeamGlance) -> Waiting:
    result = glance.result
    if result is None:
        raise ValueError("only a result can be explained")
    return Waiting(
        title=_("Say why {team} went down").format(team=glance.team),
        detail=_("Result of {date}").format(date=day(result.date)),
        address=f"{result.get_absolute_url()}#setback",
        action=_("Add a note"),
        for_screen_readers=_("Add a note: {team}").format(team=glance.team),
    )


def _actions(user: User) -> list[Waiting]:
    """The person's own actions in teams of which they still are a lead or member."""
    # The furthest time zone may be a day ahead of this one.
    soon = datetime.datetime.now(tz=datetime.UTC).date() + SOON
    own = Membership.objects.answering().filter(user=user).values("team")
    actions = Action.objects.pending().filter(owner=user, team__in=own, due__lte=soon)
    return [_own_action(action) for action in actions.select_related("team", "framework").order_by("due")[:MOST]]


def _own_action(action: Action) -> Waiting:
    text = Truncator(" ".join(action.text.split())).chars(120)
    due = [_("Due {due}").format(due=day(action.due))] if action.due else []
    return Waiting(
        title=_("Your action: {text}").format(text=text),
        detail=" · ".join([str(action.team), *due]),
        address=f"{reverse('team-roadmap', args=[action.team_id])}?framework={action.framework.key}",
        action=_("Open roadmap"),
        for_screen_readers=_("Open roadmap: {text}").format(text=text),
        is_urgent=action.is_overdue,
    )


# ------------------------------------------------------------------ rounds


def _rounds(user: User) -> list[Waiting]:
    """Rounds under way or to close, and drafts to start."""
    rows = Round.objects.visible_to(user).unfinished().with_counts(user).select_related("edition")[:MOST]
    to_close = {row.pk for row in rows if row.can_be_closed}
    if to_close and not user.is_administrator:
        # Managers see rounds of others too.
        managed = Unit.objects.managed_by(user)
        to_close = {row.pk for row in rows if row.pk in to_close and row.unit_id in managed}
    tasks = []
    for row in rows:
        if row.is_draft:
            tasks.append(_draft_round(row))
        elif row.pk in to_close:
            tasks.append(_round_to_close(row))
        else:
            tasks.append(_running_round(row))
    return tasks


def _running_round(row: Round) -> Waiting:
    sentence = ngettext(
        "Round {round}: {closed} of {total} team closed", "Round {round}: {closed} of {total} teams closed", row.teams
    )
    facts = [_("Opens {day}").format(day=day(row.opens)) if row.is_ahead else _("Due {due}").format(due=day(row.due))]
    waiting = row.teams_waiting_for_lead
    if waiting:
        wait = ngettext("{number} team waits for its lead", "{number} teams wait for their leads", waiting)
        facts.insert(0, wait.format(number=waiting))
    return Waiting(
        title=sentence.format(round=row, closed=row.teams_closed, total=row.teams),
        detail=joined(" · ", [*facts, row.edition.title]),
        address=f"{row.get_absolute_url()}#needs-you" if waiting else row.get_absolute_url(),
        is_urgent=bool(waiting),
        action=_("Open round"),
        for_screen_readers=_("Open round {round}").format(round=row),
    )


def _round_to_close(row: Round) -> Waiting:
    return Waiting(
        title=_("Close the round {round}").format(round=row),
        detail=joined(" · ", [_("No team is under way any more"), row.edition.title]),
        address=f"{row.get_absolute_url()}#needs-you",
        action=_("Open round"),
        for_screen_readers=_("Open round {round}").format(round=row),
    )


def _draft_round(row: Round) -> Waiting:
    opens = _("Opens {day}").format(day=day(row.opens))
    return Waiting(
        title=_("Start round {round}").format(round=row),
        detail=joined(" · ", [opens, row.edition.title]),
        address=reverse("round-teams", args=[row.pk]),
        action=_("Choose teams"),
        for_screen_readers=_("Choose teams of round {round}").format(round=row),
    )


# ------------------------------------------------------------------ administrators


def _for_administrators() -> list[Waiting]:
    leads = Membership.objects.filter(team=OuterRef("pk"), role=Membership.Role.LEAD)
    tasks = [
        Waiting(
            title=_("{team} has no lead").format(team=team),
            detail=_("Nobody can start an assessment for it."),
            address=reverse("team-members", args=[team.pk]),
            action=_("Name a lead"),
            for_screen_readers=_("Name a lead: {team}").format(team=team),
        )
        for team in Team.objects.filter(~Exists(leads)).order_by("name")[:TEAMS_WITHOUT_LEAD]
    ]
    number = User.objects.lacking_password().count()
    if number:
        sentence = ngettext(
            "{number} person has not set a password yet", "{number} people have not set a password yet", number
        )
        if settings.MAIL_ENABLED:
            detail, action = _("A link works for three days."), _("Send again")
            label = _("Send the links to set a password again")
        else:
            detail, action = _("Pass on the link to each of them."), _("Show the links")
            label = _("Show the links to set a password")
        tasks.append(
            Waiting(
                title=sentence.format(number=number),
                detail=detail,
                address=reverse("people-links"),
                action=action,
                for_screen_readers=label,
            )
        )
    return tasks
