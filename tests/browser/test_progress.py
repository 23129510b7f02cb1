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
from .conftest import assert_fits, axe_in_both_schemes, settled

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
    expect(needed.get_by_role("row")).to_have_count(1 + 3)
    page.get_by_role("link", name="Make all of these changes below").click()
    outlook = page.get_by_role("region", name="With your changes, figures")
    expect(outlook.get_by_role("row").nth(1)).to_contain_text("1 → 3")
    axe_in_both_schemes(page)
    page.get_by_label("Practice x4 is done.").select_option("N")
    page.get_by_role("button", name="Recalculate").click()
    expect(outlook).to_contain_text("1 → 2")
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
    expect(page.get_by_role("link", name="Write the tests first.")).to_be_visible()
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
    expect(page.get_by_text("Say why the action is cancelled.")).to_be_visible()
    page.get_by_label("Why it is cancelled").fill("The product is sold.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/roadmap/**")
    expect(page.get_by_text("cancelled: The product is sold.")).to_be_visible()


def test_a_move_on_the_board_is_shown_at_once_and_a_conflict_in_its_place(sign_in, lead):
    page = sign_in(lead.user, expects="409")
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    action = Action.objects.plan(**terms, criterion="y3", text="Do it.")
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    page.evaluate("window.isTheSamePage = true")
    page.get_by_role("button", name=re.compile("^Start")).click()
    page.get_by_text("“Do it.” is in progress.").wait_for()
    settled(page)

    action.change(by=lead.user, seen=1, text="Do it, and tell.")
    page.get_by_role("button", name=re.compile("^Done")).click()
    page.get_by_text("Someone else changed this").wait_for()
    settled(page)
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
    settled(page)
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
    expect(page.get_by_label("Status")).to_have_value("dropped")


def test_a_card_that_could_not_be_moved_says_so_and_stays(sign_in, lead):
    page = sign_in(lead.user, expects="ERR_CONNECTION_REFUSED|^htmx:")
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user}
    action = Action.objects.plan(**terms, criterion="y3", text="Do it.")
    page.goto(f"/teams/{lead.team.pk}/roadmap/")
    page.route("**/status/**", lambda route: route.abort("connectionrefused"))
    page.locator(f"#action-{action.pk}").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("Not moved: the server cannot be reached.").wait_for()
    expect(page.locator("[data-column=open] .ticket")).to_have_count(1)


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
    expect(page.get_by_text("“Do it.” is in progress.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.get_by_text("“Do it.” is open again.")).to_be_visible()
    assert Action.objects.get().status == "open"
    page.locator("summary", has_text="Owner").first.click()
    page.get_by_role("link", name="Unassigned").click()
    page.wait_for_url("**owner=none**")


def test_a_target_is_set_reached_and_told(page, lead):
    page.goto(f"/teams/{lead.team.pk}/targets/")
    page.get_by_label("Level").select_option("2")
    page.get_by_label("Due date").fill(days(60))
    page.get_by_label("Why").fill("Releases take too long.")
    page.get_by_role("button", name="Set target").click()
    expect(page.get_by_text("not assessed")).to_be_visible()
    axe_in_both_schemes(page)
    target = Target.objects.get()
    lead.closes(AT[2], on=days(0))
    page.goto(f"/teams/{lead.team.pk}/")
    expect(page.get_by_role("region", name="Targets").get_by_text("met")).to_be_visible()
    expect(page.get_by_text(f"target {target.due:%b %Y}").first).to_be_visible()
    axe_in_both_schemes(page)
    assert_fits(page, 320)


def test_a_path_becomes_actions_and_a_target_by_one_button(page, lead):
    page.goto(f"/teams/{lead.team.pk}/path/")
    page.get_by_label("Level to reach").select_option("3")
    page.get_by_label("By", exact=True).fill(days(300))
    page.get_by_role("button", name="Show the path").click()
    page.get_by_role("heading", name=re.compile("^The path to level 3")).wait_for()
    expect(page.get_by_text("Not enough history for a forecast: it takes three results.")).to_be_visible()
    axe_in_both_schemes(page)
    for width in (320, 390):
        assert_fits(page, width)
    page.get_by_role("button", name="Plan the actions and set the target").click()
    page.get_by_text("Target set, and 3 actions planned.").wait_for()
    expect(page.locator("[data-column=open] .ticket")).to_have_count(3)
    assert Target.objects.get().level == 3


def test_giving_a_target_up_is_asked_about_and_leaves_it_room(page, lead):
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user, "rule": "largely"}
    Target.objects.set(**terms, level=2, due=TODAY + datetime.timedelta(days=30), why="Faster.")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/teams/{lead.team.pk}/targets/")
    button = page.get_by_role("button", name="Remove target")
    expect(button).to_be_hidden()
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
    expect(page.get_by_text(re.compile("from Toy 1.0.0 to Toy 2.0.0"))).to_be_visible()
    level = page.get_by_role("region", name="Where the change comes from, figures").get_by_role("row").nth(1)
    expect(level).to_contain_text("1")
    expect(page.get_by_role("heading", name="The result went down")).to_be_visible()
    axe_in_both_schemes(page)
    for width in (320, 390):
        assert_fits(page, width)
    page.get_by_label("Why did the result go down?").fill("Nobody had time.")
    page.get_by_role("button", name="Save note").click()
    page.wait_for_url(f"**{result.get_absolute_url()}**")
    expect(page.get_by_text("Nobody had time.")).to_be_visible()


def test_any_two_results_are_chosen_without_script(sign_in, lead):
    first = lead.team.results.chronological().first()
    lead.closes(AT[2], on=days(0))
    page = sign_in(lead.user, javascript=False)
    page.goto(f"/teams/{lead.team.pk}/compare/")
    page.get_by_label("Earlier").select_option(str(first.pk))
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(f"**earlier={first.pk}**")
    figures = page.get_by_role("region", name="Where the change comes from, figures")
    expect(figures.get_by_role("row").nth(1)).to_contain_text("0")


def test_the_portfolio_keeps_its_filters_in_the_address_and_prints_across(sign_in, lead, tmp_path):
    page = sign_in(make_user(is_administrator=True))
    page.goto("/portfolio/")
    page.locator("summary", has_text="As of").click()
    page.get_by_label("As of", exact=True).fill(days(-100))
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**as_of={days(-100)}**")
    page.locator("summary", has_text="Sort by").click()
    page.get_by_role("link", name="Overall level, lowest first").click()
    page.wait_for_url("**sort=overall**")
    assert f"as_of={days(-100)}" in page.url
    row = page.get_by_role("region", name="Levels by team, table").get_by_role("row").nth(1)
    expect(row).to_contain_text("Search")
    expect(row.get_by_role("cell").first).to_contain_text("0")
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
    settled(page)
    day = slider.get_attribute("aria-valuetext")
    expect(page.locator(".quarters output")).to_have_text(day)
    expect(slider).to_be_focused()
    expect(page.locator("main > p").first).to_contain_text(day)
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
    expect(page.locator(".heat .move").first).to_be_visible()
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
        expect(figures.first).to_be_hidden()
        page.emulate_media(media="print")
        expect(figures).to_have_count(tables)
        for table in figures.all():
            expect(table.locator("tbody td").first).to_be_visible()
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
    expect(rows.nth(1)).to_contain_text("Long ago.")
    expect(rows.nth(1)).to_contain_text("overdue")
    axe_in_both_schemes(page)
