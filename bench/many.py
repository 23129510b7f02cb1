"""A whole team at once: 50 people in one assessment for a minute, and the lead who follows.

Everybody saves an answer every 2 to 4 seconds and opens a page with every tenth save; the lead's page asks every 5
seconds who has answered. The pauses are part of the load, so clients are threads: they mostly wait.
"""

import http.client
import random
import re
import statistics
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from .load import headers

PEOPLE, SECONDS, POLL = 50, 60.0, 5.0
GOAL = 250.0


@dataclass(slots=True)
class Many:
    """Times in milliseconds by kind of request, and everything that was not as it should be."""

    times: dict[str, list[float]] = field(default_factory=lambda: {"save": [], "page": [], "poll": []})
    unchanged: int = 0
    errors: list[str] = field(default_factory=list)

    def figures(self) -> dict:
        """Number, median and 95th percentile by kind, polls answered 204, and errors."""
        told = {
            kind: {
                "number": len(times),
                "p50": round(statistics.median(times), 1),
                "p95": round(sorted(times)[int(len(times) * 0.95)], 1),
            }
            for kind, times in self.times.items()
        }
        return {**told, "unchanged": self.unchanged, "errors": len(self.errors), "first errors": self.errors[:3]}


class Client(threading.Thread):
    """One browser: a connection that is kept, one request after the other."""

    def __init__(self, port: int, cookie: str, many: Many, *, begin: float, seconds: float):
        super().__init__()
        self.cookie, self.many, self.begin, self.end = cookie, many, begin, begin + seconds
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def run(self):
        try:
            self.work()
        except (OSError, http.client.HTTPException) as error:
            self.many.errors.append(repr(error))

    def work(self):
        raise NotImplementedError

    def wait(self, seconds: float) -> bool:
        """Whether there is still time after a pause."""
        time.sleep(max(0.0, seconds))
        return time.time() < self.end

    def ask(self, kind: str, method: str, path: str, form: dict | None = None, expect=(200,)) -> tuple[int, bytes]:
        started = time.perf_counter()
        self.connection.request(method, path, urlencode(form) if form else None, headers(self.cookie))
        response = self.connection.getresponse()
        body = response.read()
        self.many.times[kind].append((time.perf_counter() - started) * 1000)
        if response.status not in expect:
            self.many.errors.append(f"{kind}: {response.status}")
        return response.status, body


class Person(Client):
    def __init__(self, *args, made: dict, number: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.made, self.number, self.random = made, number, random.Random(number)  # noqa: S311 - pauses

    def work(self):
        going, count = self.wait(self.begin + self.random.uniform(0, 3) - time.time()), 0
        while going:
            count += 1
            form = {"code": self.random.choice("NPLF"), "page": f"many-{self.number}", "sequence": count}
            form |= {"version": 0, "who": self.made["user"]}
            self.ask("save", "POST", self.made["saves"][count % len(self.made["saves"])], form)
            if count % 10 == 0:
                self.ask("page", "GET", self.made["page"])
            going = self.wait(self.random.uniform(2, 4))


class Lead(Client):
    """The page of the lead, as htmx keeps it up to date."""

    def __init__(self, *args, path: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.path, self.seen = f"{path}participation/", ""

    def work(self):
        going = self.wait(self.begin - time.time())
        while going:
            status, body = self.ask("poll", "GET", f"{self.path}?seen={self.seen}", expect=(200, 204))
            self.many.unchanged += status == 204
            if found := re.search(rb"seen=([\w-]+)", body):
                self.seen = found[1].decode()
            going = self.wait(POLL)


def measure(port: int, together: list[dict], *, seconds: float = SECONDS) -> dict:
    """`together` are people of one assessment, the lead first, as `seed` makes them."""
    many, plan = Many(), {"begin": time.time() + 1.5, "seconds": seconds}
    base = "/".join(together[0]["page"].split("/")[:3]) + "/"
    clients: list[Client] = [
        Person(port, made["cookie"], many, made=made, number=n, **plan) for n, made in enumerate(together)
    ]
    clients.append(Lead(port, together[0]["cookie"], many, path=base, **plan))
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return many.figures()


def goals(figures: dict) -> dict[str, tuple[str, bool]]:
    p95 = figures["save"]["p95"]
    return {
        f"{PEOPLE} people at once: p95 of a save under {GOAL:g} ms": (f"{p95:.0f}", p95 < GOAL),
        f"{PEOPLE} people at once: no error": (str(figures["errors"]), not figures["errors"]),
    }


def print_figures(figures: dict):
    print(f"\n{PEOPLE} people in one assessment for {SECONDS:g} s, and the lead who follows")
    for kind in ("save", "page", "poll"):
        each = figures[kind]
        print(f"  {kind:8}{each['number']:6} requests, p50 {each['p50']:6.1f} ms, p95 {each['p95']:6.1f} ms")
    print(f"  {figures['unchanged']} polls answered 204; {figures['errors']} errors {figures['first errors'] or ''}")
