"""What is asked of a tracker by its token: to create an issue, and in which state an issue is. Nothing else.

GitHub: https://docs.github.com/rest/issues/issues. GitLab: https://docs.gitlab.com/api/issues/. Jira:
https://developer.atlassian.com/cloud/jira/platform/rest/v2/ and the same of Jira Data Center.
"""

import base64
import datetime
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from ..models import Issue, Tracker
from ..models.encryption import Unreadable
from ..models.trackers import IssueText, TrackerKind, TrackerProblem
from ..webhooks.addresses import NotAnAddress, parsed_destination
from ..webhooks.asking import WholeReply, ask
from ..webhooks.posting import NotTaken

#: What an answer says by its status if the tracker certainly did nothing.
_REFUSALS = {
    401: TrackerProblem.TOKEN,
    403: TrackerProblem.NO_RIGHT,
    404: TrackerProblem.MISSING,
    410: TrackerProblem.MISSING,
    429: TrackerProblem.BUSY,
    400: TrackerProblem.CONTENT,
    422: TrackerProblem.CONTENT,
}


class TrackerFailed(Exception):
    """Why the tracker did not do it; `may_be_done`: whether it may have done it all the same."""

    def __init__(self, problem: TrackerProblem, status: int | None = None, *, may_be_done: bool = False) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.status = status
        self.may_be_done = may_be_done


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueState:
    state: str
    since: datetime.datetime | None


def api_address(tracker: Tracker) -> str:
    """Where the API of the tracker begins; for GitHub and GitLab, that of the project."""
    site = tracker.site
    project = tracker.address.removeprefix(site).removeprefix("/")
    if tracker.kind == TrackerKind.JIRA:
        return f"{tracker.address}/rest/api/2"
    if tracker.kind == TrackerKind.GITLAB:
        return f"{site}/api/v4/projects/{quote(project, safe='')}"
    scheme, _colon, host = site.partition("://")
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"{scheme}://api.{host}/repos/{project}"
    return f"{site}/api/v3/repos/{project}"


def create_issue(tracker: Tracker, text: IssueText) -> str:
    """The number, in Jira the key, of a new issue. Raises TrackerFailed."""
    if tracker.kind == TrackerKind.JIRA:
        project, issue_type = {"id": tracker.project}, {"id": tracker.issue_type}
        fields = {"project": project, "issuetype": issue_type, "summary": text.title, "description": text.body}
        said = _asked(tracker, "POST", "/issue", {"fields": fields})
        number = said.get("key")
    elif tracker.kind == TrackerKind.GITLAB:
        said = _asked(tracker, "POST", "/issues", {"title": text.title, "description": text.body})
        number = said.get("iid")
    else:
        said = _asked(tracker, "POST", "/issues", {"title": text.title, "body": text.body})
        number = said.get("number")
    # Only the number is believed: the address is made here.
    if not tracker.number_in(tracker.link_to(str(number))):
        raise TrackerFailed(TrackerProblem.NOT_HTTP, may_be_done=True)
    return str(number)


def state_of(tracker: Tracker, number: str) -> IssueState:
    """What the tracker says about the issue with this number. Raises TrackerFailed."""
    if tracker.kind == TrackerKind.JIRA:
        fields = "status,statuscategorychangedate,resolutiondate,project"
        said = _asked(tracker, "GET", f"/issue/{number}?fields={fields}").get("fields")
        said = said if isinstance(said, dict) else {}
        # The token may see more projects than the team.
        if _inside(said, "project", "id") != tracker.project:
            raise TrackerFailed(TrackerProblem.MISSING)
        is_done = _inside(said, "status", "statusCategory", "key") == "done"
        since = _moment(said.get("statuscategorychangedate")) or _moment(said.get("resolutiondate"))
        return IssueState(state=Issue.State.DONE if is_done else Issue.State.OPEN, since=since if is_done else None)
    said = _asked(tracker, "GET", f"/issues/{number}")
    if said.get("state") == "closed":
        return IssueState(state=Issue.State.CLOSED, since=_moment(said.get("closed_at")))
    if said.get("state") in {"open", "opened"}:
        return IssueState(state=Issue.State.OPEN, since=None)
    raise TrackerFailed(TrackerProblem.NOT_HTTP)


def _asked(tracker: Tracker, method: str, path: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON of a good answer. Raises TrackerFailed."""
    try:
        destination = parsed_destination(api_address(tracker) + path)
        headers = _headers(tracker)
    except NotAnAddress as error:
        raise TrackerFailed(TrackerProblem.NOT_FOUND) from error
    except Unreadable as error:
        raise TrackerFailed(TrackerProblem.UNREADABLE) from error
    body = b"" if values is None else json.dumps(values, ensure_ascii=False).encode()
    try:
        answer = ask(method, destination, headers, body)
    except NotTaken as failure:
        raise TrackerFailed(TrackerProblem(str(failure.problem)), may_be_done=failure.was_sent) from failure
    _require_success(answer)
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise TrackerFailed(TrackerProblem.NOT_HTTP, may_be_done=True) from error
    if not isinstance(said, dict):
        raise TrackerFailed(TrackerProblem.NOT_HTTP, may_be_done=True)
    return said


def _require_success(answer: WholeReply) -> None:
    if 200 <= answer.status < 300:
        return
    if 300 <= answer.status < 400:
        raise TrackerFailed(TrackerProblem.REDIRECT, answer.status)
    problem = _REFUSALS.get(answer.status, TrackerProblem.ANSWER)
    # A server that fails, or one before it that gave up waiting, may have done what it was asked.
    raise TrackerFailed(problem, answer.status, may_be_done=answer.status >= 500)


def _headers(tracker: Tracker) -> dict[str, str]:
    """Raises Unreadable."""
    token = tracker.token()
    if tracker.kind == TrackerKind.GITLAB:
        return {"Accept": "application/json", "PRIVATE-TOKEN": token}
    if tracker.kind == TrackerKind.GITHUB:
        version = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**version, "Authorization": f"Bearer {token}"}
    # In Jira Cloud a token belongs to an email, in Jira Data Center it stands alone.
    if ":" in token:
        return {"Accept": "application/json", "Authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
    return {"Accept": "application/json", "Authorization": f"Bearer {token}"}


def _inside(values: Any, *names: str) -> Any:
    for name in names:
        values = values.get(name) if isinstance(values, dict) else None
    return values


def _moment(text: Any) -> datetime.datetime | None:
    """An instant as trackers write it; None if it is none, or one that is still to come."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None or moment > timezone.now():
        return None
    return moment
