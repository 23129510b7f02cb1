"""Targets and actions, graded by later results; the roadmap, the memory of the adviser, reasons for setbacks."""

import datetime
import re
from html import unescape

import pytest
from django.core.cache import caches
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments.models import (
    Action,
    AdviserAnswers,
    Conflict,
    Edition,
    Event,
    Framework,
    Result,
    SetbackReason,
    Target,
    Team,
    Unit,
    User,
)
from assessments.models.installation import begin_request, current_generation
from assessments.planning.context import Aspiration
from assessments.planning.roadmap import Roadmap, WantedActions
from assessments.planning.target_progress import graded, next_by_part
from assessments.portfolio import organisation_plan
from assessments.portfolio.organisation_plan import OrganisationPlan, read
from assessments.scoring.target_grading import Grade

from .. import toy
from ..factories import make_membership, make_unit, make_user
from ..progress import AT, Lead

pytestmark = pytest.mark.django_db
TODAY = datetime.date.today()


def days(number):
    return TODAY + datetime.timedelta(days=number)


@pytest.fixture
def lead():
    return Lead()


def aim(lead, *, level=2, due=60, set_ago=100, baseline=None, **fields):
    terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user, "rule": "largely", "why": "Why."}
    target = Target.objects.set(**terms, level=level, due=days(due), baseline=baseline, **fields)
    Target.objects.filter(pk=target.pk).update(set_at=timezone.now() - datetime.timedelta(days=set_ago))
    return target


def grades(lead):
    return [(each.grading.grade, each.percent) for each in graded(lead.team.targets.for_grading())]


class TestTargets:
    def test_a_later_result_grades_it(self, lead):
        baseline = lead.closes(AT[0], on=str(days(-200)))
        aim(lead, baseline=baseline)
        assert grades(lead) == [(Grade.NOT_ASSESSED, None)]
        lead.closes(AT[1], on=str(days(-50)))
        assert grades(lead) == [(Grade.ON_THE_WAY, "75%")]
        lead.closes(AT[2], on=str(days(-10)))
        assert grades(lead) == [(Grade.MET, "100%")]

    def test_editions_come_from_memory(self, lead):
        """Their long texts would be read once for each result and each target."""
        baseline = lead.closes(AT[0], on=str(days(-200)))
        lead.closes(AT[1], on=str(days(-50)))
        for due in (60, 90):
            aim(lead, due=due, baseline=baseline)
        begin_request()
        wanted = grades(lead)
        with CaptureQueriesContext(connection) as queries:
            assert grades(lead) == wanted == [(Grade.ON_THE_WAY, "75%")] * 2
        assert not [query for query in queries if "unit_of_assessment" in query["sql"]]
        assert len(queries) == 3  # Targets, results, criteria.

    def test_after_the_due_day_the_last_result_before_it_decides(self, lead):
        aim(lead, due=-20, set_ago=100)
        lead.closes(AT[1], on=str(days(-30)))
        lead.closes(AT[2], on=str(days(-10)))
        assert grades(lead)[0][0] == Grade.MISSED

    @pytest.mark.parametrize(("dimension", "latest", "reached"), [("", 2, True), ("", 1, False), ("Y", 2, True)])
    def test_a_missed_one_says_where_the_newest_result_has_it(self, client, lead, dimension, latest, reached):
        aim(lead, due=-20, set_ago=100, dimension=dimension)
        lead.closes(AT[1], on=str(days(-30)))
        newest = lead.closes(AT[latest], on=str(days(-10)))
        (target,) = graded(lead.team.targets.for_grading())
        assert target.grading.grade == Grade.MISSED
        assert target.reached_late == (newest.date if reached else None)
        client.force_login(lead.user)
        page = client.get(f"/teams/{lead.team.pk}/targets/").content.decode()
        assert (f"reached by {newest.date.day} " in page) == reached

    def test_an_assessment_that_was_open_when_it_was_set_grades_it(self, lead):
        """Its date is before that day; but the target did not start from it, and its result came later."""
        baseline = lead.closes(AT[0], on=str(days(-90)))
        aim(lead, set_ago=2, baseline=baseline)
        lead.closes(AT[2], on=str(days(-5)))
        assert grades(lead) == [(Grade.MET, "100%")]

    def test_its_own_baseline_says_nothing_though_closed_again_later(self, lead):
        baseline = lead.closes(AT[0], on=str(TODAY))
        aim(lead, set_ago=0, baseline=baseline)
        baseline.assessment.reopen(by=lead.user, reason="A mistake.")
        baseline.assessment.refresh_from_db()
        baseline.assessment.close(by=lead.user)
        assert grades(lead) == [(Grade.NOT_ASSESSED, None)]

    def test_a_short_result_does_not_count(self, lead):
        aim(lead)
        lead.closes("F F", on=str(days(-10)), questionnaire="short")
        assert grades(lead) == [(Grade.NOT_ASSESSED, None)]

    def test_in_a_dimension_its_own_level_counts(self, lead):
        aim(lead, dimension="X", level=2)
        aim(lead, dimension="Y", level=2)
        lead.closes(AT[1], on=str(days(-10)))
        assert [grade for grade, _ in grades(lead)] == [Grade.MET, Grade.ON_THE_WAY]
        without = graded(lead.team.targets.for_grading(), with_shares=False)
        assert [each.grading.grade for each in without] == [Grade.MET, Grade.ON_THE_WAY]

    def test_a_new_ladder_asks_for_it_again(self, lead):
        aim(lead)
        newer = toy.make_edition(key=lead.edition.framework.key, version="2.0.0", published=False)
        Edition.objects.filter(pk=newer.pk).update(new_ladder=True)
        newer.publish(digest="sha256:ladder")
        lead.closes(AT[3], on=str(days(-1)), edition=newer)
        (target,) = graded(lead.team.targets.for_grading())
        assert (target.outdated, target.grading.grade) == (True, Grade.NOT_ASSESSED)

    def test_another_one_for_the_same_part_and_day_takes_its_place(self, lead):
        seen = aim(lead, level=1)
        with pytest.raises(Conflict):
            aim(lead, level=3)
        aim(lead, level=3, seen=seen.revision)
        assert [target.level for target in lead.team.targets.all()] == [3]

    def test_the_next_one_of_each_part_is_shown(self, lead):
        aim(lead, level=1, due=-10)
        aim(lead, level=3, due=200)
        aim(lead, level=2, due=20)
        assert next_by_part(graded(lead.team.targets.for_grading()))[""].target.level == 2

    def test_giving_up_leaves_a_trace_without_words(self, lead):
        target = aim(lead)
        for stale in [Target.objects.get(pk=target.pk) for _ in range(2)]:
            stale.give_up(by=lead.user, seen=None)
        assert Event.objects.filter(kind="target.given_up").count() == 1
        assert not Target.objects.exists()
        assert Event.objects.filter(kind="target.given_up").exists()
        assert not any("Why." in str(event.data) for event in Event.objects.all())

    def test_the_lowest_level_is_no_target(self, lead):
        with pytest.raises(IntegrityError), transaction.atomic():
            aim(lead, level=0)

    def test_cost_does_not_grow_with_targets(self, lead, django_assert_num_queries):
        lead.closes(AT[1], on=str(days(-10)))
        for n in range(5):
            aim(lead, due=n + 1)
        begin_request()
        current_generation()
        # Targets, results since, criteria of the deciding ones.
        with django_assert_num_queries(3):
            graded(lead.team.targets.for_grading())


class TestActions:
    def plan(self, lead, criterion="y3", ago=100, **fields):
        terms = {"team": lead.team, "framework": lead.edition.framework, "by": lead.user, "text": "Do it."}
        action = Action.objects.plan(**terms, criterion=criterion, **fields)
        at = timezone.now() - datetime.timedelta(days=ago)
        Action.objects.filter(pk=action.pk).update(created_at=at, status_at=at)
        return action

    def roadmap(self, lead, **wanted):
        return Roadmap.of(Aspiration.of(lead.team), WantedActions(**wanted))

    def test_is_offered_as_done_when_a_later_result_meets_the_criterion(self, lead):
        action = self.plan(lead)
        lead.closes(AT[1], on=str(days(-50)))
        assert self.roadmap(lead).seem_done == []
        lead.closes(AT[2], on=str(days(-10)))
        assert [each.action for each in self.roadmap(lead).seem_done] == [action]

    def test_an_earlier_result_offers_nothing(self, lead):
        lead.closes(AT[2], on=str(days(-50)))
        self.plan(lead, ago=0)
        assert self.roadmap(lead).seem_done == []

    def test_what_was_done_and_is_still_unmet_is_pointed_out(self, lead):
        action = self.plan(lead)
        action.change(by=lead.user, seen=None, status="done")
        lead.closes(AT[1], on=str(TODAY))
        assert [each.action for each in self.roadmap(lead).without_effect] == [action]

    def test_what_was_done_after_the_result_waits_for_the_next_one(self, lead):
        lead.closes(AT[1], on=str(days(-5)))
        self.plan(lead).change(by=lead.user, seen=None, status="done")
        assert self.roadmap(lead).without_effect == []

    def test_of_one_day_the_result_has_to_come_after_the_work(self, lead):
        action = self.plan(lead, ago=0)
        lead.closes(AT[1], on=str(TODAY))
        action.change(by=lead.user, seen=None, status="done")
        assert self.roadmap(lead).without_effect == []
        lead.closes(AT[1], on=str(TODAY))
        assert [each.action for each in self.roadmap(lead).without_effect] == [action]

    def test_dropping_needs_a_reason_in_the_database_too(self, lead):
        with pytest.raises(IntegrityError), transaction.atomic():
            self.plan(lead).change(by=lead.user, seen=None, status="dropped")

    def test_filter_by_owner_and_day(self, lead):
        other = make_membership(team=lead.team).user
        mine, late = self.plan(lead, owner=lead.user, due=days(5)), self.plan(lead, owner=other, due=days(50))
        nobodys = self.plan(lead, "x1")
        over = self.plan(lead, owner=other, due=days(-1))
        done = self.plan(lead, "gone", owner=other, due=days(-1), status="done")

        def shown(**wanted):
            return [each.action for each in self.roadmap(lead, **wanted).actions]

        assert shown(owner=str(lead.user.pk)) == [mine]
        assert shown(owner=WantedActions.NOBODY) == [nobodys]
        assert shown(until=days(60)) == [over, done, mine, late]
        assert shown(overdue=True) == [over]
        assert shown(dimension="X") == [nobodys]
        assert shown(dimension="Y", owner=str(other.pk)) == [over, late]

    def test_progress_of_a_target_counts_actions_in_its_part_up_to_its_level(self, lead):
        aim(lead, level=2, dimension="Y")
        self.plan(lead, "y2").change(by=lead.user, seen=None, status="done")
        self.plan(lead, "y3")
        for elsewhere in ("y4", "x3"):
            self.plan(lead, elsewhere)
        self.plan(lead, "y1").change(by=lead.user, seen=None, status="dropped", reason="Not ours.")
        (progress,) = self.roadmap(lead).progress
        assert (progress.done, progress.all) == (1, 2)

    def test_blockers_tell_whether_somebody_works_on_them(self, lead):
        lead.closes("N N L N F F P N", on=str(days(-5)))
        self.plan(lead, "x2")
        gaps = {gap.criterion.key: gap.is_planned for gap in self.roadmap(lead).gaps}
        assert gaps == {"x1": False, "x2": True}

    def test_an_action_for_a_criterion_that_is_gone_stays(self, lead):
        action = self.plan(lead, "gone")
        (planned,) = self.roadmap(lead).actions
        assert (planned.action, planned.criterion) == (action, None)


class TestOnlyShortResults:
    ADDRESSES = ("roadmap", "targets", "what-if")
    TOLD = "This team has only short results. Its roadmap and targets need a full one."

    @pytest.mark.parametrize("name", ADDRESSES)
    def test_the_page_says_so_and_leads_to_a_full_assessment(self, client, lead, name):
        lead.closes("F F", on=str(days(-20)), questionnaire="short")
        client.force_login(lead.user)
        page = client.get(f"/teams/{lead.team.pk}/{name}/").content.decode()
        start = f"/teams/{lead.team.pk}/assessments/new/?framework={lead.edition.framework.key}"
        assert self.TOLD in page
        assert re.search(rf'href="{re.escape(start)}">\s*Start a full assessment', page)
        assert not re.search("no result yet|first assessment|first full assessment", page, re.IGNORECASE)
        lead.closes(AT[1], on=str(days(-30)))
        assert self.TOLD not in client.get(f"/teams/{lead.team.pk}/{name}/").content.decode()

    def test_whoever_may_not_start_one_gets_no_link(self, client, lead):
        lead.closes("F F", on=str(days(-20)), questionnaire="short")
        client.force_login(make_membership(team=lead.team, role="member").user)
        page = client.get(f"/teams/{lead.team.pk}/roadmap/").content.decode()
        assert self.TOLD in page
        assert "Start a full assessment" not in page

    def test_the_form_that_starts_one_says_so_before(self, client, lead):
        client.force_login(lead.user)
        page = client.get(f"/teams/{lead.team.pk}/assessments/new/?edition={lead.edition.pk}").content.decode()
        assert "Its results are shown separately; targets and roadmaps need a full one." in page


class TestPages:
    def test_a_target_is_set_from_the_newest_result(self, client, lead):
        result = lead.closes(AT[1], on=str(days(-10)))
        client.force_login(lead.user)
        data = {"part": "Y", "level": 2, "due": days(30).isoformat(), "why": "To be faster."}
        assert client.post(f"/teams/{lead.team.pk}/targets/", data).status_code == 302
        target = Target.objects.get()
        assert (target.dimension, target.level, target.rule, target.baseline) == ("Y", 2, "largely", result)

    @pytest.mark.parametrize("wrong", [{"level": 0}, {"level": 9}, {"due": "2020-01-01"}, {"why": ""}, {"part": "Z"}])
    def test_what_makes_no_sense_comes_back(self, client, lead, wrong):
        client.force_login(lead.user)
        data = {"part": "", "level": 2, "due": days(30).isoformat(), "why": "To be faster.", **wrong}
        page = client.post(f"/teams/{lead.team.pk}/targets/", data)
        assert page.status_code == 422
        assert not Target.objects.exists()

    def test_a_target_of_another_team_is_not_found(self, client, lead):
        target = aim(Lead())
        client.force_login(lead.user)
        assert client.post(f"/teams/{lead.team.pk}/targets/{target.pk}/give-up/").status_code == 404
        assert Target.objects.exists()

    def test_giving_up_leads_back_to_its_framework(self, client, lead):
        lead.closes(AT[1], on=str(days(-10)))
        other = Lead(team=lead.team)
        other.closes(AT[1], on=str(days(-5)))
        target = aim(lead)
        client.force_login(lead.user)
        address = f"/teams/{lead.team.pk}/targets/?framework={lead.edition.framework.key}"
        assert "This permanently deletes the target" in client.get(address).content.decode()
        assert client.post(f"/teams/{lead.team.pk}/targets/{target.pk}/give-up/", {"revision": 1}).url == address

    def test_a_target_that_is_met_is_no_longer_on_the_way(self, client, lead):
        aim(lead, set_ago=30)
        lead.closes(AT[1], on=str(days(-10)))
        client.force_login(lead.user)
        address = f"/teams/{lead.team.pk}/targets/"
        assert "% of the way" in client.get(address).content.decode()
        lead.closes(AT[2], on=str(days(-5)))
        page = client.get(address).content.decode()
        assert "met</span>" in page
        assert "% of the way" not in page

    def test_planning_proposes_the_next_step_and_keeps_what_was_written(self, client, lead):
        lead.closes(AT[1], on=str(days(-10)))
        client.force_login(lead.user)
        address = f"/teams/{lead.team.pk}/actions/new/y3/"
        assert "Begin with y3." in client.get(address).content.decode()
        client.post(address, {"text": "Talk first.", "owner": lead.user.pk, "due": "", "status": "open"})
        action = Action.objects.get()
        assert (action.text, action.owner, action.criterion) == ("Talk first.", lead.user, "y3")

    def test_somebody_outside_the_team_cannot_own_an_action(self, client, lead):
        client.force_login(lead.user)
        outsider = make_user()
        data = {"text": "Do it.", "owner": outsider.pk, "status": "open"}
        assert client.post(f"/teams/{lead.team.pk}/actions/new/y3/", data).status_code == 422
        assert not Action.objects.exists()

    def test_trying_ratings_on_changes_nothing(self, client, lead):
        lead.closes(AT[1], on=str(days(-10)))
        client.force_login(lead.user)
        counts = Event.objects.count()
        page = client.get(f"/teams/{lead.team.pk}/what-if/?level=2&c6=L").content.decode()
        assert "1 → 2" in page
        assert "The smallest set of changes" in page
        assert (lead.team.results.get().level, Event.objects.count()) == (1, counts)

    def test_what_is_pointed_out_leads_to_its_action(self, client, lead):
        done = Action.objects.plan(
            team=lead.team, framework=lead.edition.framework, criterion="y3", by=lead.user, text="Talk.", status="done"
        )
        Action.objects.filter(pk=done.pk).update(status_at=timezone.now() - datetime.timedelta(days=30))
        lead.closes(AT[1], on=str(days(-10)))
        client.force_login(lead.user)
        page = client.get(f"/teams/{lead.team.pk}/roadmap/").content.decode()
        assert f'<li><a href="/teams/{lead.team.pk}/actions/{done.pk}/">Talk.</a>' in page

    def test_planning_from_the_smallest_set_leads_back_to_it(self, client, lead):
        lead.closes("F F L N P F P N", on=str(days(-10)))
        client.force_login(lead.user)
        query = f"framework={lead.edition.framework.key}&part=&level=2&c2=F"
        shown = f"/teams/{lead.team.pk}/what-if/?{query}"
        page = client.get(shown).content.decode()
        plan = f"/teams/{lead.team.pk}/actions/new/y3/?{query}"
        assert plan.replace("&", "&amp;") in page
        form = client.get(plan).content.decode()
        assert f'href="{shown}#needed"'.replace("&", "&amp;") in form
        assert client.post(plan, {"text": "Talk first.", "status": "open"}).url == f"{shown}#needed"
        page = client.get(shown).content.decode()
        assert "actions/new/y1/" in page
        assert "actions/new/y3/" not in page
        assert '<span class="chip">planned</span>' in page

    def test_the_whole_smallest_set_is_tried_on_by_one_word(self, client, lead):
        """An address cannot hold hundreds of ratings, and every row of the set repeats it."""
        lead.closes("F F L N P F P N", on=str(days(-10)))
        client.force_login(lead.user)
        shown = f"/teams/{lead.team.pk}/what-if/?framework={lead.edition.framework.key}&part=&level=2"
        query = shown[shown.index("?") :]
        assert f'href="{query}&all=yes#outlook"'.replace("&", "&amp;") in client.get(shown).content.decode()
        page = client.get(f"{shown}&all=yes").content.decode()
        assert "0 → 2" in page
        assert re.search(r"2 changed\s*</span>", page)
        assert f"actions/new/y3/?framework={lead.edition.framework.key}&amp;part=&amp;level=2&amp;all=yes" in page

    @pytest.mark.parametrize(
        ("codes", "adds", "then"),
        [
            # 1.667 and 0.083 are 1.75; 1.833 and 0.083 are 1.917, which is shown as 1.92.
            ("F F L N F F P N", "+0.08", "level 2, index 1.75"),
            ("F F L P F F P N", "+0.08", "level 2, index 1.92 <small>rounded</small>"),
        ],
    )
    def test_a_change_that_does_not_add_up_as_shown_is_rounded(self, client, lead, codes, adds, then):
        lead.closes(codes, on=str(days(-10)))
        client.force_login(lead.user)
        page = client.get(f"/teams/{lead.team.pk}/what-if/?level=2").content.decode()
        assert re.findall(r'<td class="n"[^>]*>([^<]*)</td><td[^>]*>(level 2, index .*?)</td>', page) == [(adds, then)]

    def test_nothing_is_planned_for_what_the_framework_asks_no_more(self, client, lead):
        lead.closes("F F L N F F P N", on=str(days(-10)))
        later = toy.make_edition(key=lead.edition.framework.key, version="1.1.0", published=False)
        later.criteria.get(key="y3").delete()
        later.publish(digest="sha256:without-y3")
        client.force_login(lead.user)
        for page in ("roadmap", "what-if"):
            text = client.get(f"/teams/{lead.team.pk}/{page}/").content.decode()
            assert "no longer in the framework" in text
            assert "actions/new/y3/" not in text

    def test_what_is_no_rating_is_not_tried_on(self, client, lead):
        lead.closes(AT[1], on=str(days(-10)))
        client.force_login(lead.user)
        page = client.get(f"/teams/{lead.team.pk}/what-if/?level=99&c6=XYZ&c0=NA&c99=F&part=Q")
        assert page.status_code == 200
        assert "With the ratings you try on" not in page.content.decode()

    def test_the_adviser_remembers_and_advises(self, client):
        lead = Lead(edition=toy.make_edition(published=False))
        lead.edition.blocks = {
            "adviser": {
                "question": "Which level?",
                "inputs": [
                    {"key": "models", "type": "integer", "ask": "How many?"},
                    {"key": "live", "type": "boolean", "ask": "Live?"},
                    {"key": "pace", "type": "choice", "values": ["slow", "fast"], "ask": "How fast?"},
                ],
                "rules": [
                    {"key": "B", "when": {"models_min": 3, "live": True}, "level": 2, "why": "Many models."},
                    {"key": "A", "when": {}, "level": 1, "why": "Few models."},
                ],
                "adjustments": [
                    {"key": "M", "when": {"pace": "fast"}, "at_least": 2, "why": "Fast."},
                    {"key": "N", "when": {"pace": "slow"}, "at_most": 1, "why": "Slow."},
                ],
            }
        }
        lead.edition.save()
        lead.edition.publish(digest="sha256:adviser")
        client.force_login(lead.user)
        address = f"/teams/{lead.team.pk}/adviser/?framework={lead.edition.framework.key}"
        assert client.post(address, {"models": 4, "live": "yes", "pace": "fast"}).status_code == 302
        assert AdviserAnswers.objects.get().answers == {"models": 4, "live": True, "pace": "fast"}
        page = client.get(address).content.decode()
        assert "Many models." in page
        # Keys and notes of authors are not for readers.
        assert "does not hold here" not in page
        assert "Set level 1, Step 1, as a target" in page
        lead.closes(AT[2], on=str(days(-1)))
        assert "Keep level 2, Step 2, as a target" in client.get(address).content.decode()

    def test_a_setback_is_asked_about_and_stays_in_the_history(self, client, lead):
        lead.closes(AT[2], on=str(days(-100)))
        result = lead.closes(AT[1], on=str(days(-10)))
        client.force_login(lead.user)
        assert "The result went down" in client.get(result.get_absolute_url()).content.decode()
        assert "Add a note on why" in client.get(f"/teams/{lead.team.pk}/").content.decode()
        client.post(f"/results/{result.pk}/setback/", {"text": "Half of us left."})
        assert SetbackReason.objects.get().by == lead.user
        page = client.get(f"/teams/{lead.team.pk}/").content.decode()
        assert "went down: Half of us left." in page
        assert "Add a note on why" not in page

    def test_the_reason_outlives_that_it_was_opened_and_closed_again(self, client, lead):
        lead.closes(AT[2], on=str(days(-100)))
        result = lead.closes(AT[1], on=str(days(-10)))
        SetbackReason.objects.tell(result=result, text="Half of us left.", by=lead.user)
        result.assessment.reopen(by=lead.user, reason="A mistake.")
        result.assessment.refresh_from_db()
        again = result.assessment.close(by=lead.user)
        client.force_login(lead.user)
        for address in (again.get_absolute_url(), f"/teams/{lead.team.pk}/compare/"):
            page = client.get(address).content.decode()
            assert "Half of us left." in page
            assert "Nobody has said yet why" not in page

    def test_a_target_begins_at_the_level_above(self, client, lead):
        lead.closes(AT[2], on=str(days(-10)))
        client.force_login(lead.user)
        page = client.get(f"/teams/{lead.team.pk}/targets/").content.decode()
        assert '<option value="3" selected>' in page

    def test_who_sees_levels_only_reads_no_reasons(self, client, lead):
        lead.closes(AT[2], on=str(days(-100)))
        result = lead.closes(AT[1], on=str(days(-10)))
        SetbackReason.objects.tell(result=result, text="Half of us left.", by=lead.user)
        client.force_login(make_user(is_administrator=True))
        for address in (result.get_absolute_url(), f"/teams/{lead.team.pk}/"):
            assert "Half of us left." not in client.get(address).content.decode()


def test_an_action_planned_while_an_assessment_is_open_is_offered_as_done_at_its_closing(lead):
    assessment = toy.start(team=lead.team, by=lead.user, edition=lead.edition, date=days(-5))
    Action.objects.plan(team=lead.team, framework=lead.edition.framework, criterion="y3", by=lead.user, text="Do.")
    toy.rate(assessment, lead.user, AT[2])
    assessment.close(by=lead.user)
    assert len(Roadmap.of(Aspiration.of(lead.team)).seem_done) == 1


class TestAgenda:
    def test_by_unit_and_overdue_first(self):
        north, south = make_unit(name="North"), make_unit(name="South")
        first, second = Lead(unit=south), Lead(unit=north)
        aim(first, due=10)
        aim(first, due=-10)
        aim(second, due=5)
        agenda = OrganisationPlan.of(make_user(is_administrator=True))
        assert [(entry.team, entry.is_overdue) for entry in read(agenda.listed)] == [
            (second.team, False),
            (first.team, True),
            (first.team, False),
        ]
        assert OrganisationPlan.of(make_user()).total == 0

    def test_a_target_that_was_met_by_its_day_is_not_overdue(self):
        met, missed = Lead(unit=make_unit()), Lead()
        for each, level in ((met, 2), (missed, 1)):
            each.team.unit = met.team.unit
            each.team.save()
            aim(each, due=-10)
            each.closes(AT[level], on=str(days(-20)))
        aim(met, due=10, level=3)
        admin = make_user(is_administrator=True)
        agenda = OrganisationPlan.of(admin)
        assert [(entry.team, entry.is_overdue) for entry in read(agenda.listed)] == [
            (missed.team, True),
            (met.team, False),
            (met.team, False),
        ]
        assert agenda.overdue == 1
        assert [entry.graded.grading.grade for entry in read(list(agenda.page("1")))] == [
            Grade.MISSED,
            Grade.MET,
            Grade.ON_THE_WAY,
        ]
        assert OrganisationPlan.of(admin, only_overdue=True).total == 1

    def test_what_was_met_is_looked_up_again_when_a_result_changes(self):
        """What is known of targets that are over is kept between pages."""
        lead = Lead()
        aim(lead, due=-10)
        admin = make_user(is_administrator=True)
        assert OrganisationPlan.of(admin).overdue == OrganisationPlan.of(admin).overdue == 1
        result = lead.closes(AT[2], on=str(days(-20)))
        assert OrganisationPlan.of(admin).overdue == 0
        Result.objects.filter(pk=result.pk).update(is_current=False)
        assert OrganisationPlan.of(admin).overdue == 1

    def test_a_page_holds_its_own_entries_only(self, monkeypatch):
        monkeypatch.setattr(organisation_plan, "PAGE", 2)
        lead = Lead()
        for day in (5, 6, 7):
            aim(lead, due=day, level=2 if day == 5 else 3, dimension="" if day < 7 else "X")
        agenda = OrganisationPlan.of(make_user(is_administrator=True))
        pages = [[entry.due for entry in read(list(agenda.page(str(number))))] for number in (1, 2)]
        assert pages == [[days(5), days(6)], [days(7)]]

    def test_targets_that_are_long_over_are_counted_and_a_link_shows_them(self, client):
        lead = Lead()
        aim(lead, due=-366, set_ago=400)
        aim(lead, due=-365, set_ago=400)
        client.force_login(lead.user)
        page = client.get(f"/plan/?unit={lead.team.unit_id}&overdue=on").content.decode()
        assert "1 target that was due more than a year ago is left out" in page
        assert page.count("Target: Overall") == 1
        (link,) = re.findall(r'href="(\?[^"]*long_over[^"]*)"', page)
        page = client.get(f"/plan/{unescape(link)}").content.decode()
        assert page.count("Target: Overall") == 2
        assert "left out" not in page
        # The other filters are kept.
        assert re.search(rf'value="{lead.team.unit_id}" selected', page)
        assert page.count("checked") == 2

    def test_who_sees_levels_only_sees_no_actions(self):
        lead = Lead()
        TestActions().plan(lead)
        admin = make_user(is_administrator=True)
        assert OrganisationPlan.of(admin).total == 0
        assert OrganisationPlan.of(lead.user).total == 1

    def test_within_a_unit_overdue_first_then_by_day_then_by_team_and_actions_without_a_day_last(self):
        unit = make_unit(name="élan")
        first, second = Lead(unit=unit, name="alpha"), Lead(unit=unit, name="Beta")
        manager = make_membership(unit=unit, role="manager").user
        plan = TestActions().plan
        for lead in (second, first):
            aim(lead, due=5)
            plan(lead, due=days(5))
            plan(lead, due=days(-5))
            plan(lead)
        aim(Lead(unit=make_unit(name="Zoo", parent=unit)), due=1)
        zoo, *entries = read(OrganisationPlan.of(manager).listed)
        # By code points, on each database.
        assert zoo.team.unit.name == "Zoo"
        assert [(entry.team.name, entry.due, entry.target is not None) for entry in entries] == [
            ("alpha", days(-5), False),
            ("Beta", days(-5), False),
            ("alpha", days(5), True),
            ("alpha", days(5), False),
            ("Beta", days(5), True),
            ("Beta", days(5), False),
            ("alpha", None, False),
            ("Beta", None, False),
        ]

    def test_what_is_over_depends_on_where_the_team_is(self):
        """Days there are at least one apart."""
        unit = make_unit()
        early, late = Lead(unit=unit), Lead(unit=unit)
        Team.objects.filter(pk=early.team.pk).update(time_zone="Pacific/Kiritimati")
        Team.objects.filter(pk=late.team.pk).update(time_zone="Pacific/Pago_Pago")
        yesterday = Team.objects.get(pk=early.team.pk).today() - datetime.timedelta(days=1)
        for lead in (early, late):
            aim(lead, due=(yesterday - TODAY).days)
            TestActions().plan(lead, due=yesterday)
        plan = OrganisationPlan.of(make_membership(unit=unit, role="manager").user)
        assert {(entry.team, entry.is_overdue) for entry in read(plan.listed)} == {
            (early.team, True),
            (late.team, False),
        }
        assert (plan.overdue, plan.total) == (2, 4)

    def test_counts_are_of_the_teams_that_somebody_may_open(self):
        outer, other = make_unit(), make_unit()
        inner = make_unit(parent=outer)
        leads = [Lead(unit=unit) for unit in (outer, inner, other, other)]
        for lead in leads:
            aim(lead, due=-366, set_ago=400)
            aim(lead, due=5)
            TestActions().plan(lead)
        admin = make_user(is_administrator=True)
        make_membership(user=admin, team=leads[2].team, role="viewer")
        manager = make_membership(unit=outer, role="manager").user
        make_membership(user=manager, team=leads[3].team, role="member")

        def counts(user, **filters):
            plan = OrganisationPlan.of(user, **filters)
            return plan.teams, plan.targets, plan.actions, plan.left_out, plan.without_actions

        assert counts(admin) == (4, 4, 1, 4, 3)
        assert counts(admin, unit=other.pk) == (2, 2, 1, 2, 1)
        assert counts(admin, unit=outer.pk, long_over=True) == (2, 4, 0, 0, 2)
        assert counts(manager) == (3, 3, 3, 3, 0)
        assert counts(manager, unit=inner.pk, only_overdue=True) == (1, 0, 0, 1, 0)
        assert counts(leads[0].user, long_over=True, only_overdue=True) == (1, 1, 0, 0, 0)
        assert counts(make_user()) == (0, 0, 0, 0, 0)

    @pytest.mark.parametrize(
        "change",
        [
            lambda lead, action: Team.objects.update(name="Renamed"),
            lambda lead, action: Unit.objects.update(name="Renamed"),
            lambda lead, action: Framework.objects.update(name="Renamed"),
            lambda lead, action: User.objects.filter(pk=lead.user.pk).update(name="Renamed"),
            lambda lead, action: User.objects.filter(pk=action.owner_id).update(name="Renamed"),
            lambda lead, action: action.change(by=lead.user, seen=None, text="Something else."),
            lambda lead, action: action.change(by=lead.user, seen=None, owner=None),
            lambda lead, action: action.change(by=lead.user, seen=None, status="doing"),
            lambda lead, action: aim(lead, level=3, seen=None),
            lambda lead, action: lead.closes(AT[2], on=str(days(-10))),
            lambda lead, action: Result.objects.update(is_current=False),
        ],
    )
    def test_what_is_kept_of_a_page_is_not_shown_after_a_change(self, client, change):
        lead = Lead(unit=make_unit())
        aim(lead)
        lead.closes(AT[1], on=str(days(-20)))
        action = TestActions().plan(lead, owner=make_user(name="Ada"))
        client.force_login(make_membership(unit=lead.team.unit, role="manager").user)

        def entries():
            return re.findall(r'<section class="card" aria-label.*</section>', client.get("/plan/").content.decode())

        before = entries()
        assert len(before) == 1
        assert entries() == before
        change(lead, action)
        after = entries()
        assert after != before
        caches["template_fragments"].clear()
        assert entries() == after

    def test_a_page_that_was_drawn_is_not_read_again(self, client, monkeypatch):
        lead = Lead()
        aim(lead)
        client.force_login(lead.user)
        assert "Target: Overall" in client.get("/plan/").content.decode()
        monkeypatch.setattr("assessments.portfolio.views.read", None)
        assert "Target: Overall" in client.get("/plan/").content.decode()
