"""A client for the API of Maturity in one file, with nothing but Python 3.11 or newer.

    from maturity_client import Maturity

    maturity = Maturity("https://maturity.example.org", key="mat_…")
    for result in maturity.results(team=team["id"]):
        print(result["date"], result["level_name"])

Copy it into your project, or run it: `python maturity_client.py results --team ID` prints JSON, a line for each row.
It reads MATURITY_URL and MATURITY_KEY.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any, TypedDict

Row = dict[str, Any]


class ProblemAt(TypedDict):
    at: str
    message: str


class MaturityError(Exception):
    """The server refused. `str()` is its sentence; `errors` are the places of values that are not right."""

    def __init__(self, status: int, detail: str, errors: list[ProblemAt]) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = errors


class ChangedMeanwhile(MaturityError):
    """Somebody else changed it since it was read: read it again."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key goes to the server that it is for, and nowhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Maturity:
    """One installation, with the rights of the owner of a key.

    Commands are repeated if the server cannot be reached, and carried out once all the same: each has an
    Idempotency-Key, which a caller may give so that a later run of the same job is the same command.
    """

    #: Tries of one request, and seconds until it is given up.
    TRIES = 4
    TIMEOUT = 30.0

    def __init__(self, url: str, key: str) -> None:
        self._base = url.rstrip("/") + "/api/v1/"
        self._key = key
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._read: dict[str, str] = {}

    # ------------------------------------------------------------------ reading

    def me(self) -> Row:
        return self._get("me")

    def people(self) -> Iterator[Row]:
        return self._list("people")

    def units(self) -> Iterator[Row]:
        return self._list("units")

    def teams(self) -> Iterator[Row]:
        return self._list("teams")

    def team(self, pk: str) -> Row:
        return self._get(f"teams/{pk}")

    def memberships(self, team: str) -> Iterator[Row]:
        return self._list(f"teams/{team}/memberships")

    def frameworks(self) -> Iterator[Row]:
        return self._list("frameworks")

    def editions(self, framework: str | None = None) -> Iterator[Row]:
        return self._list("editions", framework=framework)

    def edition(self, pk: str) -> Row:
        return self._get(f"editions/{pk}")

    def assessments(self, team: str | None = None, status: str | None = None) -> Iterator[Row]:
        return self._list("assessments", team=team, status=status)

    def assessment(self, pk: str) -> Row:
        return self._get(f"assessments/{pk}")

    def results(self, team: str | None = None, framework: str | None = None, since: str | None = None) -> Iterator[Row]:
        """Results that count today, in no order that means anything; `since` is a day as 2026-01-31."""
        return self._list("results", team=team, framework=framework, since=since)

    def result(self, pk: str) -> Row:
        """With its parts, and its criteria and checks if the owner of the key may see them."""
        return self._get(f"results/{pk}")

    def compare(self, team: str, *, earlier: str, later: str) -> Row:
        """Two results of a team by id: what became of the whole, of dimensions, and of each criterion."""
        return self._get(f"teams/{team}/compare?{urllib.parse.urlencode({'earlier': earlier, 'later': later})}")

    def metrics(self, team: str) -> list[Row]:
        """What can be recorded for a team."""
        return list(self._get(f"teams/{team}/metrics")["items"])

    def measurements(self, team: str, metric: str | None = None, framework: str | None = None) -> Iterator[Row]:
        return self._list(f"teams/{team}/measurements", metric=metric, framework=framework)

    def events(self, team: str) -> Iterator[Row]:
        """Who joined and left the team in the last year, oldest first."""
        return self._list(f"teams/{team}/events")

    def targets(self, team: str | None = None) -> Iterator[Row]:
        return self._list("targets", team=team)

    def actions(self, team: str | None = None, status: str | None = None) -> Iterator[Row]:
        return self._list("actions", team=team, status=status)

    def action(self, pk: int) -> Row:
        return self._get(f"actions/{pk}")

    def checks(self, team: str, framework: str | None = None) -> Iterator[Row]:
        """What pipelines reported, for whoever may report it."""
        return self._list(f"teams/{team}/checks", framework=framework)

    def rounds(self) -> Iterator[Row]:
        return self._list("rounds")

    def webhooks(self, team: str | None = None) -> Iterator[Row]:
        return self._list("webhooks", team=team)

    def deliveries(self, webhook: str) -> Iterator[Row]:
        return self._list(f"webhooks/{webhook}/deliveries")

    # ------------------------------------------------------------------ changing

    def start_assessment(self, team: str, *, edition: str, once: str | None = None, **terms: Any) -> Row:
        """`terms` are due, date, questionnaire, rule, anonymous, members, addresses, message, as_draft."""
        return self._command("POST", f"teams/{team}/assessments", {"edition": edition, **terms}, once=once)

    def invite(self, assessment: str, *, once: str | None = None, **people: list[str]) -> Row:
        """`members` by id and `addresses`."""
        return self._command("POST", f"assessments/{assessment}/invitations", people, once=once)

    def open(self, assessment: str) -> Row:
        return self._command("POST", f"assessments/{assessment}/open")

    def end_answering(self, assessment: str) -> Row:
        return self._command("POST", f"assessments/{assessment}/end")

    def close(self, assessment: str) -> Row:
        return self._command("POST", f"assessments/{assessment}/close")

    def answer_again(self, assessment: str) -> Row:
        return self._command("POST", f"assessments/{assessment}/answer-again")

    def reopen(self, assessment: str, *, reason: str, to: str | None = None) -> Row:
        """For answers ("open") or for "review"."""
        return self._command("POST", f"assessments/{assessment}/reopen", {"reason": reason, "to": to})

    def discard(self, assessment: str) -> None:
        """Deletes an assessment without a result, with every answer in it."""
        self._command("DELETE", f"assessments/{assessment}")

    def set_due(self, assessment: str, due: str | None) -> Row:
        return self._command("PATCH", f"assessments/{assessment}", {"due": due})

    def set_target(
        self, team: str, *, framework: str, level: int, due: str, why: str, dimension: str = "", once: str | None = None
    ) -> Row:
        body = {"framework": framework, "level": level, "due": due, "why": why, "dimension": dimension}
        return self._command("POST", f"teams/{team}/targets", body, once=once)

    def remove_target(self, pk: int) -> None:
        self._command("DELETE", f"targets/{pk}")

    def plan_action(
        self, team: str, *, framework: str, criterion: str, text: str, once: str | None = None, **values: Any
    ) -> Row:
        """`values` are owner, due, status, reason and link."""
        body = {"framework": framework, "criterion": criterion, "text": text, **values}
        return self._command("POST", f"teams/{team}/actions", body, once=once)

    def change_action(self, pk: int, *, only_as_read: bool = False, **values: Any) -> Row:
        """With `only_as_read`, raises ChangedMeanwhile if it is not as `action` read it last."""
        path = f"actions/{pk}"
        return self._command("PATCH", path, values, etag=self._read[path] if only_as_read else None)

    def record(
        self, team: str, metric: str, month: str, value: float, *, link: str = "", framework: str | None = None
    ) -> Row:
        """The figure of a month such as 2026-10; `framework` is the key of the one that defines the metric."""
        path = self._figure(team, metric, month, framework)
        return self._command("PUT", path, {"value": value, "link": link})

    def remove_figure(self, team: str, metric: str, month: str, *, framework: str | None = None) -> None:
        self._command("DELETE", self._figure(team, metric, month, framework))

    @staticmethod
    def _figure(team: str, metric: str, month: str, framework: str | None) -> str:
        path = f"teams/{team}/metrics/{urllib.parse.quote(metric, safe='')}/{month}"
        return f"{path}?{urllib.parse.urlencode({'framework': framework})}" if framework else path

    def add_unit(self, name: str, *, parent: int | None = None, once: str | None = None) -> Row:
        return self._command("POST", "units", {"name": name, "parent": parent}, once=once)

    def change_unit(self, pk: int, **values: Any) -> Row:
        """`values` are name and parent."""
        return self._command("PATCH", f"units/{pk}", values)

    def remove_unit(self, pk: int) -> None:
        self._command("DELETE", f"units/{pk}")

    def add_manager(self, unit: int, email: str, *, name: str = "") -> Row:
        return self._command("POST", f"units/{unit}/managers", {"email": email, "name": name})

    def remove_manager(self, unit: int, membership: int) -> None:
        self._command("DELETE", f"units/{unit}/managers/{membership}")

    def add_team(self, name: str, *, unit: int, once: str | None = None, **values: Any) -> Row:
        """`values` are about and time_zone."""
        return self._command("POST", "teams", {"name": name, "unit": unit, **values}, once=once)

    def change_team(self, pk: str, **values: Any) -> Row:
        """`values` are name, unit, about and time_zone."""
        return self._command("PATCH", f"teams/{pk}", values)

    def add_member(self, team: str, email: str, *, name: str = "", role: str = "member") -> Row:
        return self._command("POST", f"teams/{team}/memberships", {"email": email, "name": name, "role": role})

    def change_role(self, team: str, membership: int, role: str) -> Row:
        return self._command("PATCH", f"teams/{team}/memberships/{membership}", {"role": role})

    def remove_member(self, team: str, membership: int) -> None:
        self._command("DELETE", f"teams/{team}/memberships/{membership}")

    def draft_round(self, name: str, *, edition: str, opens: str, due: str, **values: Any) -> Row:
        """`values` are unit, questionnaire, repeats, anonymous, leeway and message."""
        body = {"name": name, "edition": edition, "opens": opens, "due": due, **values}
        return self._command("POST", "rounds", body)

    def change_round(self, pk: str, **values: Any) -> Row:
        return self._command("PATCH", f"rounds/{pk}", values)

    def discard_round(self, pk: str) -> None:
        self._command("DELETE", f"rounds/{pk}")

    def start_round(self, pk: str, teams: list[str]) -> Row:
        return self._command("POST", f"rounds/{pk}/start", {"teams": teams})

    def extend_round(self, pk: str, due: str) -> int:
        """In how many teams the due date was changed."""
        return int(self._command("POST", f"rounds/{pk}/extend", {"due": due})["teams"])

    def remind_round(self, pk: str, *, only_leads: bool = False) -> int:
        """In how many teams somebody is reminded."""
        return int(self._command("POST", f"rounds/{pk}/remind-leads" if only_leads else f"rounds/{pk}/remind")["teams"])

    def close_round(self, pk: str) -> Row:
        return self._command("POST", f"rounds/{pk}/close")

    def add_webhook(self, name: str, *, kind: str, address: str, happenings: list[str], team: str | None = None) -> Row:
        """Of a team, or else of the organisation. Keep its `secret`: it is shown this once."""
        body = {"name": name, "kind": kind, "address": address, "happenings": happenings}
        return self._command("POST", f"teams/{team}/webhooks" if team else "webhooks", body)

    def change_webhook(self, pk: str, **values: Any) -> Row:
        """`values` are name, address and happenings."""
        return self._command("PATCH", f"webhooks/{pk}", values)

    def remove_webhook(self, pk: str) -> None:
        self._command("DELETE", f"webhooks/{pk}")

    def turn_webhook(self, pk: str, *, on: bool) -> Row:
        return self._command("POST", f"webhooks/{pk}/on" if on else f"webhooks/{pk}/off")

    def test_webhook(self, pk: str) -> Row:
        return self._command("POST", f"webhooks/{pk}/test")

    def send_again(self, webhook: str, delivery: int) -> Row:
        return self._command("POST", f"webhooks/{webhook}/deliveries/{delivery}/again")

    def push_checks(self, team: str, *, framework: str, facts: list[dict[str, Any]], once: str | None = None) -> Row:
        """Up to 500 facts: criterion, source, outcome, and perhaps value, link, observed_at, valid_until."""
        return self._command("POST", f"teams/{team}/checks", {"framework": framework, "facts": facts}, once=once)

    def push_report(self, team: str, *, kind: str, once: str | None = None, **report: Any) -> Row:
        """`kind` is scorecard, sarif or junit; `report` is framework, text, map, source, link, valid_days."""
        return self._command("POST", f"teams/{team}/reports?kind={urllib.parse.quote(kind)}", report, once=once)

    def import_framework(self, text: str, *, name: str = "framework.yaml") -> Row:
        return self._command("POST", "frameworks/import", {"text": text, "name": name})

    # ------------------------------------------------------------------ requests

    def _get(self, path: str) -> Row:
        return self._ask("GET", path)

    def _list(self, path: str, **filters: str | None) -> Iterator[Row]:
        """Every row, whatever number of parts they come in."""
        query: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
        query["limit"] = 200
        while True:
            part = self._ask("GET", f"{path}?{urllib.parse.urlencode(query)}")
            yield from part["items"]
            if part["next"] is None:
                return
            query["after"] = part["next"]

    def _command(
        self, method: str, path: str, body: Any = None, *, once: str | None = None, etag: str | None = None
    ) -> Row:
        headers = {"Idempotency-Key": once or str(uuid.uuid4())}
        if etag is not None:
            headers["If-Match"] = etag
        return self._ask(method, path, body, headers)

    def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Row:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self._key}", "Accept": "application/json", **(headers or {})}
        if data is not None:
            sent["Content-Type"] = "application/json"
        # Whoever makes the client says which address it asks.
        request = urllib.request.Request(self._base + path, data, sent, method=method)  # noqa: S310
        for tries_left in reversed(range(self.TRIES)):
            pause = 1.0
            try:
                with self._opener.open(request, timeout=self.TIMEOUT) as response:
                    self._read[path] = response.headers.get("ETag", "")
                    text = response.read()
                    return json.loads(text) if text else {}
            except urllib.error.HTTPError as error:
                if not tries_left or error.code not in {429, 503}:
                    raise _refusal(error) from None
                pause = float(error.headers.get("Retry-After") or pause)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if not tries_left:
                    raise
            time.sleep(pause)
        raise AssertionError("every try ends above")


def _refusal(error: urllib.error.HTTPError) -> MaturityError:
    try:
        said = json.loads(error.read())
    except ValueError:
        said = {}
    kind = ChangedMeanwhile if error.code == 412 else MaturityError
    return kind(error.code, str(said.get("detail") or error.reason), said.get("errors", []))


#: What the command line can list.
LISTS = ("people", "units", "teams", "frameworks", "editions", "assessments", "results", "targets", "actions", "rounds")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Prints rows of Maturity as JSON, one a line.")
    parser.add_argument("what", choices=LISTS)
    parser.add_argument("--team")
    chosen = parser.parse_args(arguments)
    maturity = Maturity(os.environ["MATURITY_URL"], os.environ["MATURITY_KEY"])
    filters = {"team": chosen.team} if chosen.team else {}
    try:
        for row in getattr(maturity, chosen.what)(**filters):
            print(json.dumps(row, ensure_ascii=False))
    except MaturityError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
