"""Names and reasons without a space in them: no page becomes wider than a phone."""

import datetime

import pytest

from assessments.models import Action, SetbackReason, Target

from ..factories import make_unit, make_user
from ..progress import AT, Lead
from .conftest import assert_fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.any_database]
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft" + 38 * "x"
TODAY = datetime.date.today()


def ago(days):
    return str(TODAY - datetime.timedelta(days=days))


def tables_wider_than(page, most: int) -> list[str]:
    """Tables that have to be scrolled very far; each cell would take a screen for its name."""
    widths = page.locator(".scroll:has(> table)").evaluate_all("all => all.map(each => each.scrollWidth)")
    return [f"a table is {width} px wide" for width in widths if width > most]


@pytest.fixture
def lead(live_server):
    """A team with a history, a target, an action, a setback with its reason, and an assessment that is opened again."""
    lead = Lead(name=LONG, unit=make_unit(name=LONG, parent=make_unit(name="U" + LONG[1:])))
    lead.user.name = LONG
    lead.user.save()
    lead.closes(AT[2], on=ago(60))
    result = lead.closes(AT[1], on=ago(30))
    SetbackReason.objects.tell(result=result, text=LONG, by=lead.user)
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    day = TODAY + datetime.timedelta(days=60)
    Target.objects.set(**terms, rule="largely", why=LONG, level=2, due=day, baseline=result)
    Action.objects.plan(**terms, criterion="y3", text=LONG, owner=lead.user, due=day)
    result.assessment.reopen(by=lead.user, reason=LONG)
    return lead


PAGES = [
    "",
    "targets/",
    "roadmap/",
    "roadmap/?view=list",
    "compare/",
    "members/",
    "edit/",
    "assessments/new/",
    "what-if/",
]


@pytest.mark.parametrize("persona", ["lead", "admin"])
def test_no_page_is_wider_than_a_phone(sign_in, lead, persona):
    page = sign_in(lead.user if persona == "lead" else make_user(name=LONG, is_administrator=True))
    result = lead.team.results.current_only().order_by("-date").first()
    addresses = ["/", "/teams/", "/portfolio/", "/plan/", *(f"/teams/{lead.team.pk}/{name}" for name in PAGES)]
    assessment = result.assessment.get_absolute_url()
    addresses += [
        result.get_absolute_url(),
        assessment,
        *(f"{assessment}{name}/" for name in ("invite", "close", "end")),
    ]
    if persona == "admin":
        addresses = ["/teams/", "/portfolio/", "/plan/", "/units/", f"/units/{lead.team.unit_id}/", "/accounts/"]
    wrong = []
    for address in addresses:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(address)
        wrong += [f"{address}: {text}" for text in tables_wider_than(page, 1700)]
        for width in (320, 390):
            try:
                assert_fits(page, width)
            except AssertionError as error:
                wrong.append(str(error).splitlines()[0])
        wrong += [f"{address}: {text}" for text in tables_wider_than(page, 900)]
    assert not wrong, "\n".join(wrong)
