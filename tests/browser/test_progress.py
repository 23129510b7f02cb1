"""From a gap to a kept promise in a real browser: try on, plan, set a target, close again, compare."""

import datetime
import re

import pytest
from playwright.sync_api import expect

from assessments.demo.large import LargeDemo
from assessments.models import Action, Target

from .. import toy
from ..factories import make_user
from ..progress import AT, Lead
from .conftest import assert_fits, axe_in_both_schemes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TODAY = datetime.date.today()
#: Pixels between the margins of an A3 sheet across, and of an A4 sheet.
A3, A4 = (round((side - 2 * margin) / 25.4 * 96) for side, margin in ((420, 12), (210, 16)))


def days(number):
    return str(TODAY + datetime.timedelta(days=number))


@pytest.fixture
def lead(live_server):
    lead = Lead(name="Search")
    lead.closes(AT[0], on=days(-200))
    lead.closes(AT[1], on=days(-30))
    return lead


@pytest.fixture
def page(sign_in, lead):
    return sign_in(lead.user)


def test_trying_on_shows_the_level_and_stores_nothing(page, lead):
    page.goto(f"/teams/{lead.team.pk}/what-if/")
    page.get_by_label("Level to reach").select_option("3")
    page.get_by_role("button", name="Show changes").click()
    needed = page.get_by_role("region", name="The smallest set of changes, table")
    assert needed.get_by_role("row").count() == 1 + 3
    page.get_by_role("link", name="Make all of these changes below").click()
    outlook = page.get_by_role("region", name="With your changes, figures")
    assert "1 → 3" in outlook.get_by_role("row").nth(1).inner_text()
    axe_in_both_schemes(page)
    page.get_by_label("Practice x4 is done.").select_option("N")
    page.get_by_role("button", name="Recalculate").click()
    assert "1 → 2" in page.get_by_role("region", name="With your changes, figures").inner_text()
    assert lead.team.results.current_only().count() == 2
    assert not Action.objects.exists()


def test_a_gap_becomes_an_action_by_keyboard_alone(page, lead):
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    page.get_by_role("link", name=re.compile("^Plan ?: Practice y3")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions/new/y3/**")
    axe_in_both_schemes(page)
    page.get_by_label("What to do").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Write the tests first.")
    page.get_by_role("button", name="Plan action").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/roadmap/**")
    assert page.get_by_role("link", name="Write the tests first.").is_visible()
    page.get_by_role("button", name=re.compile("^Start")).focus()
    page.keyboard.press("Enter")
    page.get_by_text("is in progress.").wait_for()
    assert Action.objects.get().status == "doing"
    axe_in_both_schemes(page)
    for width in (320, 390):
        assert_fits(page, width)


def test_dropping_an_action_asks_why(sign_in, lead):
    page = sign_in(lead.user, expects="422")
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    action = Action.objects.plan(**terms, criterion="y3", text="Do it.")
    page.goto(f"/teams/{lead.team.pk}/actions/{action.pk}/")
    page.get_by_label("Status").select_option("dropped")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Say why the action is cancelled.").is_visible()
    page.get_by_label("Why it is cancelled").fill("The product is sold.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/roadmap/**")
    assert page.get_by_text("cancelled: The product is sold.").is_visible()


def test_a_move_on_the_board_is_shown_at_once_and_a_conflict_in_its_place(sign_in, lead):
    page = sign_in(lead.user, expects="409")
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    action = Action.objects.plan(**terms, criterion="y3", text="Do it.")
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    page.evaluate("window.isTheSamePage = true")
    page.get_by_role("button", name=re.compile("^Start")).click()
    page.get_by_text("“Do it.” is in progress.").wait_for()

    action.change(by=lead.user, seen=1, text="Do it, and tell.")
    page.get_by_role("button", name=re.compile("^Done")).click()
    page.get_by_text("Someone else changed this").wait_for()
    assert page.evaluate("window.isTheSamePage")
    assert Action.objects.get().status == "doing"
    page.get_by_role("button", name="Save my version").click()
    page.get_by_text("“Do it, and tell.” is done.").wait_for()
    assert Action.objects.get().status == "done"


def test_cards_move_by_drag_and_by_keys_and_back_again(page, lead):
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    action = Action.objects.plan(**terms, criterion="y3", text="Do it.", due=TODAY - datetime.timedelta(days=3))
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    page.evaluate("window.isTheSamePage = true")
    card, moved = page.locator(f"#action-{action.pk}"), page.locator(".moved [role=status]")
    card.drag_to(page.locator("[data-column=doing]"))
    expect(moved).to_have_text("“Do it.” is in progress.")
    expect(page.locator("[data-column=doing]").get_by_role("link", name="Do it.")).to_be_visible()

    # After a move the card has the focus, and goes on from there.
    expect(card).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(moved).to_have_text("“Do it.” is done.")
    expect(card).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(moved).to_have_text("“Do it.” is in progress.")
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(moved).to_have_text("“Do it.” is done.")
    assert Action.objects.get().status == "done"
    assert page.evaluate("window.isTheSamePage")

    page.locator("summary", has_text="Owner and due date").click()
    page.get_by_label("Owner", exact=True).select_option(label=str(lead.user))
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved: “Do it.”.").wait_for()
    assert Action.objects.get().owner == lead.user
    axe_in_both_schemes(page)
    for width in (320, 390):
        assert_fits(page, width)

    page.set_viewport_size({"width": 1280, "height": 900})
    card.drag_to(page.locator("[data-column=dropped]"))
    page.wait_for_url("**/actions/**")
    assert page.get_by_label("Status").input_value() == "dropped"


def test_a_card_that_could_not_be_moved_says_so_and_stays(sign_in, lead):
    page = sign_in(lead.user, expects="ERR_CONNECTION_REFUSED|^htmx:")
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    action = Action.objects.plan(**terms, criterion="y3", text="Do it.")
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    page.route("**/status/**", lambda route: route.abort("connectionrefused"))
    page.locator(f"#action-{action.pk}").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("Not moved: the server cannot be reached.").wait_for()
    assert page.locator("[data-column=open] .ticket").count() == 1


def test_a_card_of_an_action_that_is_gone_goes_too(sign_in, lead):
    page = sign_in(lead.user, expects="404|^htmx:")
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    action = Action.objects.plan(**terms, criterion="y3", text="Do it.")
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    action.delete()
    page.locator(".ticket").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".ticket")).to_have_count(0)


def test_the_board_works_without_script(sign_in, lead):
    page = sign_in(lead.user, javascript=False)
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    Action.objects.plan(**terms, criterion="y3", text="Do it.")
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    page.get_by_role("button", name=re.compile("^Start")).click()
    assert page.get_by_text("“Do it.” is in progress.").is_visible()
    page.get_by_role("button", name=re.compile("^Undo")).click()
    assert page.get_by_text("“Do it.” is open again.").is_visible()
    assert Action.objects.get().status == "open"
    page.locator("summary", has_text="Owner").first.click()
    page.get_by_role("link", name="Unassigned").click()
    assert "owner=none" in page.url


def test_a_target_is_set_reached_and_told(page, lead):
    page.goto(f"/teams/{lead.team.pk}/targets/")
    page.get_by_label("Level").select_option("2")
    page.get_by_label("Due date").fill(days(60))
    page.get_by_label("Why").fill("Releases take too long.")
    page.get_by_role("button", name="Set target").click()
    page.wait_for_load_state()
    assert page.get_by_text("not assessed").is_visible()
    axe_in_both_schemes(page)
    target = Target.objects.get()
    lead.closes(AT[2], on=days(0))
    page.goto(f"/teams/{lead.team.pk}/")
    assert page.get_by_role("region", name="Targets").get_by_text("met").is_visible()
    assert page.get_by_text(f"target {target.due:%b %Y}").first.is_visible()
    axe_in_both_schemes(page)
    assert_fits(page, 320)


def test_a_path_becomes_actions_and_a_target_by_one_button(page, lead):
    page.goto(f"/teams/{lead.team.pk}/path/")
    page.get_by_label("Level to reach").select_option("3")
    page.get_by_label("By", exact=True).fill(days(300))
    page.get_by_role("button", name="Show the path").click()
    page.get_by_role("heading", name=re.compile("^The path to level 3")).wait_for()
    assert page.get_by_text("Not enough history for a forecast: it takes three results.").is_visible()
    axe_in_both_schemes(page)
    for width in (320, 390):
        assert_fits(page, width)
    page.get_by_role("button", name="Plan the actions and set the target").click()
    page.get_by_text("Target set, and 3 actions planned.").wait_for()
    assert page.locator("[data-column=open] .ticket").count() == 3
    assert Target.objects.get().level == 3


def test_giving_a_target_up_is_asked_about_and_leaves_it_room(page, lead):
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user, "rule": "largely"}
    Target.objects.set(**terms, level=2, due=TODAY + datetime.timedelta(days=30), why="Faster.")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/teams/{lead.team.pk}/targets/")
    button = page.get_by_role("button", name="Remove target")
    assert not button.is_visible()
    page.locator("details.sure summary").click()
    assert page.locator(".gaps > li > span").first.bounding_box()["width"] > 300
    axe_in_both_schemes(page)
    assert_fits(page, 320)
    button.click()
    page.get_by_text("Target removed.").wait_for()
    assert not Target.objects.exists()


def test_comparing_tells_what_the_team_did_from_what_the_edition_did(page, lead):
    edition = toy.make_edition(key=lead.edition.framework.key, version="2.0.0", published=False)
    edition.criteria.filter(key="y3").update(level=edition.levels.get(number=3))
    edition.publish(digest="sha256:moved")
    result = lead.closes(AT[0], on=days(0), edition=edition)
    page.goto(f"/teams/{lead.team.pk}/compare/")
    assert page.get_by_text(re.compile("from Toy 1.0.0 to Toy 2.0.0")).is_visible()
    level = page.get_by_role("region", name="Where the change comes from, figures").get_by_role("row").nth(1)
    assert "1" in level.inner_text()
    assert page.get_by_role("heading", name="The result went down").is_visible()
    axe_in_both_schemes(page)
    for width in (320, 390):
        assert_fits(page, width)
    page.get_by_label("Why did the result go down?").fill("Nobody had time.")
    page.get_by_role("button", name="Save note").click()
    page.wait_for_url(f"**{result.get_absolute_url()}**")
    assert page.get_by_text("Nobody had time.").is_visible()


def test_any_two_results_are_chosen_without_script(sign_in, lead):
    first = lead.team.results.chronological().first()
    lead.closes(AT[2], on=days(0))
    page = sign_in(lead.user, javascript=False)
    page.goto(f"/teams/{lead.team.pk}/compare/")
    page.get_by_label("Earlier").select_option(str(first.pk))
    page.get_by_role("button", name="Compare").click()
    assert f"earlier={first.pk}" in page.url
    assert (
        "0"
        in page.get_by_role("region", name="Where the change comes from, figures")
        .get_by_role("row")
        .nth(1)
        .inner_text()
    )


def test_the_portfolio_keeps_its_filters_in_the_address_and_prints_across(sign_in, lead, tmp_path):
    page = sign_in(make_user(is_administrator=True))
    page.goto("/portfolio/")
    page.locator("summary", has_text="As of").click()
    page.get_by_label("As of", exact=True).fill(days(-100))
    page.get_by_role("button", name="Apply").click()
    page.locator("summary", has_text="Sort by").click()
    page.get_by_role("link", name="Overall level, lowest first").click()
    page.wait_for_url("**sort=overall**")
    assert f"as_of={days(-100)}" in page.url
    row = page.get_by_role("region", name="Levels by team, table").get_by_role("row").nth(1)
    assert "Search" in row.inner_text()
    assert "0" in row.get_by_role("cell").first.inner_text()
    axe_in_both_schemes(page)
    for width in (320, 390):
        assert_fits(page, width)
    sheet = page.pdf(path=tmp_path / "portfolio.pdf", prefer_css_page_size=True)
    # The sheet of whoever prints, across; Letter here, in points.
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheet)
    assert (round(float(box[1])), round(float(box[2]))) == (792, 612)


def test_the_slider_shows_a_quarter_and_keeps_the_focus(sign_in, lead):
    page = sign_in(make_user(is_administrator=True))
    page.goto("/portfolio/?sort=overall")
    slider = page.get_by_role("slider", name="Teams as of")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**as_of=**")
    assert "sort=overall" in page.url
    assert "quarter=" not in page.url
    day = slider.get_attribute("aria-valuetext")
    assert day == page.locator(".quarters output").inner_text()
    assert page.evaluate("document.activeElement.id") == "quarter"
    assert day in page.locator("main > p").first.inner_text()
    page.get_by_role("link", name="today").click()
    page.wait_for_url(lambda address: "as_of" not in address)


def test_without_script_a_button_moves_the_slider(sign_in, lead):
    page = sign_in(make_user(is_administrator=True), javascript=False)
    page.goto("/portfolio/")
    page.get_by_role("slider", name="Teams as of").press("ArrowLeft")
    page.get_by_role("button", name="Show this day").click()
    page.wait_for_url("**as_of=**")


def test_twenty_dimensions_fit_on_a3_with_their_changes(sign_in, live_server):
    LargeDemo(seed=7, today=TODAY, teams=4, years=1, dimensions=20).write()
    page = sign_in(make_user(is_administrator=True), width=A3)
    page.goto("/portfolio/")
    page.emulate_media(media="print")
    assert page.locator(".heat .move").first.is_visible()
    table = page.locator(".heat").bounding_box()
    assert table["x"] + table["width"] <= A3


def test_figures_beside_charts_are_printed_and_fit(sign_in, lead):
    for number in range(20):
        date = TODAY - datetime.timedelta(days=2000 - 90 * number)
        toy.add_result(team=lead.team, edition=lead.edition, date=date)
    page = sign_in(lead.user, width=A4)
    for address, tables in ((f"/teams/{lead.team.pk}/", 2), ("/portfolio/", 2)):
        page.goto(address)
        figures = page.locator(".figures table")
        assert not figures.first.is_visible()
        page.emulate_media(media="print")
        assert figures.count() == tables
        for table in figures.all():
            assert table.locator("tbody td").first.is_visible()
            box = table.bounding_box()
            assert box["x"] + box["width"] <= A4
        page.emulate_media(media="screen")


def test_fields_of_a_row_of_filters_stand_in_line(sign_in, lead):
    Action.objects.plan(team=lead.team, framework=lead.edition.framework, by=lead.user, criterion="y3", text="Do it.")
    page = sign_in(lead.user)
    for address in ("/plan/", f"/teams/{lead.team.pk}/what-if/"):
        page.goto(address)
        fields = [field.bounding_box() for field in page.locator(":is(.filters, .inline-form) > .field").all()]
        controls = [
            each.bounding_box()
            for each in page.locator(
                ":is(.filters, .inline-form) .field > :is(select, input:not([type=checkbox]))"
            ).all()
        ]
        assert len({each["height"] for each in controls}) == 1, address
        # Of each row the fields end on one line, and what has its label beside it is as tall as a control.
        assert len({field["y"] + field["height"] for field in fields}) <= 2, address
        assert min(field["height"] for field in fields) >= controls[0]["height"], address


def test_the_plan_shows_what_is_overdue_first(page, lead):
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    Action.objects.plan(**terms, criterion="y3", text="Later.", due=TODAY + datetime.timedelta(days=9))
    Action.objects.plan(**terms, criterion="x4", text="Long ago.", due=TODAY - datetime.timedelta(days=9))
    page.goto("/plan/")
    rows = page.get_by_role("row")
    assert "Long ago." in rows.nth(1).inner_text()
    assert "overdue" in rows.nth(1).inner_text()
    axe_in_both_schemes(page)
