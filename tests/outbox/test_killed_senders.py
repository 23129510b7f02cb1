"""Senders that are killed at any step: no mail is lost, none comes three times, and no link in any of them is dead."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from assessments.models import Mail, PasswordRequest

from .. import toy
from ..factories import make_membership, make_team, make_user
from ..models.test_races import environment
from ..servers import ROOT
from ..smtp_sink import Sink, smtp_sink, text_of

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
SITE_URL = "http://127.0.0.1:8000"
KILLS = 26


@dataclass
class Killer:
    """Kills the process that talks to the sink when it has come so many steps far."""

    sink: Sink
    steps_left: int = 0
    process: subprocess.Popen | None = None
    #: The steps at which processes died, and the mails that were handed over at that moment.
    died_at: Counter = field(default_factory=Counter)
    in_doubt: set[str] = field(default_factory=set)
    has_process: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.sink.at_step = self.step

    def step(self, name: str) -> None:
        self.has_process.wait()
        self.steps_left -= 1
        if self.process is None or self.steps_left != 0:
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.died_at[name] += 1
        if name in {"text", "taken"}:
            self.in_doubt.add(self.sink.taken[-1]["Message-ID"])

    def send(self, *, kill_after: int) -> bool:
        """Runs one sender; whether it lived to its end."""
        self.has_process.clear()
        self.steps_left = kill_after
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "manage.py", "send_due"],
            cwd=ROOT,
            # With the key of this process, which tries the links.
            env={
                **environment(),
                "SECRET_KEY": settings.SECRET_KEY,
                "EMAIL_URL": self.sink.url,
                "SITE_URL": SITE_URL,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.has_process.set()
        output, _ = self.process.communicate(timeout=600)
        assert self.process.returncode in {0, -signal.SIGKILL}, output
        return self.process.returncode == 0


def later() -> None:
    """What a dead process left is taken up again; as if the time had passed after which that happens."""
    long_ago = timezone.now() - timedelta(hours=1)
    Mail.objects.exclude(claimed_at=None).update(claimed_at=long_ago)
    Mail.objects.filter(state=Mail.State.WAITING).update(not_before=long_ago)


def queue_mails(number: int) -> set[str]:
    """So many mails of every kind; to whom."""
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    emails = [f"guest{n}@example.org" for n in range(number)]
    for start, anonymous in ((0, False), (1, True)):
        assessment = toy.start(team=team, by=lead, anonymous=anonymous)
        assessment.invite(by=lead, addresses=emails[start::3])
    for n, email in enumerate(emails[2::3]):
        user = make_user(email=email)
        if n % 2:
            PasswordRequest.objects.note(email)
        else:
            user.hand_over_link(shown_to=user)
    return set(emails)


def links_in(text: str) -> list[str]:
    return re.findall(rf"{SITE_URL}(/(?:i|password)/\S+)", text)


def test_killed_at_any_step(client, settings):
    settings.MAIL_ENABLED = True
    chance = random.Random(os.environ.get("KILLER", "seed"))
    with smtp_sink() as sink:
        killer = Killer(sink)
        emails = queue_mails(42)
        while sum(killer.died_at.values()) < KILLS:
            # Few steps, so that the mails outlast the kills. The last steps of a mail are the ones that matter.
            assert not killer.send(kill_after=chance.choice([1, 3, 4, 5, 6, 6, 7, 7, 7, 11, 12, 12])), (
                "No mail is left."
            )
            later()
        assert killer.send(kill_after=0)
        while Mail.objects.due().exists():
            assert killer.send(kill_after=0)

    copies = Counter(message["Message-ID"] for message in sink.taken)
    twice = {key for key, number in copies.items() if number > 1}
    given_up = Mail.objects.filter(state=Mail.State.FAILED)
    never = emails - {message["To"] for message in sink.taken}
    dead = [link for message in sink.taken for link in links_in(text_of(message)) if dead_link(client, link)]
    print(
        f"\n{len(emails)} mails, {KILLS} kills {dict(killer.died_at)}: {len(sink.taken)} arrived, {len(twice)} twice, "
        f"{sum(number > 2 for number in copies.values())} more often, {len(dead)} dead links, "
        f"{len(never)} never, {given_up.count()} given up"
    )
    assert max(copies.values()) <= 2
    assert twice <= killer.in_doubt
    assert all(len(links_in(text_of(message))) == 1 for message in sink.taken)
    assert dead == []
    # A mail that was in doubt twice is given up, and shown; it arrived, or that could not be known.
    assert set(given_up.values_list("problem", flat=True)) <= {Mail.Problem.INTERRUPTED}
    assert never <= {mail.email for mail in given_up}
    assert not Mail.objects.filter(state=Mail.State.WAITING).exists()


def dead_link(client, link: str) -> bool:
    return client.get(link, follow=True).status_code != 200
