"""A live room: 30 phones and one shared screen for a minute, as browsers do it.

Phones ask every 2 seconds for what is new and vote some seconds after a question appears; the screen asks every second,
shows the votes once all are in, decides, and goes on to the next question.
"""

import gzip
import html
import random
import re
import threading
import time
from dataclasses import dataclass, field

from .many import Client, Many

PHONES, SECONDS = 30, 60.0
PHONE_POLL, SCREEN_POLL = 2.0, 1.0
#: In milliseconds: of any poll, and from a stored vote until the screen counts it.
GOAL, SEEN_WITHIN = 60.0, 2000.0
#: Between a question on a phone and the vote on it.
THINKING = (0.5, 7.0)


@dataclass(slots=True)
class Meeting(Many):
    """Besides: when each vote on the present question was stored, and how long each took until the screen had it."""

    times: dict[str, list[float]] = field(
        default_factory=lambda: {"vote": [], "poll": [], "screen": [], "facilitator": []}
    )
    lock: threading.Lock = field(default_factory=threading.Lock)
    stored: dict[str, list[float]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)

    def vote_is_stored(self, place: str):
        with self.lock:
            self.stored.setdefault(place, []).append(time.perf_counter())

    def screen_counts(self, place: str, number: int):
        """The delays of the votes that the screen counts now for the first time."""
        now = time.perf_counter()
        with self.lock:
            stored = self.stored.get(place, [])
            before = self.counted.get(place, 0)
            # A vote may be counted before its own response has arrived: that one was seen at once.
            seen = stored[before:number]
            self.delays += [(now - at) * 1000 for at in seen] + [0.0] * (number - before - len(seen))
            self.counted[place] = max(before, number)


def read(body: bytes) -> str:
    """A page as text; all but the smallest come compressed."""
    return (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode()


def place_in(body: str) -> tuple[str, dict[str, str]]:
    """The question and round that a page shows, as one word and as the fields of its forms."""
    found = {name: re.search(rf'name="{name}" value="(\d+)"', body) for name in ("criterion", "round")}
    fields = {name: match[1] for name, match in found.items() if match}
    return "-".join(fields.values()), fields


class Phone(Client):
    def __init__(self, *args, base: str, number: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.base, self.random = f"{base}live/vote/", random.Random(number)  # noqa: S311 - pauses

    def work(self):
        meeting = self.many
        assert isinstance(meeting, Meeting)
        going = self.wait(self.begin + self.random.uniform(0, PHONE_POLL) - time.time())
        _status, body = self.ask("poll", "GET", self.base)
        place, vote_at, seen = "", 0.0, ""
        fields: dict[str, str] = {}
        while going:
            text = read(body)
            if mark := re.search(r"seen=([\d.]+)", text):
                seen = mark[1]
            if 'class="ballots"' in text and place_in(text)[0] != place:
                place, fields = place_in(text)
                vote_at = time.time() + self.random.uniform(*THINKING)
            if vote_at and time.time() + PHONE_POLL > vote_at:
                self.wait(vote_at - time.time())
                form = {**fields, "code": self.random.choice("NPLF")}
                _status, body = self.ask("vote", "POST", self.base, form)
                meeting.vote_is_stored(place)
                vote_at = 0.0
                continue
            going = self.wait(PHONE_POLL)
            if going:
                status, body = self.ask("poll", "GET", f"{self.base}now/?seen={seen}", expect=(200, 204))
                meeting.unchanged += status == 204


class Facilitator(Client):
    def __init__(self, *args, base: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.base = f"{base}live/"

    def work(self):
        meeting = self.many
        assert isinstance(meeting, Meeting)
        going = self.wait(self.begin - time.time())
        _status, body = self.ask("facilitator", "GET", self.base)
        while going:
            text = html.unescape(read(body))
            place, fields = place_in(text)
            seen = re.search(r"seen=([\d.]+)", text)
            if voted := re.search(r"(\d+) of \d+ have voted", text):
                meeting.screen_counts(place, int(voted[1]))
                if int(voted[1]) >= PHONES:
                    _status, body = self.ask("facilitator", "POST", f"{self.base}reveal/", fields)
                    self.wait(1.0)
                    form = {"code": "L", "revision": "0"}
                    _status, body = self.ask("facilitator", "POST", f"{self.base}decide/{fields['criterion']}/", form)
                    continue
            going = self.wait(SCREEN_POLL)
            if going and seen:
                path = f"{self.base}now/?seen={seen[1]}"
                status, fresh = self.ask("screen", "GET", path, expect=(200, 204))
                meeting.unchanged += status == 204
                body = fresh if status == 200 else body


def measure(port: int, people: list[dict], *, seconds: float = SECONDS) -> dict:
    """`people` are those of one assessment with a room, the lead first, as `seed` makes them."""
    meeting, plan = Meeting(), {"begin": time.time() + 1.5, "seconds": seconds}
    base = "/".join(people[0]["page"].split("/")[:3]) + "/"
    clients: list[Client] = [
        Phone(port, made["cookie"], meeting, base=base, number=n, **plan) for n, made in enumerate(people[1:])
    ]
    clients.append(Facilitator(port, people[0]["cookie"], meeting, base=base, **plan))
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    polls = sorted(meeting.times["poll"] + meeting.times["screen"])
    delays = sorted(meeting.delays)
    return {
        **meeting.figures(),
        "questions": sum(number >= PHONES for number in meeting.counted.values()),
        "polls p95": round(polls[int(len(polls) * 0.95)], 1),
        "votes seen": len(delays),
        "seen after at most": round(delays[-1]) if delays else None,
    }


def goals(figures: dict) -> dict[str, tuple[str, bool]]:
    polls, seen = figures["polls p95"], figures["seen after at most"]
    return {
        f"{PHONES} phones in a live room: p95 of a poll under {GOAL:g} ms": (f"{polls:.0f}", polls < GOAL),
        f"{PHONES} phones in a live room: every vote on the screen within {SEEN_WITHIN / 1000:g} s": (
            f"{seen} ms",
            seen is not None and seen < SEEN_WITHIN,
        ),
        f"{PHONES} phones in a live room: no error": (str(figures["errors"]), not figures["errors"]),
    }


def print_figures(figures: dict):
    print(f"\n{PHONES} phones in a live room for {SECONDS:g} s, and the shared screen")
    for kind in ("vote", "poll", "screen", "facilitator"):
        each = figures[kind]
        print(f"  {kind:12}{each['number']:6} requests, p50 {each['p50']:6.1f} ms, p95 {each['p95']:6.1f} ms")
    print(
        f"  {figures['questions']} questions decided; {figures['votes seen']} votes, the last of them on the screen "
        f"after {figures['seen after at most']} ms; {figures['unchanged']} polls answered 204; "
        f"{figures['errors']} errors {figures['first errors'] or ''}"
    )
