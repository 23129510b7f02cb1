"""A result as a report to take to a meeting: one value that the page, its PDF, a shared link and slides all show.

It holds what the result page and the page of the team show the same person, and no more. What people said, who they
are and how they voted can be left out, as a report travels further than its reader may go.
"""

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import charts, scoring
from ..models import Action, Edition, Result, SetbackReason, User
from ..models.framework_texts import filled, joined
from ..permissions.access import Permissions
from ..permissions.roles import Permission
from ..planning.target_progress import GradedTarget, graded
from ..web.chart_words import note_of
from ..web.criterion_places import level_of, place_of
from ..web.dates import apart_from, briefly_apart_from, day
from ..web.drawings import Drawing, bar_drawing, history_drawing, radar_drawing
from .checks import Facts, checks_behind, contradicted
from .comments import Voice, notes_behind, voices_behind
from .history import Line, TeamHistory, current_beside, in_line_with, is_newest, latest_before
from .report import LadderStep, ProfileRow, Settled, Standing, settled_by
from .report_charts import history_chart, radar_chart
from .result_in_words import ResultInWords


class ReportSection(TextChoices):
    """A part of the report that can be chosen; cover and summary are always there."""

    PROFILE = "profile", gettext_lazy("Profile")
    HISTORY = "history", gettext_lazy("History")
    CHANGES = "changes", gettext_lazy("Changes")
    BLOCKERS = "blockers", gettext_lazy("What is missing")
    PLAN = "plan", gettext_lazy("Targets and actions")
    AGREEMENT = "agreement", gettext_lazy("Agreement and rules")
    ANSWERS = "answers", gettext_lazy("All answers")


class Private(TextChoices):
    """What a report can leave out, although its reader may see it."""

    COMMENTS = "comments", gettext_lazy("Comments, evidence and notes")
    NAMES = "names", gettext_lazy("Names of people")
    VOTES = "votes", gettext_lazy("How the votes are spread")
    CHECKS = "checks", gettext_lazy("What checks of pipelines say")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCover:
    """Who, what and when. `prepared_by` is empty if that is not said."""

    team: str
    unit: str
    framework: str
    questionnaire: str
    rule: str
    date: datetime.date
    closed_on: datetime.date
    prepared_on: datetime.date
    prepared_by: str

    @property
    def title(self) -> str:
        return _("{team}: result of {date}").format(team=self.team, date=day(self.date))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFact:
    """A figure in words, such as `Index 2.53 of 4`, and what there is to say about it."""

    words: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """A group or dimension with its figures as they are read; `level` is None if nothing applies.

    `target` is in words, empty without one. `agreement` is empty if it may not be seen or there is none.
    """

    key: str
    name: str
    level: int | None
    step: int
    could_be: int | None
    change: int | None
    index: str
    index_best: str
    index_change: str
    open_questions: str
    target: str
    agreement: str
    agreement_in_words: str
    discuss: int
    bar: charts.ProfileBar | None

    @property
    def drawing(self) -> Drawing | None:
        return bar_drawing(self.bar) if self.bar else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHistoryRow:
    date: datetime.date
    level: str
    index: str
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHistory:
    """The line that the result stands in, up to the result; `marks` explain the letters and flags of the chart."""

    chart: charts.History
    rows: tuple[ReportHistoryRow, ...]
    marks: tuple[tuple[str, str], ...]

    @property
    def drawing(self) -> Drawing:
        return history_drawing(self.chart)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportChange:
    """A criterion that came out differently than in the previous result."""

    statement: str
    place: str
    before: str
    after: str
    is_better: bool
    is_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNote:
    """What somebody wrote about the result; `who` is empty if names are left out."""

    text: str
    who: str
    date: datetime.date


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBlocker:
    """A criterion that keeps the team from its next level; `next_step` is Markdown."""

    statement: str
    place: str
    rating: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget:
    title: str
    due: datetime.date
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAction:
    """`owner` is empty if there is none, or if names are left out: `owners_told` of the report is then False."""

    text: str
    place: str
    owner: str
    due: datetime.date | None
    status: str
    is_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAgreement:
    """How much people agree: on the typical criterion, and over all votes."""

    words: str
    share: str
    alpha_words: str
    alpha: str
    explained: str
    discuss: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContradiction:
    """A criterion that checks of pipelines disagreed with when the result was frozen, and what each said."""

    statement: str
    place: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRule:
    """What the same answers come to under another rule."""

    name: str
    level: str
    best: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVoice:
    """What one person said, as far as that is told: each of the texts may be empty."""

    who: str
    rating: str
    text: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """What a criterion came to. `votes` and `agreement` are empty if votes are not told, `checks` if these are not."""

    statement: str
    level: str
    rating: str
    settled_by: str
    blocks: str
    answers_differ: bool
    votes: str
    agreement: str
    note: str
    voices: tuple[ReportVoice, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDimension:
    name: str
    answers: tuple[ReportAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReport:
    """Everything that the report says, in the order of its pages.

    What a person may not see is not in it: `blockers_told`, `actions_told` and `answers_told` are then False, and
    `agreement` and `history` None. `sections` are those that were asked for; what belongs to others is empty.
    """

    cover: ReportCover
    sections: frozenset[str]
    left_out: frozenset[str]
    uses_levels: bool
    top: int
    top_score: str
    # Summary.
    notices: tuple[str, ...]
    headline: str
    outlook: tuple[str, ...]
    facts: tuple[ReportFact, ...]
    ladder: tuple[LadderStep, ...]
    # Profile.
    since: str
    groups: tuple[ReportPart, ...]
    dimensions: tuple[ReportPart, ...]
    radar: charts.Radar | None
    # How it came to be.
    history: ReportHistory | None
    previous: datetime.date | None
    changes: tuple[ReportChange, ...]
    changes_told: bool
    setbacks: tuple[ReportNote, ...]
    # What comes next.
    blockers_told: bool
    next_rung: str
    blockers: tuple[ReportBlocker, ...]
    no_blockers: str
    targets: tuple[ReportTarget, ...]
    actions_told: bool
    owners_told: bool
    actions: tuple[ReportAction, ...]
    # How far to trust it.
    agreement: ReportAgreement | None
    contradictions: tuple[ReportContradiction, ...]
    rule: str
    other_rules: tuple[ReportRule, ...]
    # Appendix.
    answers_told: bool
    about_answers: tuple[str, ...]
    answers: tuple[ReportDimension, ...]

    @property
    def radar_drawing(self) -> Drawing | None:
        return radar_drawing(self.radar) if self.radar else None

    @classmethod
    def of(
        cls,
        result: Result,
        viewer: User,
        may: Permissions,
        *,
        left_out: Collection[str] = (),
        sections: Collection[str] = tuple(ReportSection.values),
        prepared_by: str = "",
    ) -> "BoardReport":
        """What the viewer may see of the result, without what is `left_out` (of `Private`)."""
        told = _Told(viewer, may, frozenset(map(str, left_out)), frozenset(map(str, sections)))
        beside = current_beside(result)
        targets = graded(result.targets_beside().for_grading(), results=beside)
        standing = Standing(result, latest_before(result, beside), targets, is_newest=is_newest(result, beside))
        return _written(standing, ResultInWords(standing, in_line_with(result, beside)), targets, told, prepared_by)


class _Told:
    """What may be told: what the viewer may see, less what is left out."""

    def __init__(self, viewer: User, may: Permissions, left_out: frozenset[str], sections: frozenset[str]) -> None:
        self.viewer = viewer
        self.may = may
        self.left_out = left_out
        self.sections = sections
        self.results = may(Permission.SEE_RESULT)
        # What stands on pages of the team is not for a facilitator from elsewhere.
        self.team_pages = may.sees_team_page
        self.comments = Private.COMMENTS not in left_out
        self.names = Private.NAMES not in left_out
        self.votes = may(Permission.SEE_VOTES) and Private.VOTES not in left_out
        # That a security check fails, for example, is not for everybody who gets a report.
        self.checks = self.results and Private.CHECKS not in left_out


def _written(
    standing: Standing, words: ResultInWords, targets: Sequence[GradedTarget], told: _Told, prepared_by: str
) -> BoardReport:
    result = standing.result
    wanted = told.sections
    tells_changes = told.results and told.team_pages
    tells_answers = told.results and ReportSection.ANSWERS in wanted
    has_profile = ReportSection.PROFILE in wanted
    has_agreement = ReportSection.AGREEMENT in wanted
    has_plan = ReportSection.PLAN in wanted
    agreement = _agreement(standing) if told.results and has_agreement else None
    facts = checks_behind(standing) if told.checks and (has_agreement or tells_answers) else {}
    return BoardReport(
        cover=_cover(standing, prepared_by),
        sections=wanted,
        left_out=told.left_out,
        uses_levels=standing.uses_levels,
        top=standing.contents.top,
        top_score=standing.top_score,
        notices=tuple(_notices(standing)),
        headline=words.headline,
        outlook=tuple(_outlook(words, told)),
        facts=tuple(_facts(standing, words, told)),
        ladder=tuple(standing.rungs),
        since=_since(standing),
        groups=tuple(_part(row, standing, told) for row in standing.groups) if has_profile else (),
        dimensions=tuple(_part(row, standing, told) for row in standing.dimensions),
        radar=radar_chart(standing) if has_profile else None,
        history=_history(standing, targets, told),
        previous=standing.previous.date if standing.previous else None,
        changes=tuple(_changes(standing)) if tells_changes and ReportSection.CHANGES in wanted else (),
        changes_told=tells_changes,
        setbacks=tuple(_setbacks(standing, told)) if ReportSection.CHANGES in wanted else (),
        blockers_told=told.results,
        next_rung=standing.next_rung if told.results else "",
        blockers=tuple(_blockers(standing)) if told.results and ReportSection.BLOCKERS in wanted else (),
        no_blockers=_no_blockers(standing) if told.results else "",
        targets=tuple(map(_target, targets)) if has_plan else (),
        actions_told=told.results and told.team_pages,
        owners_told=told.names,
        actions=tuple(_actions(result, told)) if has_plan else (),
        agreement=agreement,
        contradictions=tuple(_contradictions(standing, facts)) if has_agreement else (),
        rule=standing.rule_name,
        other_rules=tuple(_other_rules(standing)) if told.results and has_agreement else (),
        answers_told=told.results,
        about_answers=tuple(_about_answers(standing, told)) if tells_answers else (),
        answers=tuple(_answers(standing, told, facts)) if tells_answers else (),
    )


# ---------------------------------------------------------------------- cover and summary


def _cover(standing: Standing, prepared_by: str) -> ReportCover:
    result = standing.result
    return ReportCover(
        team=result.team_name,
        unit=result.team.unit.name,
        framework=result.edition.titled,
        questionnaire=str(result.get_questionnaire_display()),
        rule=standing.rule_name,
        date=result.date,
        closed_on=result.team.day_of(result.created_at),
        prepared_on=result.team.today(),
        prepared_by=prepared_by,
    )


def _notices(standing: Standing) -> Iterator[str]:
    """Whether the result counts, and what it leaves out."""
    result = standing.result
    if result.assessment.is_imported:
        yield result.assessment.provenance.in_words
    if not result.is_current:
        sentence = _("This is generation {number}, kept from before the assessment was reopened.")
        yield sentence.format(number=result.generation)
    elif not result.assessment.is_closed:
        yield _("Under revision: the assessment is open again. This result counts until it is closed.")
    if standing.last_confirmed:
        yield _("This result is old: {age}.").format(age=standing.last_confirmed)
    if result.left_out:
        yield ngettext(
            "Fewer than four people voted on {count} of {asked} questions. It counts as unanswered, so a figure can "
            "show a range (“could be”).",
            "Fewer than four people voted on {count} of {asked} questions. They count as unanswered, so a figure can "
            "show a range (“could be”).",
            result.left_out,
        ).format(count=result.left_out, asked=result.asked)
        if result.worked_out_again:
            yield _("These votes still counted when this result was made. Its figures were recalculated without them.")
    for number in standing.vacuous:
        yield _(
            "No criterion of level {number} applies to this team, so it cannot reach this level. That does not block "
            "higher levels."
        ).format(number=number)
    for number in result.warnings:
        yield _("Less than {share} of the criteria of level {number} apply. Read the level with care.").format(
            share=standing.applicability_percent, number=number
        )


def _outlook(words: ResultInWords, told: _Told) -> Iterator[str]:
    if told.results and words.to_next:
        yield words.to_next
    elif told.results and words.standing.result.is_at_the_top:
        yield _("The highest level that applies is reached.")
    if words.target:
        yield words.target


def _facts(standing: Standing, words: ResultInWords, told: _Told) -> Iterator[ReportFact]:
    result = standing.result
    yield ReportFact(words=words.index, notes=tuple(_about_index(standing, words)))
    sentence = ngettext(
        "{share}: {settled} of {asked} criterion answered",
        "{share}: {settled} of {asked} criteria answered",
        result.asked,
    )
    answered = sentence.format(share=standing.coverage, settled=result.settled, asked=result.asked)
    notes = [answered]
    if result.not_applicable:
        sentence = ngettext("{count} does not apply", "{count} do not apply", result.not_applicable)
        notes.append(sentence.format(count=result.not_applicable))
    if standing.best_headline:
        notes.append(_("level could be {best}").format(best=standing.best_headline))
    yield ReportFact(words=words.coverage, notes=tuple(notes))
    if told.results and standing.agreement:
        sentence = ngettext(
            "{share} on the typical criterion; answers differ on {count}",
            "{share} on the typical criterion; answers differ on {count}",
            result.discuss,
        )
        note = sentence.format(share=standing.agreement, count=result.discuss)
        yield ReportFact(words=standing.agreement_in_words, notes=(note,))
    age = standing.last_confirmed or words.age
    yield ReportFact(words=result.responded, notes=(age,) if age else ())


def _about_index(standing: Standing, words: ResultInWords) -> Iterator[str]:
    if not standing.uses_levels:
        yield _("the smallest one")
    if standing.index_best:
        yield _("could be {best}").format(best=standing.index_best)
    if standing.index_change and standing.previous:
        date = apart_from(standing.previous.date, standing.result.date)
        yield _("{change} since {date}").format(change=standing.index_change, date=date)
    if words.index_sum:
        parts = ", ".join(
            _("level {number}: {share}").format(number=number, share=share) for number, share in words.index_sum.parts
        )
        made_of = _("made of {parts}; rounded") if words.index_sum.is_rounded else _("made of {parts}")
        yield made_of.format(parts=parts)


# ---------------------------------------------------------------------- profile


def _since(standing: Standing) -> str:
    if standing.previous is None:
        return ""
    return _("Since {date}").format(date=briefly_apart_from(standing.previous.date, standing.result.date))


def _part(row: ProfileRow, standing: Standing, told: _Told) -> ReportPart:
    open_questions = ""
    if row.answered < row.asked:
        open_questions = _("{answered} of {asked} answered").format(answered=row.answered, asked=row.asked)
    return ReportPart(
        key=row.key,
        name=row.name,
        level=row.level,
        step=charts.level_step(row.level or 0, standing.contents.top),
        could_be=row.could_be,
        change=row.change if standing.previous else None,
        index=row.index or scoring.DASH,
        index_best=row.index_best or "",
        index_change=row.index_change or "",
        open_questions=open_questions,
        target=_target_of(row),
        agreement=(row.agreement or "") if told.results else "",
        agreement_in_words=row.agreement_in_words if told.results else "",
        discuss=row.discuss if told.results else 0,
        bar=row.bar,
    )


def _target_of(row: ProfileRow) -> str:
    if row.target is None:
        return ""
    level = row.target.target.level
    if not row.target.is_missed:
        return _("target {level}").format(level=level)
    if row.target.reached_late:
        return ""
    return _("target {level} was due on {date}").format(level=level, date=day(row.target.target.due))


# ---------------------------------------------------------------------- how it came to be


def _history(standing: Standing, targets: Sequence[GradedTarget], told: _Told) -> ReportHistory | None:
    """None if the page of the team is not the viewer's to open, or nothing came before an earlier generation."""
    if not told.team_pages or ReportSection.HISTORY not in told.sections:
        return None
    result = standing.result
    query = Line.of(result)
    chosen = {"framework": query.framework, "rule": query.rule, "questionnaire": query.questionnaire}
    tells = told.results and told.comments
    everything = TeamHistory.of(result.team, chosen, tells=tells).all
    until = [row for row in everything if row.place_in_time <= result.place_in_time]
    if not result.is_current:
        until = [row for row in until if row.assessment_id != result.assessment_id]
    past = TeamHistory(result.team, until, chosen, tells=tells)
    if past.line != query:
        return None
    lasting = [target.target for target in targets if not target.outdated]
    chart = history_chart(past, standing.contents, lasting)
    if chart is None:
        return None
    flags = [(flag.letter, flag.title) for flag in chart.flags]
    aims = [(_("Target"), aim.title) for aim in chart.aims]
    return ReportHistory(
        chart=chart,
        rows=tuple(
            ReportHistoryRow(date=row.date, level=row.level, index=row.index, notes=note_of(row)) for row in chart.rows
        ),
        marks=(*flags, *aims),
    )


def _changes(standing: Standing) -> Iterator[ReportChange]:
    for change in standing.changes:
        yield ReportChange(
            statement=change.criterion.statement,
            place=place_of(change.criterion),
            before=change.before,
            after=change.after,
            is_better=change.is_better,
            is_worse=change.is_worse,
        )


def _setbacks(standing: Standing, told: _Told) -> Iterator[ReportNote]:
    """Why the result went down, as people noted it."""
    if not told.results or not told.comments or not standing.fell:
        return
    for reason in SetbackReason.objects.of(standing.result):
        who = reason.by.name if reason.by and told.names else ""
        yield ReportNote(text=reason.text, who=who, date=standing.result.team.day_of(reason.at))


# ---------------------------------------------------------------------- what comes next


def _blockers(standing: Standing) -> Iterator[ReportBlocker]:
    for settled in standing.blockers:
        criterion = settled.criterion
        yield ReportBlocker(
            statement=criterion.statement,
            place=place_of(criterion),
            rating=settled.name,
            next_step=criterion.next or "",
        )


def _no_blockers(standing: Standing) -> str:
    """Says that nothing stands in the way only if that is so; empty if something does."""
    if standing.blockers:
        return ""
    if standing.result.is_at_the_top:
        return _("Nothing stands in the way: the highest level that applies is reached.")
    if standing.result.level is None:
        return _("Every criterion was answered with “does not apply”, so there is no level.")
    return _("The highest level is not reached, but no criterion that applies could be rated higher.")


def _target(target: GradedTarget) -> ReportTarget:
    state = target.state
    if target.is_met or target.outdated:
        return ReportTarget(title=target.title, due=target.target.due, state=state)
    if target.reached_late:
        state = _("{state}, reached by {date}").format(state=state, date=day(target.reached_late))
    elif target.no_result_since:
        state = _("{state}, no result since {date}").format(state=state, date=day(target.no_result_since))
    if target.is_partway:
        state = _("{state}, {percent} of the way").format(state=state, percent=target.percent)
    return ReportTarget(title=target.title, due=target.target.due, state=state)


def _actions(result: Result, told: _Told) -> Iterator[ReportAction]:
    """What is planned with the framework and not over, by due date."""
    if not told.results or not told.team_pages:
        return
    in_use = {edition.framework_id: edition for edition in Edition.objects.usable()}.get(result.framework_id)
    criteria = in_use.contents.criterion_by_key if in_use else {}
    today = result.team.today()
    actions = Action.objects.pending().filter(team=result.team_id, framework=result.framework_id)
    for action in actions.select_related("owner"):
        criterion = criteria.get(action.criterion)
        yield ReportAction(
            text=action.text,
            place=place_of(criterion) if criterion else "",
            owner=action.owner.name if action.owner and told.names else "",
            due=action.due,
            status=str(action.get_status_display()),
            is_overdue=action.due is not None and action.due < today,
        )


# ---------------------------------------------------------------------- how far to trust it


def _agreement(standing: Standing) -> ReportAgreement | None:
    if not standing.agreement:
        return None
    return ReportAgreement(
        words=standing.agreement_in_words,
        share=standing.agreement,
        alpha_words=standing.alpha_in_brief,
        alpha=standing.alpha or "",
        explained=standing.alpha_in_words,
        discuss=standing.result.discuss,
    )


def _contradictions(standing: Standing, facts: Facts) -> Iterator[ReportContradiction]:
    for settled in contradicted(standing, facts):
        said = (fact.sentence for fact in facts[settled.criterion.key] if fact.contradicts)
        place = place_of(settled.criterion)
        yield ReportContradiction(statement=settled.criterion.statement, place=place, sentences=tuple(said))


def _other_rules(standing: Standing) -> Iterator[ReportRule]:
    for name, level, best in standing.other_rules:
        levels = [scoring.DASH if figure is None else str(figure) for figure in (level, best)]
        yield ReportRule(name=name, level=levels[0], best=levels[1])


# ---------------------------------------------------------------------- appendix


def _about_answers(standing: Standing, told: _Told) -> Iterator[str]:
    if standing.result.assessment.anonymous:
        yield _(
            "Anonymous: a question that fewer than four people voted on counts as unanswered. Neither its votes nor "
            "its comments are shown, and no figure depends on them."
        )
    if not told.votes:
        yield _("This report leaves out how the votes are spread.")
    if not told.comments or not told.may(Permission.SEE_VOTES):
        yield _("This report leaves out what people wrote.")


def _answers(standing: Standing, told: _Told, facts: Facts) -> Iterator[ReportDimension]:
    voices, notes = _said(standing.result, told)
    for dimension, criteria in standing.by_dimension:
        answers = (_answer(standing, settled, told, voices, notes, facts) for settled in criteria)
        yield ReportDimension(name=dimension.name, answers=tuple(answers))


def _said(result: Result, told: _Told) -> tuple[Mapping[str, Sequence[Voice]], Mapping[str, str]]:
    """What people said and what the group noted, as the result page shows it, less what is left out."""
    sees_votes = told.may(Permission.SEE_VOTES)
    names = told.names and told.may(Permission.SEE_NAMES)
    if not sees_votes or not (told.comments or (names and told.votes)):
        return {}, {}
    hides_others = bool(result.former_team) or not told.may.reads_comments_from(result.assessment.first_closed_at)
    voices = voices_behind(result, told.viewer, names=names, hides_others=hides_others)
    return voices, notes_behind(result) if told.comments else {}


def _votes(settled: Settled) -> str:
    return joined(" · ", (filled("{name} {count}", name=name, count=count) for name, count in settled.distribution))


def _answer(
    standing: Standing,
    settled: Settled,
    told: _Told,
    voices: Mapping[str, Sequence[Voice]],
    notes: Mapping[str, str],
    facts: Facts,
) -> ReportAnswer:
    criterion, row = settled.criterion, settled.row
    sees_votes = told.may(Permission.SEE_VOTES)
    return ReportAnswer(
        statement=criterion.statement,
        level=level_of(criterion.level) if criterion.level else "",
        rating=settled.name,
        settled_by=settled_by(standing.result, settled),
        blocks=filled(_("blocks {rung}"), rung=standing.next_rung) if settled.is_blocker else "",
        answers_differ=row.discuss and sees_votes and not row.is_agreed,
        votes=_votes(settled) if told.votes else "",
        agreement=settled.in_words if told.votes else "",
        note=notes.get(criterion.key, ""),
        voices=tuple(chain.from_iterable(_voice(settled, voice, told) for voice in voices.get(criterion.key, []))),
        checks=tuple(fact.sentence for fact in facts.get(criterion.key, ())),
    )


def _voice(settled: Settled, voice: Voice, told: _Told) -> Iterator[ReportVoice]:
    """One person's answer; nothing if there is nothing left of it to tell."""
    # Without a name a rating is that of whoever prints the report: the page shows it to them alone.
    rating = settled.criterion.answer_name(voice.code) if voice.code and voice.who and told.votes else ""
    text = evidence = ""
    if told.comments:
        reason = voice.reason
        if reason and told.votes:
            # To say what the reason is for is to tell a vote.
            reason = _("Does not apply: {reason}").format(reason=reason)
        text = "\n".join(part for part in (reason, voice.comment) if part)
        evidence = voice.evidence
    if rating or text or evidence:
        yield ReportVoice(who=voice.who, rating=rating, text=text, evidence=evidence)
