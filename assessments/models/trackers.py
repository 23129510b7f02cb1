"""Issue trackers: where a team's work is followed elsewhere, and the issues there that its actions have.

Nothing is read from a tracker but whether an issue is open, closed or done. What an action says stays here and what an
issue says stays there; neither is written over the other.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlencode

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .encryption import Unreadable, decrypted, encrypted
from .journal import Event
from .queues import ABANDONED
from .refusals import Refused
from .revisions import RevisedOnceMade
from .teams import Team
from .writing import writing

if TYPE_CHECKING:
    from .plans import Action

#: What an address begins with: no user, no password, nothing in which two programs could read different hosts.
_ADDRESS = re.compile(
    r"(?P<site>https?://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?)"
    r"(?P<path>/[^?#\s]*)?(?:[?#]\S*)?"
)
_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,255}")
#: Where the pages of a Jira begin, so that what stands before is the address of the Jira.
_JIRA_PAGES = re.compile(r"/(?:browse|projects|secure|issues|jira/software|jira/core)(?:/.*)?")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_JIRA_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,63}-[1-9][0-9]{0,17}")

#: The state of an issue is read so often, and after a failure none of the same tracker before.
READ_EVERY = datetime.timedelta(hours=1)
#: What was read longer ago may no longer be so, and is said with its day.
TRUE_FOR = datetime.timedelta(days=1)
#: Characters of an address that a form gets its text by. Servers take eight thousand.
LONGEST_FORM = 6000
#: Characters of the title of an issue: each tracker takes so many.
LONGEST_TITLE = 200


class NotAProject(ValueError):
    """It is no address of a project of this kind of tracker; str() is the sentence to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueText:
    """What a new issue says: one line, a text, and paragraphs after it, the last of which is never cut."""

    title: str
    text: str
    after: Sequence[str] = ()

    @property
    def body(self) -> str:
        return "\n\n".join([self.text, *self.after])

    def shorter(self) -> "IssueText":
        """The same with a fifth less of its longest paragraph, except the last."""
        paragraphs = [self.text, *self.after]
        longest = max(paragraphs[:-1] or paragraphs, key=len)
        cut = f"{longest[: len(longest) * 4 // 5].rstrip()}…"
        text, *after = [cut if paragraph is longest else paragraph for paragraph in paragraphs]
        return IssueText(title=self.title, text=text, after=after)


class TrackerProblem(StrEnum):
    """Why the last try failed."""

    TOKEN = "token"  # noqa: S105 - what is wrong, not a secret
    NO_RIGHT = "no-right"
    MISSING = "missing"
    CONTENT = "content"
    BUSY = "busy"
    ANSWER = "answer"
    REDIRECT = "redirect"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    NO_CONNECTION = "no-connection"
    TOO_SLOW = "too-slow"
    UNTRUSTED = "untrusted"
    NOT_HTTP = "not-http"
    UNREADABLE = "unreadable"
    NO_TRACKER = "no-tracker"
    ABANDONED = "abandoned"


def problem_told(problem: str, *, tracker: str, status: int | None = None) -> str:
    """The sentence for people, with the name of the tracker; empty without a problem."""
    sentences = {
        TrackerProblem.TOKEN: _(
            "{tracker} does not accept the token. It may have expired. A lead can enter a new one."
        ),
        TrackerProblem.NO_RIGHT: _(
            "{tracker} does not let the token do this. It needs the right to read and create issues of the project, or "
            "it has asked too often."
        ),
        TrackerProblem.MISSING: _(
            "{tracker} does not find this, or does not show it to the token. Check the address and the token."
        ),
        TrackerProblem.CONTENT: _(
            "{tracker} does not accept the issue. The project may ask for fields that only its own form has."
        ),
        TrackerProblem.BUSY: _("{tracker} has too many requests at the moment. Try again in some minutes."),
        TrackerProblem.ANSWER: _("{tracker} answered {status}."),
        TrackerProblem.REDIRECT: _(
            "{tracker} redirects elsewhere, so the issue or the whole project may have moved. Enter its new address."
        ),
        TrackerProblem.FORBIDDEN: _(
            "The address of {tracker} leads into a network that is not allowed. An administrator of the server can "
            "allow it with WEBHOOK_NETWORKS."
        ),
        TrackerProblem.NOT_FOUND: _("The name of the server of {tracker} cannot be found."),
        TrackerProblem.NO_CONNECTION: _("{tracker} cannot be reached."),
        TrackerProblem.TOO_SLOW: _("{tracker} did not answer in time."),
        TrackerProblem.UNTRUSTED: _("The certificate of the server of {tracker} is not valid."),
        TrackerProblem.NOT_HTTP: _("What {tracker} answers cannot be understood."),
        TrackerProblem.UNREADABLE: _(
            "The secret key of this installation has changed, so the token cannot be read. A lead can enter it again."
        ),
        TrackerProblem.NO_TRACKER: _("The team has no issue tracker with a token."),
        TrackerProblem.ABANDONED: _("The server was stopped while it was creating the issue."),
    }
    return sentences[TrackerProblem(problem)].format(tracker=tracker, status=status or "") if problem else ""


class TrackerKind(models.TextChoices):
    GITHUB = "github", gettext_lazy("GitHub")
    GITLAB = "gitlab", gettext_lazy("GitLab")
    JIRA = "jira", gettext_lazy("Jira")


def project_address(kind: str, text: str) -> str:
    """The address of the project that one of its pages belongs to; of Jira, the address of the Jira.

    Raises NotAProject.
    """
    match = _ADDRESS.fullmatch(text.strip())
    if match is None:
        raise NotAProject(_("Enter an address that begins with https:// or http://, without a password in it."))
    site, path = match["site"].lower(), match["path"] or ""
    if kind == TrackerKind.JIRA:
        if site.endswith(".atlassian.net"):
            return site
        return site + "/".join(_parts(_JIRA_PAGES.sub("", path, count=1), least=0))
    if kind == TrackerKind.GITLAB:
        path = path.partition("/-/")[0]
    parts = _parts(path, least=2)
    if kind == TrackerKind.GITHUB:
        parts = parts[:3]
    return site + "/".join(parts).removesuffix(".git")


def _parts(path: str, *, least: int) -> list[str]:
    """The parts of a path, after an empty one."""
    parts = [part for part in path.split("/") if part]
    if len(parts) < least:
        raise NotAProject(_("Enter the address of the project, such as https://github.com/acme/shop."))
    if not all(_PART.fullmatch(part) for part in parts):
        raise NotAProject(_("This is not the address of a project. Copy it from your browser."))
    return ["", *parts]


class TrackerQuerySet(models.QuerySet["Tracker"]):
    def set(
        self,
        *,
        team: Team,
        kind: str,
        address: str,
        project: str,
        issue_type: str,
        by: User,
        seen: int | None,
        token: str = "",
    ) -> "Tracker":
        """Stores which tracker a team uses. The address is one that `project_address` returned.

        A token that was given for another host, another Jira or another kind of tracker is deleted, so that nobody
        gets to know it by leading it elsewhere; without a new one, the one that is there stays otherwise. Raises
        Conflict if the tracker was changed since the revision `seen`, 0 if there was none.
        """
        with writing(by):
            Team.objects.lock(team.pk)
            row = self.filter(team=team).first() or Tracker(team=team, revision=0)
            former = (row.place, row.address, row.project) if row.pk else None
            values = {"kind": kind, "address": address, "project": project, "issue_type": issue_type}
            changed = row.take(values, seen=seen)
            if former is not None and former[0] != row.place:
                row.forget_token()
            if former is not None and former != (row.place, row.address, row.project):
                Issue.objects.forget_states(team)
            if token and not row.has_as_token(token):
                row.keep_token(token, by)
                changed = changed | {"token"}
            if changed:
                row.paused_until = None
                row.problem = ""
                row.save()
                Event.record("tracker.set", by=by, team=team, format=kind, fields=sorted(changed))
        return row

    def forget_tokens_of(self, person: User) -> None:
        """For whoever erases the person: their tokens, with which an email may be stored, are deleted.

        What was read by them stays, with the day on which it was.
        """
        self.filter(token_by=person).update(token_encrypted="", token_by=None, token_on=None)

    def with_token(self) -> Self:
        return self.exclude(token_encrypted="")


class Tracker(RevisedOnceMade):
    """The issue tracker of a team: where its issues are, and perhaps a token by which they are made and read."""

    Kind = TrackerKind

    team = models.OneToOneField(Team, models.CASCADE, related_name="tracker")
    kind = models.CharField(max_length=10, choices=TrackerKind)
    address = models.CharField(max_length=500, help_text="Of the project; of Jira, where it begins.")
    project = models.CharField(max_length=18, blank=True, help_text="The number of the project in Jira.")
    issue_type = models.CharField(max_length=18, blank=True, help_text="The number of the kind of issue in Jira.")
    token_encrypted = models.TextField(blank=True, editable=False)
    token_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", editable=False)
    token_on = models.DateField(null=True, editable=False)
    #: Why reading the state of an issue failed at last, with the status of the answer.
    problem = models.CharField(max_length=13, blank=True, default="", db_default="", editable=False)
    status = models.PositiveSmallIntegerField(null=True, editable=False)
    #: After a failure nothing is read before this moment.
    paused_until = models.DateTimeField(null=True, editable=False)

    objects = TrackerQuerySet.as_manager()

    class Meta:
        ordering = ["team"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="jira") | (~Q(project="") & ~Q(issue_type="")),
                name="tracker_jira_has_project",
                violation_error_message=gettext_lazy("Jira needs the numbers of the project and of the kind of issue."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.where}"

    @property
    def name(self) -> str:
        return str(TrackerKind(self.kind).label)

    @property
    def where(self) -> str:
        """The address as people say it: without https://."""
        return self.address.partition("://")[2]

    @property
    def site(self) -> str:
        """Scheme and host of its address."""
        return "/".join(self.address.split("/", 3)[:3])

    @property
    def place(self) -> tuple[str, str]:
        """What a token is given for: of Jira the whole address, as others may answer at other paths of its host."""
        return self.kind, self.address if self.kind == TrackerKind.JIRA else self.site

    @property
    def has_token(self) -> bool:
        return bool(self.token_encrypted)

    @property
    def is_paused(self) -> bool:
        return self.paused_until is not None and self.paused_until > timezone.now()

    @property
    def problem_sentence(self) -> str:
        return problem_told(self.problem, tracker=self.name, status=self.status)

    def token(self) -> str:
        """The secret token. Raises Unreadable."""
        return decrypted(self.token_encrypted)

    def has_as_token(self, token: str) -> bool:
        try:
            return self.has_token and self.token() == token
        except Unreadable:
            return False

    def keep_token(self, token: str, by: User) -> None:
        """For whoever holds the row and stores it; so the next."""
        self.token_encrypted = encrypted(token)
        self.token_by = by
        self.token_on = timezone.localdate()

    def forget_token(self) -> None:
        self.token_encrypted = ""
        self.token_by = None
        self.token_on = None

    # ------------------------------------------------------------------ addresses for people

    @property
    def issues_page(self) -> str:
        """Where the issues of the project are listed."""
        if self.kind == TrackerKind.JIRA:
            return f"{self.address}/issues/?{urlencode({'jql': f'project={self.project}'})}"
        return f"{self.address}/-/issues" if self.kind == TrackerKind.GITLAB else f"{self.address}/issues"

    def link_to(self, number: str) -> str:
        """The page of an issue, by its number; of Jira, by its key."""
        if self.kind == TrackerKind.JIRA:
            return f"{self.address}/browse/{number}"
        return f"{self.issues_page}/{number}"

    def number_in(self, link: str) -> str:
        """The number (in Jira the key) of the issue that a link leads to; empty if it is none of this tracker."""
        beginnings = [self.link_to("")]
        if self.kind == TrackerKind.GITLAB:
            # Where GitLab leads from the page of an issue since its version 18.10.
            beginnings.append(f"{self.address}/-/work_items/")
        before = next(filter(link.startswith, beginnings), None)
        number = re.split(r"[?#]", link.removeprefix(before))[0].rstrip("/") if before else ""
        pattern = _JIRA_KEY if self.kind == TrackerKind.JIRA else _NUMBER
        return number if pattern.fullmatch(number) else ""

    def form_for(self, text: IssueText) -> str:
        """The address of the tracker's own form for a new issue, filled in; a long text is cut to what fits."""
        while len(address := self._form_with(text.title, text.body)) > LONGEST_FORM:
            text = text.shorter()
        return address

    def _form_with(self, title: str, body: str) -> str:
        if self.kind == TrackerKind.JIRA:
            page = f"{self.address}/secure/CreateIssueDetails!init.jspa"
            fields = {"pid": self.project, "issuetype": self.issue_type, "summary": title, "description": body}
        elif self.kind == TrackerKind.GITLAB:
            page, fields = f"{self.issues_page}/new", {"issue[title]": title, "issue[description]": body}
        else:
            page, fields = f"{self.issues_page}/new", {"title": title, "body": body}
        return f"{page}?{urlencode(fields, quote_via=quote)}"

    # ------------------------------------------------------------------ commands

    def remove_token(self, *, by: User) -> None:
        """Deletes the token, once; issues are neither created nor read any more."""
        with writing(by):
            # As whoever stores the tracker does, who would otherwise store the token again.
            Team.objects.lock(self.team_id)
            locked = Tracker.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
            if locked is None or not locked.has_token:
                return
            locked.forget_token()
            locked.problem = ""
            locked.save()
            Issue.objects.forget_states(self.team)
            Event.record("tracker.token-removed", by=by, team=self.team)

    def read_well(self) -> None:
        if self.problem or self.paused_until:
            Tracker.objects.filter(pk=self.pk).update(problem="", status=None, paused_until=None)

    def read_badly(self, problem: TrackerProblem, status: int | None) -> None:
        """Nothing more is asked of it for a while, so that one that hangs costs one try."""
        later = timezone.now() + READ_EVERY
        Tracker.objects.filter(pk=self.pk).update(problem=problem, status=status, paused_until=later)

    def remove(self, *, by: User) -> None:
        """Deletes it with its token, once. Links of actions stay."""
        with writing(by):
            Team.objects.lock(self.team_id)
            if Tracker.objects.filter(pk=self.pk).delete()[0]:
                Issue.objects.forget_states(self.team)
                Event.record("tracker.removed", by=by, team=self.team)

    def leave_out(self) -> None:
        """For whoever merges its team into one that has a tracker: deletes it with its token. Links of actions stay."""
        Issue.objects.forget_states(self.team)
        self.delete()


class IssueQuerySet(models.QuerySet["Issue"]):
    def ask_for(self, action: "Action", *, attempt: int, by: User) -> "Issue":
        """Queues an issue to be created for this action, once for each attempt: the second of two clicks finds it.

        `attempt` is how often it was tried before, as the page showed it. Raises Refused if the team has no tracker
        with a token, or if the action has a link.
        """
        with writing(by):
            Team.objects.lock(action.team_id)
            locked = type(action).objects.select_for_update(no_key=True, of=("self",)).get(pk=action.pk)
            issue = self.filter(action=locked).first() or self.model(action=locked)
            if issue.attempt != attempt or issue.is_waiting:
                return issue
            if locked.link:
                raise Refused(_("This action has a link already. Remove it first, or follow it."))
            if not Tracker.objects.with_token().filter(team=locked.team_id).exists():
                raise Refused(problem_told(TrackerProblem.NO_TRACKER, tracker=""))
            issue.step = Issue.Step.WAITING
            issue.attempt += 1
            issue.problem = ""
            issue.status = None
            issue.asked_by = by
            issue.save()
            Event.record("issue.asked", by=by, team=locked.team, action=locked.pk, attempt=issue.attempt)
        return issue

    def follow(self, action: "Action") -> None:
        """For whoever stores an action with another link: what was known of the former one is forgotten."""
        rows = self.filter(action=action).exclude(step=Issue.Step.WAITING)
        values = {"step": "", "link": action.link, "kind": "", "state": "", "since": None, "looked_at": None}
        if not rows.update(**values, read_at=None, problem="", status=None) and action.link:
            self.get_or_create(action=action, defaults={"link": action.link})

    def forget_states(self, team: Team) -> None:
        """For whoever ends reading the issues of this team, or leads it elsewhere: no page says what was read before.

        What is still to be read is asked about at once.
        """
        values = {"kind": "", "state": "", "since": None, "looked_at": None, "read_at": None}
        self.filter(action__team=team).exclude(link="").update(**values, problem="", status=None)

    def claim(self) -> "Issue | None":
        """Takes one that is to be created for this process; None if there is none.

        What another process took and did not finish is not taken again: it may have been created.
        """
        waiting = self.filter(step=Issue.Step.WAITING)
        for abandoned in waiting.filter(claimed_at__lt=timezone.now() - ABANDONED).order_by("pk"):
            abandoned.may_be_created(TrackerProblem.ABANDONED, None)
        with transaction.atomic():
            rows = waiting.filter(claimed_at=None).order_by("pk").select_related("action__team", "action__framework")
            issue = rows.select_for_update(skip_locked=True, of=("self",)).first()
            if issue is not None:
                issue.claimed_at = timezone.now()
                issue.save(update_fields=["claimed_at"])
        return issue

    def to_read(self) -> Self:
        """Those in a tracker with a token whose state was not read in the last hour."""
        now = timezone.now()
        rows = self.exclude(link="").exclude(action__team__tracker__token_encrypted="")
        rows = rows.exclude(state__in=Issue.OVER, action__status__in=["done", "dropped"])
        rows = rows.filter(Q(looked_at=None) | Q(looked_at__lt=now - READ_EVERY))
        awake = Q(action__team__tracker__paused_until=None) | Q(action__team__tracker__paused_until__lte=now)
        return rows.filter(awake, link__startswith=models.F("action__team__tracker__address"))

    def claim_to_read(self) -> "Issue | None":
        """Takes one whose state is to be read, with its action and tracker; None if there is none.

        Those that could not be read at last come after all others, and by chance: one that fails whenever it is asked
        about lets its tracker rest, and must not keep others from their turn.
        """
        with transaction.atomic():
            rows = self.to_read().select_related("action__team__tracker")
            rows = rows.select_for_update(skip_locked=True, of=("self",))
            issue = rows.filter(problem="").order_by("pk").first() or rows.order_by("?").first()
            if issue is not None:
                issue.looked_at = timezone.now()
                issue.save(update_fields=["looked_at"])
        return issue


class Issue(models.Model):
    """The issue that an action leads to: whether it is being created, and what its tracker says about its state."""

    class Step(models.TextChoices):
        """Where creating it stands; empty if nothing is to be done."""

        WAITING = "waiting", gettext_lazy("Queued")
        FAILED = "failed", gettext_lazy("Not created")
        #: It was sent, and no answer came that says what became of it.
        UNCLEAR = "unclear", gettext_lazy("Perhaps created")

    class State(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        CLOSED = "closed", gettext_lazy("Closed")
        DONE = "done", gettext_lazy("Done")

    OVER = [State.CLOSED, State.DONE]

    action = models.OneToOneField("assessments.Action", models.CASCADE, related_name="issue")
    step = models.CharField(max_length=7, choices=Step, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=13, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    #: The page of the issue that was created from here, also if the action has another link by now.
    created_link = models.CharField(max_length=600, blank=True)
    #: The link of the action, and what its tracker said about it at `read_at`.
    link = models.CharField(max_length=600, blank=True)
    kind = models.CharField(max_length=10, choices=TrackerKind, blank=True)
    state = models.CharField(max_length=6, choices=State, blank=True)
    since = models.DateField(null=True)
    looked_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["step"], condition=Q(step="waiting"), name="issue_waiting")]

    def __str__(self) -> str:
        return self.link or self.step

    @property
    def is_waiting(self) -> bool:
        return self.step == self.Step.WAITING

    @property
    def is_failed(self) -> bool:
        return self.step == self.Step.FAILED

    @property
    def is_unclear(self) -> bool:
        return self.step == self.Step.UNCLEAR

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER

    @property
    def in_words(self) -> str:
        """Its state: `closed in GitHub since Nov. 24, 2026`; empty if it is not known.

        If it was not read in the last day: `open in GitHub, as of Nov. 24, 2026`.
        """
        sentences = {
            self.State.OPEN: _("open in {tracker}"),
            self.State.CLOSED: _("closed in {tracker} since {day}"),
            self.State.DONE: _("done in {tracker} since {day}"),
        }
        if not self.state or not self.kind:
            return ""
        since = date_format(self.since, "DATE_FORMAT") if self.since else ""
        said = sentences[self.State(self.state)].format(tracker=TrackerKind(self.kind).label, day=since)
        if self.read_at is None or timezone.now() - self.read_at <= TRUE_FOR:
            return said
        read_on = date_format(timezone.localtime(self.read_at), "DATE_FORMAT")
        return _("{state}, as of {day}").format(state=said, day=read_on)

    def problem_in(self, tracker: str) -> str:
        return problem_told(self.problem, tracker=tracker, status=self.status)

    # ------------------------------------------------------------------ what became of a claimed one

    def was_created(self, link: str, *, kind: str) -> None:
        """It is there: the action leads to it, unless somebody has given it another link meanwhile."""
        with self._held_to_end() as action:
            if action is None:
                return
            if not action.link:
                action.link = link
                action.revision += 1
                action.save(update_fields=["link", "revision"])
            self.step = ""
            self.created_link = link
            self.link = action.link
            if action.link == link:
                self.kind, self.state = kind, self.State.OPEN
                self.looked_at = self.read_at = timezone.now()
            self.save()
            Event.record("issue.created", by=None, team=action.team, action=action.pk)

    def was_not_created(self, problem: TrackerProblem, status: int | None) -> None:
        """It is certainly not there. People can try again."""
        self._fail(self.Step.FAILED, problem, status)

    def may_be_created(self, problem: TrackerProblem, status: int | None) -> None:
        """Only the tracker knows. It is not tried again unless somebody has looked there and says so."""
        self._fail(self.Step.UNCLEAR, problem, status)

    def _fail(self, step: "Issue.Step", problem: TrackerProblem, status: int | None) -> None:
        with self._held_to_end() as action:
            if action is None:
                return
            self.step, self.problem, self.status = step, problem, status
            if action.link:
                # Somebody has given it a link meanwhile, so nothing is to be created any more.
                self.step, self.problem, self.status, self.link = "", "", None, action.link
            self.save()
            Event.record("issue.failed", by=None, team=action.team, action=action.pk, why=str(problem), step=str(step))

    def is_not_wanted(self) -> None:
        """The action got a link before it was created."""
        with self._held_to_end() as action:
            if action is not None:
                self.step, self.link = "", action.link
                self.save()

    @contextmanager
    def _held_to_end(self) -> "Iterator[Action | None]":
        """The action, locked like for any change of it; None if another process has ended this one meanwhile."""
        with transaction.atomic():
            rows = type(self.action).objects.select_for_update(no_key=True, of=("self",)).select_related("team")
            action = rows.get(pk=self.action_id)
            mine = Issue.objects.select_for_update(no_key=True).filter(pk=self.pk, step=self.Step.WAITING)
            is_mine = mine.filter(claimed_at=self.claimed_at).exists()
            self.claimed_at = None
            yield action if is_mine else None

    # ------------------------------------------------------------------ its state

    def was_read(self, state: str, since: datetime.date | None, *, kind: str) -> None:
        """Stores what the tracker says, unless the action has another link or the team another tracker by now."""
        with transaction.atomic():
            mine = Issue.objects.filter(pk=self.pk, link=self.link, looked_at=self.looked_at)
            values = {"state": state, "since": since, "kind": kind, "problem": "", "status": None}
            if mine.update(read_at=timezone.now(), **values) and state != self.state:
                Event.record("issue.state", by=None, team=self.action.team, action=self.action_id, state=state)

    def was_not_read(self, problem: TrackerProblem, status: int | None) -> None:
        Issue.objects.filter(pk=self.pk, link=self.link, step="").update(problem=problem, status=status)
