"""On a phone, no page becomes wider than the screen in a language with longer texts, and long tables become blocks."""

import datetime
from collections.abc import Iterator

import pytest

from assessments.models import Action, Target

from ..factories import make_user
from ..progress import AT, Lead
from ..pseudo_language import BEGIN, pseudo_language
from .conftest import assert_fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]
TODAY = datetime.date.today()


@pytest.fixture
def longer_language(live_server) -> Iterator[None]:
    with pseudo_language():
        yield


@pytest.fixture
def lead(live_server):
    """A team with two results, a target, an action and an assessment that is opened again."""
    lead = Lead()
    lead.closes(AT[1], on=str(TODAY - datetime.timedelta(days=60)))
    result = lead.closes(AT[2], on=str(TODAY - datetime.timedelta(days=30)))
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    day = TODAY + datetime.timedelta(days=60)
    Target.objects.set(**terms, rule="largely", why="Faster", level=3, due=day, baseline=result)
    Action.objects.plan(**terms, criterion="y3", text="Do it", owner=lead.user, due=day)
    result.assessment.reopen(by=lead.user, reason="Again")
    return lead


OF_A_TEAM = [
    "",
    "targets/",
    "roadmap/",
    "roadmap/?view=list",
    "compare/",
    "members/",
    "edit/",
    "assessments/new/",
    "what-if/?level=3",
    "path/?level=3",
]
OF_AN_ASSESSMENT = ["", "invite/", "close/", "end/", "answer/", "answer/to/X/", "answer/symptoms/", "answer/done/"]
OF_ADMINISTRATORS = ["/portfolio/", "/plan/", "/units/", "/accounts/", "/accounts/new/", "/frameworks/"]


@pytest.mark.parametrize("persona", ["lead", "admin"])
def test_no_page_is_wider_than_a_phone(sign_in, lead, longer_language, persona):
    if persona == "lead":
        page = sign_in(lead.user)
        result = lead.team.results.current_only().order_by("-date").first()
        addresses = ["/teams/", "/plan/", "/account/", "/account/password/", result.get_absolute_url()]
        addresses += [f"/teams/{lead.team.pk}/{name}" for name in OF_A_TEAM]
        addresses += [f"{result.assessment.get_absolute_url()}{name}" for name in OF_AN_ASSESSMENT]
    else:
        page = sign_in(make_user(is_administrator=True))
        addresses = [*OF_ADMINISTRATORS, lead.edition.get_absolute_url()]
    wrong = []
    for address in addresses:
        response = page.goto(address)
        assert response.status == 200, address
        assert BEGIN in page.locator("h1").inner_text() + page.locator("footer").inner_text()
        try:
            assert_fits(page, 390)
        except AssertionError as error:
            wrong.append(str(error).splitlines()[0])
    assert not wrong, "\n".join(wrong)


def test_long_tables_become_blocks_that_name_their_figures(sign_in, lead):
    page = sign_in(lead.user, width=390)
    for address in (f"/teams/{lead.team.pk}/what-if/?level=3", f"/teams/{lead.team.pk}/compare/", "/plan/"):
        page.goto(address)
        tables = page.locator("table.stacking:visible")
        assert tables.count(), address
        assert tables.evaluate_all(
            "all => all.every(one => one.parentElement.scrollWidth <= one.parentElement.clientWidth)"
        )
    page.goto(f"/teams/{lead.team.pk}/what-if/?level=3")
    needed = page.locator(".stacking td[data-of='Needed']").first
    assert "Needed" in needed.evaluate("cell => getComputedStyle(cell, '::before').content")
