"""Issue trackers: where a team's work is followed elsewhere, and the issues there that its actions have.

Nothing is read from a tracker but whether an issue is open, closed or done. What an action says stays here and what an
issue says stays there; neither is written over the other.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .accounts import User
from .journal import Event
from .revisions import RevisedOnceMade
from .teams import Team
from .writing import writing

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

#: Characters of an address that a form gets its text by. Servers take eight thousand.
LONGEST_FORM = 6000
#: Characters of the title of an issue: each tracker takes so many.
LONGEST_TITLE = 200


class NotAProject(ValueError):
    """It is no address of a project of this kind of tracker; str() is the sentence to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueText:
    """What a new issue says: one line, and more."""

    title: str
    body: str


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
        self, *, team: Team, kind: str, address: str, project: str, issue_type: str, by: User, seen: int | None
    ) -> "Tracker":
        """Stores which tracker a team uses. The address is one that `project_address` returned.

        A token that was given for another host or another kind of tracker is deleted. Raises Conflict if the tracker
        was changed since the revision `seen`, 0 if there was none.
        """
        with writing(by):
            Team.objects.lock(team.pk)
            row = self.filter(team=team).first() or Tracker(team=team, revision=0)
            place = row.place if row.pk else None
            values = {"kind": kind, "address": address, "project": project, "issue_type": issue_type}
            if changed := row.take(values, seen=seen):
                if place is not None and place != row.place:
                    row.forget_token()
                row.save()
                Event.record("tracker.set", by=by, team=team, format=kind, fields=sorted(changed))
        return row

    def forget_tokens_of(self, person: User) -> None:
        """For whoever erases the person: their tokens, with which an email may be stored, are deleted."""
        self.filter(token_by=person).update(token_encrypted="", token_by=None, token_on=None)


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
    def place(self) -> tuple[str, str]:
        """What a token is given for: the kind of tracker, and scheme and host."""
        return self.kind, "/".join(self.address.split("/", 3)[:3])

    @property
    def has_token(self) -> bool:
        return bool(self.token_encrypted)

    def forget_token(self) -> None:
        """For whoever holds the row and stores it."""
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
        before = self.link_to("")
        number = re.split(r"[?#]", link.removeprefix(before))[0].rstrip("/") if link.startswith(before) else ""
        pattern = _JIRA_KEY if self.kind == TrackerKind.JIRA else _NUMBER
        return number if pattern.fullmatch(number) else ""

    def form_for(self, text: IssueText) -> str:
        """The address of the tracker's own form for a new issue, filled in; a long text is cut to what fits."""
        body = text.body
        while len(address := self._form_with(text.title, body)) > LONGEST_FORM:
            body = f"{body[: len(body) * 4 // 5].rstrip()}…"
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

    def remove(self, *, by: User) -> None:
        """Deletes it with its token, once. Links of actions stay."""
        with writing(by):
            Team.objects.lock(self.team_id)
            if Tracker.objects.filter(pk=self.pk).delete()[0]:
                Event.record("tracker.removed", by=by, team=self.team)
