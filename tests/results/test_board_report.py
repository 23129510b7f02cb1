"""The board report: what the pages say, for the same person, and what is left out stays out."""

import re
from html import unescape

import pytest
from django.urls import reverse

from assessments.models import Membership
from assessments.permissions.access import Permissions
from assessments.results.board_report import BoardReport, Private, ReportSection

from .. import toy
from ..factories import make_membership
from .test_files import PERSONAS, SECRETS, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EVERYTHING = {"chosen": "1", "section": ReportSection.values}
#: A figure as people read it: a number with its sign, of a total or in percent.
FIGURE = re.compile(r"[+−]?\d+(?:\.\d+)?%?")


@pytest.fixture
def world():
    return World()


def words_of(response):
    """What a page says between its heading and its foot, to the eye and to a screen reader."""
    html = response.content.decode().partition("<main")[2].partition("</main>")[0]
    html = re.sub(r'<p class="print-line">.*?</p>', " ", html, flags=re.DOTALL)
    html = re.sub(r"<(script|select|form)\b.*?</\1>", " ", html, flags=re.DOTALL)
    spoken = " ".join(re.findall(r'(?:aria-label|alt|title|href)="([^"]*)"', html))
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html) + " " + spoken).split())


def report_of(client, result, *, tell=Private.values, **query):
    return client.get(reverse("result-report", args=[result.pk]), EVERYTHING | {"tell": tell} | query)


def pages_of(client, result):
    """Everything that a person can read about a result and its team."""
    team = [result.team_id]
    names = {"team": team, "team-roadmap": team, "team-targets": team, "team-compare": team}
    addresses = [result.get_absolute_url(), *(reverse(name, args=args) for name, args in names.items())]
    pages = [client.get(address, {"period": "all"}) for address in addresses]
    return " ".join(words_of(page) for page in pages if page.status_code == 200)


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_report_shows_nobody_more_than_the_pages(client, world, persona):
    client.force_login(world.people[persona])
    # Who prepared a report stands on it.
    seen = pages_of(client, world.result) + world.people[persona].name
    offered = client.get(reverse("result-report", args=[world.result.pk])).context["form"].fields.get("tell")
    tell = [value for value, _label in offered.choices] if offered else []
    told = words_of(report_of(client, world.result, tell=tell))
    assert [secret for secret in SECRETS if secret in told and secret not in seen] == []
    statements = [criterion.statement for criterion in world.edition.contents.criteria]
    assert [statement for statement in statements if statement in told and statement not in seen] == []
    if persona == "lead":
        assert [secret for secret in SECRETS if secret not in told] == ["Partly 1"] * ("Partly 1" not in seen)
    if persona == "administrator":
        assert "Practice x1 is done." not in told
        assert "Not shown to you" in told
    if persona == "facilitator":
        assert ("Said by the member." in told, "Write the runbook." in told) == (True, False)
        assert "History" not in told


def test_without_names_there_is_no_column_for_owners_that_looks_empty(client, world):
    client.force_login(world.people["lead"])
    owner = '<th scope="col">Owner</th>'
    assert owner in report_of(client, world.result).content.decode()
    nameless = report_of(client, world.result, tell=["comments"]).content.decode()
    assert "Write the runbook." in nameless
    assert owner not in nameless


@pytest.mark.parametrize("persona", PERSONAS)
def test_what_is_not_offered_cannot_be_asked_for(client, world, persona):
    """Votes of a viewer, say: the address alone is refused, and shows no more than the page does."""
    client.force_login(world.people[persona])
    told = words_of(report_of(client, world.result))
    # Who prepared a report stands on it.
    seen = pages_of(client, world.result) + world.people[persona].name
    assert [secret for secret in SECRETS if secret in told and secret not in seen] == []


def test_a_report_tells_nothing_of_people_unless_asked(client, world):
    client.force_login(world.people["lead"])
    told = words_of(client.get(reverse("result-report", args=[world.result.pk])))
    # The lead prepared it, and what is planned is planned.
    assert [secret for secret in SECRETS if secret in told] == ["Write the runbook.", "Ola Owner"]
    assert told.count("Ola Owner") == 1
    assert "Practice x1 is done." in told


@pytest.mark.parametrize(
    ("tell", "secrets"),
    [
        (["comments"], ["Said by the member.", "https://example.org/evidence", "Not with us.", "Agreed over lunch."]),
        (["votes"], ["Fully 2"]),
        (["names"], []),
        (["names", "votes"], ["Mika Member", "Fully 2"]),
        (["names", "comments"], ["Mika Member", "Said by the member."]),
    ],
)
def test_each_thing_that_is_told_comes_alone(client, world, tell, secrets):
    client.force_login(world.people["lead"])
    told = words_of(report_of(client, world.result, tell=tell))
    guarded = [secret for secret in SECRETS if secret not in {"Write the runbook.", "Ola Owner", "Partly 1"}]
    assert [secret for secret in secrets if secret not in told] == []
    unwanted = set(guarded) - set(secrets) - ({"Not with us.", "Agreed over lunch."} if "comments" in tell else set())
    if "comments" in tell:
        unwanted -= {"https://example.org/evidence"}
    assert [secret for secret in sorted(unwanted) if secret in told] == []


def test_every_figure_of_the_result_is_in_the_report(client, world):
    client.force_login(world.people["lead"])
    page = words_of(client.get(world.result.get_absolute_url()))
    told = words_of(report_of(client, world.result))
    figures = set(FIGURE.findall(page.rpartition("Files")[0]))
    assert len(figures) > 15
    assert sorted(figures - set(FIGURE.findall(told))) == []


def test_fewer_than_four_votes_are_as_protected_as_on_the_page(client, team, lead):
    people = [make_membership(team=team).user for _ in range(4)]
    assessment = toy.start(team=team, by=lead, anonymous=True)
    for person, codes in zip(people, ["F P - N F F P N"] * 3 + ["L P L N F F P N"], strict=True):
        toy.rate(assessment, toy.member_by_link(assessment, person), codes)
    result = assessment.close(by=lead)
    client.force_login(lead)
    response = report_of(client, result)
    told = words_of(response)
    third = next(
        answer
        for dimension in response.context["report"].answers
        for answer in dimension.answers
        if answer.statement == "Practice x3 is done."
    )
    assert (third.rating, third.settled_by) == ("Not answered", "fewer than four people voted on this")
    assert (third.votes, third.agreement, third.voices) == ("", "", ())
    assert "Fewer than four people voted on 1 of 8 questions." in told
    assert [person.name for person in people if person.name in told] == []


def test_sections_are_chosen_and_others_are_not_there(client, world):
    client.force_login(world.people["lead"])
    address = reverse("result-report", args=[world.result.pk])
    heading = re.compile(r"<h2[^>]*>\s*(.*?)\s*</h2>", re.DOTALL)
    everything = heading.findall(client.get(address).content.decode())
    assert everything[0] == "Summary"
    assert everything[-1] == "Appendix: the answers behind each criterion"
    some = client.get(address, {"chosen": "1", "section": ["history", "plan"]})
    assert heading.findall(some.content.decode()) == ["Summary", "History", "Targets and actions"]
    assert heading.findall(client.get(address, {"chosen": "1"}).content.decode()) == ["Summary"]


def test_a_section_that_does_not_exist_is_refused_in_words(client, world):
    client.force_login(world.people["lead"])
    response = client.get(reverse("result-report", args=[world.result.pk]), {"chosen": "1", "section": "secrets"})
    assert response.status_code == 422
    assert "secrets is not one of the available choices" in words_of(response) + response.content.decode()
    assert response.context["report"].sections == frozenset(ReportSection.values)
    assert response.context["report"].left_out == frozenset(Private.values)


def test_a_report_ends_with_its_result(client, world):
    """What came later is not in the report of an earlier result."""
    client.force_login(world.people["lead"])
    earlier = world.result.previous()
    history = report_of(client, earlier).context["report"].history
    assert [row.date for row in history.rows] == [earlier.date]
    history = report_of(client, world.result).context["report"].history
    assert [row.date for row in history.rows] == [earlier.date, world.result.date]


def test_the_value_holds_nothing_that_can_be_asked_further(world):
    """Only plain values: nothing in it leads back to a row from which more could be read."""
    viewer = world.people["viewer"]
    report = BoardReport.of(world.result, viewer, Permissions({Membership.Role.VIEWER}))
    assert "assessments.models" not in " ".join(types_in(report))
    assert hash(report.cover) == hash(report.cover)


def types_in(value):
    """The modules of everything inside a value."""
    # A text that knows its language is a text.
    yield "builtins" if isinstance(value, str) else type(value).__module__
    if isinstance(value, (tuple, frozenset)):
        for inner in value:
            yield from types_in(inner)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from types_in(getattr(value, name))
