"""The people: they do one thing after the other, and again whatever did not seem to arrive."""

import http.client
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

ONCE = re.compile(r'name="once" value="([^"]+)"')
TOKEN = "a" * 32
#: Seconds after which somebody tries again.
AGAIN = 1.0
#: Seconds after which nobody tries any more.
PATIENCE = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    location: str
    text: str


@dataclass(slots=True)
class Told:
    """What people were told is done, and what they met on the way there."""

    answers: dict[tuple[str, str, int], str] = field(default_factory=dict)
    #: Address of an assessment by (team, number of its turn), of a result by assessment.
    started: dict[tuple[str, int], str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)
    #: Actions that were not in a file that was asked for after they had been saved.
    not_read_back: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    #: (seconds since the beginning, what was seen instead of an answer).
    troubles: list[tuple[float, str]] = field(default_factory=list)
    longest_wait: float = 0.0
    unfinished: list[str] = field(default_factory=list)
    requests: Counter = field(default_factory=Counter)


class GaveUp(Exception):
    """Somebody tried for `PATIENCE` seconds."""


class Turn:
    """What the people of a team share: its open assessment, and who has answered everything."""

    def __init__(self) -> None:
        self.assessment, self.finished = "", set[str]()
        self.changed = threading.Condition()


class Person(threading.Thread):
    """One browser with a session. Ends after what it is doing, once `ends` is set."""

    def __init__(
        self, port: int, who: dict, told: Told, begun: float, ends: threading.Event, pause: tuple[float, float]
    ):
        super().__init__(name=who["user"], daemon=True)
        self.port, self.who, self.told, self.begun, self.ends, self.pause = port, who, told, begun, ends, pause
        self.cookies = {"sessionid": who["session"], "csrftoken": TOKEN}
        self.random = random.Random(who["user"])
        self.connection: http.client.HTTPConnection | None = None

    def rest(self) -> bool:
        """Whether there is still time after a pause."""
        return not self.ends.wait(self.random.uniform(*self.pause))

    def ask(self, method: str, path: str, form: dict | None = None) -> Reply | None:
        """One request; None if nothing whole came back."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.cookies["csrftoken"],
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if path.endswith("/save/") or "/to/" in path:
            headers["HX-Request"] = "true"
        started = time.monotonic()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connection.request(method, path, urlencode(form) if form else None, headers)
            response = self.connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.connection = None
            self.told.troubles.append((started - self.begun, type(error).__name__))
            return None
        self.told.seconds.append(time.monotonic() - started)
        self.told.requests[response.status] += 1
        self.keep_cookies(response)
        return Reply(status=response.status, location=response.headers.get("Location") or "", text=text)

    def keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or []:
            if found := re.match(r"([^=]+)=([^;]*)", line):
                self.cookies[found[1]] = found[2]

    def until_done(self, method: str, path: str, form: dict | None = None, good: tuple[int, ...] = (200, 302)) -> Reply:
        """Asks until the server says that it is done. Somebody who is told otherwise tells it in `troubles`."""
        started = time.monotonic()
        while True:
            reply = self.ask(method, path, form)
            if reply and reply.status in good and not reply.location.startswith("/sign-in"):
                self.told.longest_wait = max(self.told.longest_wait, time.monotonic() - started)
                return reply
            if reply:
                self.told.troubles.append((time.monotonic() - self.begun, f"{reply.status} {method} {kind(path)}"))
            if time.monotonic() - started > PATIENCE:
                raise GaveUp(f"{method} {path}: {reply and reply.status}")
            time.sleep(AGAIN)

    def fill_in(self, path: str, form: dict) -> Reply:
        """Opens the page of a form and sends it; sent again, it has the token of the page that was opened."""
        page = self.until_done("GET", path)
        (once,) = set(ONCE.findall(page.text))
        return self.until_done("POST", path, {**form, "once": once})

    def run(self) -> None:
        try:
            self.work()
        except GaveUp as error:
            self.told.unfinished.append(str(error))
        except Exception as error:
            self.told.unfinished.append(repr(error))
            raise

    def work(self) -> None:
        raise NotImplementedError


def kind(path: str) -> str:
    """An address without what is in it."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|\?.*", "…", path)


class Member(Person):
    """Answers all questions of each assessment, some of them twice."""

    def __init__(self, *args, turn: Turn, saves: list[tuple[str, int]]):
        super().__init__(*args)
        self.turn, self.saves = turn, saves

    def work(self) -> None:
        done = ""
        while self.rest():
            assessment = self.turn.assessment
            if assessment and assessment != done and self.answer(assessment):
                done = assessment

    def answer(self, assessment: str) -> bool:
        """Whether everything was answered."""
        base = f"/assessments/{assessment}/answer/"
        self.until_done("GET", base)
        for n, (dimension, criterion) in enumerate(self.saves * 2 if self.random.random() < 0.3 else self.saves):
            if not self.rest():
                return False
            code = self.random.choice("NPLF")
            form = {
                "code": code,
                "page": f"{self.name}-{assessment}"[:40],
                "sequence": n + 1,
                "version": n // len(self.saves),
            }
            self.until_done("POST", f"{base}to/{dimension}/{criterion}/", form | {"who": self.who["user"]}, good=(200,))
            self.told.answers[assessment, self.name, criterion] = code
        self.until_done("POST", f"{base}submit/")
        with self.turn.changed:
            self.turn.finished.add(self.name)
            self.turn.changed.notify_all()
        return True


class Lead(Person):
    """Starts assessments and closes them; plans an action beside each, and reads it back from a file."""

    def __init__(self, *args, turn: Turn, members: int, edition: str, criterion: str, framework: str):
        super().__init__(*args)
        self.turn, self.members, self.edition, self.criterion, self.framework = (
            turn,
            members,
            edition,
            criterion,
            framework,
        )

    def work(self) -> None:
        team, number = self.who["team"], 0
        while self.rest():
            number += 1
            form = {
                "edition": self.edition,
                "date": date.today().isoformat(),
                "questionnaire": "full",
                "rule": "largely",
            }
            place = f"/teams/{team}/assessments/new/?edition={self.edition}"
            assessment = self.fill_in(place, form | {"anonymous": "no"}).location.split("/")[2]
            self.told.started[team, number] = assessment
            self.turn.finished, self.turn.assessment = set(), assessment
            while len(self.turn.finished) < self.members:
                if not self.rest():
                    return
                self.plan(team, number)
                self.until_done("GET", f"/assessments/{assessment}/participation/", good=(200, 204))
            result = self.until_done("POST", f"/assessments/{assessment}/close/").location
            self.told.closed[assessment] = result
            self.until_done("GET", result)
            self.until_done("GET", f"/teams/{team}/")

    def plan(self, team: str, number: int) -> None:
        if self.random.random() > 0.2:
            return
        text = f"Action {len(self.told.actions)} of {self.name} {self.random.randrange(10**9)}"
        form = {"text": text, "status": "open"}
        self.fill_in(f"/teams/{team}/actions/new/{self.criterion}/?framework={self.framework}", form)
        self.told.actions.add(text)
        file = self.until_done("GET", f"/teams/{team}/export/?format=csv&sheet=actions")
        if text not in file.text:
            self.told.not_read_back.append(text)


class Reader(Person):
    """Looks at what belongs to everybody."""

    PAGES = ("/", "/portfolio/", "/plan/", "/teams/", "/portfolio/export/?format=csv")

    def work(self) -> None:
        while self.rest():
            self.until_done(
                "GET", self.random.choice(["/", "/portfolio/", "/plan/", "/teams/", "/portfolio/export/?format=csv"])
            )
