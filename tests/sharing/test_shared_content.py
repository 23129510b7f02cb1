"""A shared report shows what a viewer of the team may see, and never what is of single people or of other teams."""

import datetime
import html
import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from assessments.models import (
    Action,
    AgreedRating,
    Answer,
    Assessment,
    Result,
    SetbackReason,
    ShareLink,
    ShareTerms,
    Target,
)
from assessments.models.participation import new_token
from assessments.results.report import Standing

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NAMES = ["Zebulon Quick", "Quirin Abel", "Ottilie Brandt", "Wanda Kirsch", "Ludmila Voss"]
#: What people wrote; each of these is somewhere in the database of the world below.
WORDS = [
    "We never tried that, says Zoe.",
    "evidence.example.org",
    "There is no such model here.",
    "Noted by the loudest voice.",
    "Agreed because the boss left.",
    "Half of us had left by May.",
    "The board insists on it.",
    "Nobody had the time then.",
]
#: Other teams, with results in the same framework.
OTHERS = ["Team Elsewhere", "Team Sibling"]
FORBIDDEN = [*NAMES, *WORDS, *OTHERS, "@example.org", "Unit Elsewhere"]


def everything_said(assessment: Assessment, people) -> None:
    contents = assessment.edition.contents
    x1, x3 = contents.criterion_by_key["x1"], contents.criterion_by_key["x3"]
    keys = {criterion.key for criterion in assessment.criteria_asked()}
    for person in people:
        said = Answer(code="F", comment=WORDS[0], evidence=f"https://{WORDS[1]}/x")
        assessment.save_rating(by=person, criterion=x1, answer=said, mark=toy.mark(sequence=2))
        if "x3" in keys:
            reason = Answer(code="NA", reason=WORDS[2])
            assessment.save_rating(by=person, criterion=x3, answer=reason, mark=toy.mark(sequence=3))


class World:
    """A team that has said all there is to say, in a named, an anonymous and a short assessment."""

    def __init__(self) -> None:
        self.unit = make_unit(name="Data platform")
        self.team = make_team(unit=self.unit, name="Search ranking")
        self.people = [make_user(name=name, email=f"{name.split()[0].lower()}@example.org") for name in NAMES]
        self.lead = self.people[0]
        for person in self.people:
            make_membership(user=person, team=self.team, role="lead" if person is self.lead else "member")
        self.edition = toy.make_edition()
        for name, unit in zip(OTHERS, (make_unit(name="Unit Elsewhere"), self.unit), strict=True):
            toy.add_result(team=make_team(name=name, unit=unit), edition=self.edition, date=datetime.date(2026, 9, 1))
        toy.add_result(team=self.team, edition=self.edition, date=datetime.date(2026, 3, 1), codes="F F F F F F F F")
        self.named = self.close(["F F L N F F P N", "F P L N F F P N"])
        SetbackReason.objects.create(result=self.named, by=self.lead, text=WORDS[5])
        known = {"team": self.team, "framework": self.edition.framework, "by": self.lead}
        Target.objects.set(**known, level=3, due=datetime.date(2099, 1, 1), why=WORDS[6])
        action = Action.objects.plan(**known, criterion="y3", text="Write the runbook.")
        Action.objects.filter(pk=action.pk).update(owner=self.people[2])
        self.anonymous = self.close(["F F L N F F P N"] * 4, anonymous=True, edition=toy.make_edition())
        self.short = self.close(["F P"], questionnaire="short", edition=toy.make_edition())
        self.under_revision = self.close(["F F L N F F P N"], edition=toy.make_edition())
        self.under_revision.assessment.reopen(by=self.lead, reason=WORDS[7])

    def close(self, answers, **given) -> Result:
        assessment = toy.start(team=self.team, by=self.lead, **{"edition": self.edition, **given})
        people = self.people[1 : len(answers) + 1]
        if assessment.anonymous:
            people = [toy.member_by_link(assessment, person) for person in people]
        for person, codes in zip(people, answers, strict=True):
            toy.rate(assessment, person, codes)
        everything_said(assessment, people)
        assessment.end_answering(by=self.lead)
        agreed = assessment.criteria_asked()[1]
        choice = agreed.scale.choices.get(code="P")
        noted = {"note": WORDS[3], "reason": ""}
        AgreedRating.objects.create(assessment=assessment, criterion=agreed, choice=choice, by=self.lead, **noted)
        return assessment.close(by=self.lead)


KINDS = ["named", "anonymous", "short", "under_revision"]


@pytest.fixture
def world() -> World:
    return World()


def opened(make, *about, by, leaves_out=(), days=30) -> str:
    token = new_token()
    terms = ShareTerms(expires_on=timezone.localdate() + datetime.timedelta(days=days), leaves_out=leaves_out)
    make(*about, terms, by=by, token=token)
    return html.unescape(Client().get(f"/s/{token}/").content.decode())


def told(text: str) -> list[str]:
    return [word for word in FORBIDDEN if word.lower() in text.lower()]


@pytest.mark.parametrize("kind", KINDS)
def test_no_report_of_a_result_tells_of_single_people_or_of_others(world, kind):
    result = getattr(world, kind)
    page = opened(ShareLink.objects.share_result, result, by=world.lead)
    assert "Search ranking" in page
    assert told(page) == []
    # How the votes are spread, of any criterion, in any order of reading.
    text = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    for settled in Standing(result, None, []).criteria:
        spread = [f"{name} {number}" for name, number in settled.distribution]
        assert not spread or " · ".join(spread) not in text
        assert not settled.in_words or settled.in_words not in text


def test_the_lead_sees_all_that_the_link_hides(world):
    """So the words of the test above are there to be found."""
    client = Client()
    client.force_login(world.lead)
    pages = [client.get(getattr(world, kind).get_absolute_url()).content.decode() for kind in KINDS]
    pages.append(client.get(reverse("team-roadmap", args=[world.team.pk])).content.decode())
    targets = reverse("team-targets", args=[world.team.pk])
    pages.append(client.get(targets, {"framework": world.edition.framework.key}).content.decode())
    everything = html.unescape(" ".join(pages))
    hidden = [NAMES[1], NAMES[2], *WORDS[:4], *WORDS[5:7]]
    assert [word for word in hidden if word not in everything] == []


def test_a_link_shows_no_figure_that_a_viewer_of_the_team_does_not_see(world):
    """Its report is the one that a viewer gets of the same result."""
    viewer = make_membership(team=world.team, role="viewer").user
    client = Client()
    client.force_login(viewer)
    for kind in KINDS:
        result = getattr(world, kind)
        shared = article(opened(ShareLink.objects.share_result, result, by=world.lead))
        own = article(html.unescape(client.get(reverse("result-report", args=[result.pk])).content.decode()))
        assert set(shared) - set(own) == set(), kind


def article(page: str) -> list[str]:
    """The words of the report, but for who prepared it."""
    inside = re.search(r'<article class="board-report">.*</article>', page, re.DOTALL)
    assert inside
    return re.sub(r"<[^>]*>", " ", inside[0]).split()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_file_tells_no_more_than_the_page(world, kind):
    token = new_token()
    terms = ShareTerms(expires_on=timezone.localdate())
    ShareLink.objects.share_result(getattr(world, kind), terms, by=world.lead, token=token)
    page = html.unescape(Client().get(f"/s/{token}/").content.decode())
    file = Client().get(f"/s/{token}/", {"format": "pdf"})
    assert file["Content-Type"] == "application/pdf"
    assert file["X-Robots-Tag"] == "noindex, nofollow"
    reader = PdfReader(io.BytesIO(file.content))
    text = " ".join(" ".join(sheet.extract_text() for sheet in reader.pages).split())
    assert "Search ranking" in text
    assert told(text) == told(str(reader.metadata)) == []
    assert set(figures(text)) - set(figures(page)) == set()


def figures(text: str) -> list[str]:
    """Levels, indexes, shares and counts; dates and page numbers are not among them."""
    return re.findall(r"\d+\.\d+|\d+%", text)


@pytest.mark.parametrize(
    "section, words",
    [("plan", "Write the runbook."), ("answers", "Practice x1 is done."), ("blockers", "Begin with x2.")],
)
def test_what_is_left_out_is_not_there(world, section, words):
    whole = opened(ShareLink.objects.share_result, world.named, by=world.lead)
    part = opened(ShareLink.objects.share_result, world.named, by=world.lead, leaves_out=(section,))
    assert words in whole
    assert words not in part


def test_few_votes_of_an_anonymous_result_stay_withheld(world):
    """What the page of the result says of them, the report says too, and no more."""
    people = [*world.people[1:], make_membership(team=world.team).user]
    assessment = toy.start(team=world.team, by=world.lead, anonymous=True, edition=toy.make_edition())
    guests = [toy.member_by_link(assessment, person) for person in people]
    for guest, codes in zip(guests, ["F F L N F F P N", *["F F L N F F - -"] * 4], strict=True):
        toy.rate(assessment, guest, codes)
    assessment.end_answering(by=world.lead)
    result = assessment.close(by=world.lead)
    assert result.left_out == 2
    page = opened(ShareLink.objects.share_result, result, by=world.lead)
    assert "Fewer than four people voted on 2 of 8 questions." in page
    assert told(page) == []


#: What the makers of links to a portfolio leave out.
LEFT_OUT = [(), ("team-names",), ("teams",), ("distribution",), ("team-names", "distribution")]


def shared_portfolio_of(world, leaves_out=()) -> str:
    """The address of the link that the manager of the unit makes."""
    token = new_token()
    terms = ShareTerms(expires_on=timezone.localdate(), leaves_out=leaves_out)
    manager = make_membership(unit=world.unit, role="manager").user
    framework = world.edition.framework
    ShareLink.objects.share_portfolio(world.unit, framework, terms, by=manager, token=token)
    return f"/s/{token}/"


def page_at(address: str, query=None) -> str:
    return html.unescape(Client().get(address, query or {}).content.decode())


def statements(world) -> list[str]:
    return [criterion.statement for criterion in world.edition.contents.criteria]


@pytest.mark.parametrize("leaves_out", LEFT_OUT)
def test_the_portfolio_of_a_unit_tells_of_no_person_and_no_team_elsewhere(world, leaves_out):
    page = page_at(shared_portfolio_of(world, leaves_out))
    assert "Portfolio of Data platform" in page
    inside = {"Team Sibling"} if leaves_out in [(), ("distribution",)] else set()
    assert set(told(page)) - inside == set()
    assert ("Search ranking" in page) == ("team-names" not in leaves_out and "teams" not in leaves_out)
    assert "Write the runbook." not in page
    # Nothing that an outsider learns says so, and zeros of no named team would say that there were no teams.
    assert "eed attention" not in page
    assert "eeds attention" not in page
    assert ('<th scope="col">As of</th>' in page) == (
        "team-names" not in leaves_out and "distribution" not in leaves_out
    )
    assert not any(statement in page for statement in statements(world))


@pytest.mark.parametrize("leaves_out", LEFT_OUT)
def test_no_part_of_an_address_changes_what_a_shared_portfolio_shows(world, leaves_out):
    address = shared_portfolio_of(world, leaves_out)
    elsewhere = make_unit(name="Unit of others")
    attempts = [
        {"unit": str(elsewhere.pk)},
        {"unit": ""},
        {"as_of": "2026-04-01"},
        {"edition": "1"},
        {"questionnaire": "short", "rule": "strict", "show": "attention", "sort": "-overall", "page": "2"},
        {"chosen": "1", "section": "plan", "names": "on"},
    ]
    whole = page_at(address)
    assert all(page_at(address, attempt) == whole for attempt in attempts)


def test_a_shared_portfolio_shows_what_somebody_without_a_role_sees_of_named_teams(world, settings):
    settings.OTHER_TEAMS = "names"
    client = Client()
    client.force_login(make_user())
    query = {"framework": world.edition.framework.key, "unit": str(world.unit.pk)}
    own = article(html.unescape(client.get(reverse("portfolio-report"), query).content.decode()))
    assert set(article(page_at(shared_portfolio_of(world)))) - set(own) == set()


@pytest.mark.parametrize("leaves_out", [(), ("team-names",)])
def test_criteria_of_a_shared_portfolio_are_of_a_crowd(world, leaves_out):
    """Both here and elsewhere; what is inside a unit may not be found by taking the others away either."""
    address = shared_portfolio_of(world, leaves_out)
    for _number in range(3):
        toy.add_result(team=make_team(unit=world.unit), edition=world.edition, date=datetime.date(2026, 9, 1))
    assert not any(statement in page_at(address) for statement in statements(world))
    elsewhere = make_unit(name="Unit of others")
    for _number in range(3):
        toy.add_result(team=make_team(unit=elsewhere), edition=world.edition, date=datetime.date(2026, 9, 1))
    assert any(statement in page_at(address) for statement in statements(world))
    inside = make_unit(name="Unit inside", parent=world.unit)
    for team in list(world.unit.teams.all())[:4]:
        team.unit = inside
        team.save()
    world.unit = inside
    page = page_at(shared_portfolio_of(world, leaves_out))
    assert "Portfolio of Unit inside" in page
    assert not any(statement in page for statement in statements(world))


@pytest.mark.slow
@pytest.mark.parametrize("leaves_out", [(), ("team-names",)])
def test_the_file_of_a_portfolio_tells_no_more_than_its_page(world, leaves_out):
    address = shared_portfolio_of(world, leaves_out)
    page = page_at(address)
    file = Client().get(address, {"format": "pdf"})
    assert file["Content-Type"] == "application/pdf"
    assert file["X-Robots-Tag"] == "noindex, nofollow"
    reader = PdfReader(io.BytesIO(file.content))
    text = " ".join(" ".join(sheet.extract_text() for sheet in reader.pages).split())
    assert "Data platform" in text
    assert set(told(text)) - set(told(page)) == set(told(str(reader.metadata))) == set()
    assert set(figures(text)) - set(figures(page)) == set()
