"""Votes below four change nothing that anybody can see: two anonymous assessments that differ in them alone are told
apart by no page, no file, no result and no entry of the journal, from the opening to the second closing."""

import datetime
import io
import random
import re
import zipfile
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.db import transaction
from django.test import Client

from assessments.models import (
    Action,
    Answer,
    Assessment,
    CriterionResult,
    Event,
    Membership,
    PartResult,
    Reopening,
    Result,
    Review,
    Target,
)

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow(seconds=150), pytest.mark.any_database]

PERSONAS = ["admin", "manager", "lead", "member", "viewer", "outsider", "nobody"]

#: What counts in both assessments: five of seven people vote on each of these, and the last one on none of them.
COUNTING = ["x1", "x2", "y2", "y3"]
FEW = ["x3", "x4", "y1", "y4"]
MAY_NOT_APPLY = ["x3", "y4"]
PEOPLE = 7

#: Made anew for each answer of the server: tokens against forgery, and the marks of a page.
#: The number of a request on the page of an error, and the moment of a file, are another one each time as well.
VOLATILE = re.compile(
    r'name="(?:csrfmiddlewaretoken|pledge|once|page)" value="[^"]*"|X-CSRFToken[^,}]*|say this number: [0-9a-f]+'
    r"|DTSTAMP:[0-9TZ]+"
)
LINK = re.compile(r'(?:href|hx-get)="([^"#]*)')


def counting_votes(rng: random.Random) -> list[dict[str, str]]:
    """What everybody says of the criteria that count; `DK` is no vote."""
    said: list[dict[str, str]] = [{} for _ in range(PEOPLE)]
    for key in COUNTING:
        codes = [*rng.choices("NPLF", k=5), "DK"]
        rng.shuffle(codes)
        for person, code in zip(said, [*codes, "DK"], strict=True):
            person[key] = code
    return said


def few_votes(rng: random.Random) -> list[dict[str, str]]:
    """At most three votes on each of the other criteria, and whoever does not know them."""
    said: list[dict[str, str]] = [{} for _ in range(PEOPLE)]
    for key in FEW:
        votes = rng.choices(["N", "P", "L", "F", *(["NA"] if key in MAY_NOT_APPLY else [])], k=rng.randint(0, 2))
        codes = [*votes, *rng.choices(["DK", ""], k=PEOPLE - len(votes))]
        rng.shuffle(codes)
        for person, code in zip(said, codes, strict=True):
            if code:
                person[key] = code
    # Somebody votes on nothing that counts.
    said[-1]["x4"] = rng.choice("NPLF")
    return said


class World:
    """A team with an earlier result, and an anonymous assessment that seven people answer."""

    def __init__(self, counting: list[dict[str, str]]):
        unit = make_unit(name="Unit")
        self.team = make_team(unit=unit, name="Team")
        self.counting = counting
        self.admin = make_user(is_administrator=True, name="Admin")
        self.manager, self.lead, self.member, self.viewer = (make_user(name=f"Nemo {n}") for n in range(4))
        make_membership(user=self.manager, unit=unit, role="manager")
        for role in ("lead", "member", "viewer"):
            make_membership(user=getattr(self, role), team=self.team, role=role)
        people = [self.lead, self.member]
        people += [make_membership(team=self.team).user for _ in range(PEOPLE - 2)]
        self.outsider = make_user(name="Outsider")
        make_membership(user=self.outsider, team=make_team(name="Other"), role="lead")
        self.edition = toy.make_edition()
        self.edition.make_draft(by=self.admin)
        earlier = toy.start(team=self.team, by=self.lead, edition=self.edition, date=datetime.date(2026, 3, 3))
        toy.rate(earlier, self.lead, "F F L N F F L N")
        earlier.close(by=self.lead)
        known = {"team": self.team, "framework": self.edition.framework, "by": self.lead}
        for level, part in ((2, ""), (3, "X"), (2, "Y")):
            Target.objects.set(**known, level=level, dimension=part, due=datetime.date(2099, 1, 1), why="To try.")
        for key in ("x3", "y3"):
            Action.objects.plan(**known, criterion=key, text="Do it.")
        self.assessment = toy.start(team=self.team, by=self.lead, edition=self.edition, anonymous=True)
        self.guests = [toy.member_by_link(self.assessment, user) for user in people]

    def persona(self, name: str):
        return None if name == "nobody" else getattr(self, name)

    def answer(self, few: list[dict[str, str]]):
        contents = self.edition.contents
        for number, guest in enumerate(self.guests):
            for key, code in {**self.counting[number], **few[number]}.items():
                is_few = key in FEW
                answer = Answer(
                    code=code,
                    reason="Not here." if code == "NA" else "",
                    comment=f"Words of few on {key}, {code}." if is_few else f"Words on {key}.",
                )
                mark = toy.mark(page=f"page-{number}")
                self.assessment.save_rating(
                    by=guest, criterion=contents.criterion_by_key[key], answer=answer, mark=mark
                )
            # Both symptoms are answered, the second by as many as the criteria of few votes are.
            found = {contents.symptoms[0]: number % 2 == 0}
            if few[number].get("x4", "DK") != "DK":
                found[contents.symptoms[1]] = few[number]["x4"] in "NP"
            self.assessment.save_symptoms(by=guest, answers=found)
            self.assessment.submit(by=guest)
        self.assessment.refresh_from_db()

    def criterion(self, key: str):
        return self.edition.contents.criterion_by_key[key]


class Onlooker:
    """Follows every link that a persona is shown, and keeps what each address answers."""

    def __init__(self, world: World):
        self.world = world
        self.names = {str(result.pk): f"result-{n}" for n, result in enumerate(self._results())}

    def _results(self):
        return Result.objects.filter(team=self.world.team).order_by("date", "generation")

    def pages(self, *, everywhere: bool) -> dict[tuple[str, str], str]:
        """Of each persona all that links lead to, or only what is about the assessment itself."""
        self._stop_the_clock()
        return {
            (persona, self._named(url)): text
            for persona in PERSONAS
            for url, text in self._crawled(persona, everywhere).items()
        }

    def _stop_the_clock(self):
        """Sets every instant that a page shows to one that is the same in both assessments."""
        noon = datetime.datetime(2026, 10, 20, 12, tzinfo=datetime.UTC)
        # Everybody was in the team before.
        Membership.objects.update(reads_comments_since=None)
        Assessment.objects.filter(closed_at__isnull=False).update(closed_at=noon)
        for result in Result.objects.all():
            then = noon + datetime.timedelta(hours=result.generation)
            Result.objects.filter(pk=result.pk).update(created_at=then)
        Reopening.objects.update(at=noon)
        Review.objects.update(since=noon)

    def _crawled(self, persona: str, everywhere: bool) -> dict[str, str]:
        client = Client()
        if user := self.world.persona(persona):
            client.force_login(user)
        team, assessment, waiting = self.world.team.pk, self.world.assessment.pk, []
        if persona == "nobody" and not self.world.assessment.is_open:
            # The holder of a link; before answering has ended, they see their own answers there.
            token = self.world.guests[0].token
            waiting += [
                f"/i/{token}/{page}/" for page in ("answer", "answer/done", "answer/to/X", "review", "review/now")
            ]
        own = ["", "close/", "end/", "discard/", "reopen/", "invite/", "participation/?seen="]
        own += ["review/", "review/?follow", "review/now/"]
        waiting += [f"/assessments/{assessment}/{page}" for page in own]
        if everywhere:
            waiting += ["/teams/", "/portfolio/", f"/teams/{team}/"]
            waiting += [f"/teams/{team}/what-if/?level=2", f"/teams/{team}/what-if/?level=3&part=Y&c1=F&c5=N"]
            waiting += [f"/results/{result.pk}/" for result in self._results()]
            waiting += [f"/admin/assessments/assessment/{page}" for page in ("", f"{assessment}/change/")]
            waiting += [f"/admin/assessments/result/{result.pk}/change/" for result in self._results()]
        pages: dict[str, str] = {}
        while waiting:
            url = waiting.pop()
            if url in pages:
                continue
            response = client.get(url)
            pages[url] = self._text(response)
            if everywhere and response.headers["Content-Type"].startswith("text/html"):
                links = [urljoin(url, unescape(link)) for link in LINK.findall(pages[url])]
                waiting += filter(self._is_of_interest, links)
        return {url: self._named(text) for url, text in pages.items()}

    @staticmethod
    def _is_of_interest(url: str) -> bool:
        parts = urlsplit(url)
        # Pages that say nothing of any answer; one's own answers are one's own.
        aside = ("/static/", "/account", "/units/", "/admin/", "/sign-", "/i/", "/frameworks/", "/password/")
        # Of lists the whole one: their orders and filters are many, and show the same rows.
        wanted = parse_qs(parts.query).keys() - {"framework"}
        is_part = bool(wanted) and (parts.path == "/portfolio/" or "/roadmap/" in parts.path)
        # A picture is drawn from the vector graphic that is followed as well.
        is_drawn = parts.path.endswith(".png")
        return not parts.netloc and not is_part and not is_drawn and not parts.path.startswith(aside)

    @staticmethod
    def _text(response) -> str:
        if response.headers["Content-Type"].endswith("sheet"):
            book = zipfile.ZipFile(io.BytesIO(response.getvalue()))
            # What else the book holds is the moment at which it was made.
            return "".join(book.read(name).decode() for name in sorted(book.namelist()) if name != "docProps/core.xml")
        text = VOLATILE.sub("", response.getvalue().decode())
        return f"{response.status_code} {response.headers.get('Location', '')}\n{text}"

    def _named(self, text: str) -> str:
        for pk, name in self.names.items():
            text = text.replace(pk, name)
        return text


def frozen(world: World) -> list:
    """Every row of every result of the assessment, but for ids and instants."""
    aside = {"id", "result_id", "created_at"}
    rows: list = []
    for result in Result.objects.filter(assessment=world.assessment).order_by("generation"):
        rows.append({k: v for k, v in Result.objects.filter(pk=result.pk).values().get().items() if k not in aside})
        for model, order in ((PartResult, ("kind", "key")), (CriterionResult, ("key",))):
            parts = model.objects.filter(result=result).order_by(*order).values()
            rows += [{k: v for k, v in part.items() if k not in aside} for part in parts]
    return rows


def journal(world: World, names: dict[str, str]) -> list:
    told = []
    for event in Event.objects.filter(assessment=world.assessment).order_by("pk"):
        data = {key: names.get(value, value) if isinstance(value, str) else value for key, value in event.data.items()}
        told.append((event.kind, event.actor_id, data))
    return told


def seen(world: World, few: list[dict[str, str]]) -> dict:
    """Everything that there is to see, phase by phase. Nothing of it is kept."""
    told: dict = {}

    def look(phase: str, *, everywhere: bool = False):
        onlooker = Onlooker(world)
        pages = onlooker.pages(everywhere=everywhere)
        told[phase] = pages, frozen(world), journal(world, onlooker.names)

    with transaction.atomic():
        assessment, lead = world.assessment, world.lead
        world.answer(few)
        look("open", everywhere=True)
        assessment.end_answering(by=lead)
        assessment.refresh_from_db()
        review = Review.objects.at(assessment)
        look("agenda")
        for key in ("x1", "x3", "y1"):
            review.turn_to(world.criterion(key), by=lead)
            look(f"review of {key}")
        review.agree(world.criterion("x3"), code="F", note="We looked.", by=lead)
        look("agreed")
        assessment.close(by=lead)
        look("closed", everywhere=True)
        assessment.refresh_from_db()
        assessment.reopen(by=lead, reason="Again.", to="review")
        assessment.refresh_from_db()
        review.agree(world.criterion("y1"), code="L", by=lead)
        review.agree(world.criterion("x3"), code="N", by=lead, seen=1)
        look("reopened")
        assessment.close(by=lead)
        look("closed again", everywhere=True)
        transaction.set_rollback(True)
    assessment.refresh_from_db()
    return told


@pytest.fixture(autouse=True)
def _in_one_order(monkeypatch):
    """Comments come in random order; here always in the same."""
    monkeypatch.setattr(random.SystemRandom, "shuffle", lambda self, items: items.sort(key=str))


def test_votes_below_four_change_nothing_that_anybody_sees():
    rng = random.Random(0)
    world = World(counting_votes(rng))
    none: list[dict[str, str]] = [{} for _ in range(PEOPLE)]
    first, *others = [seen(world, few) for few in (few_votes(rng), few_votes(rng), none)]
    for phase, (pages, results, events) in first.items():
        for other in others:
            assert other[phase][0].keys() == pages.keys(), phase
            for address, text in pages.items():
                assert other[phase][0][address] == text, (phase, address)
            assert other[phase][1:] == (results, events), phase
    assert any("Words on x1." in text for text in first["closed"][0].values())
    assert not any("Words of few" in text for pages, *_ in first.values() for text in pages.values())
