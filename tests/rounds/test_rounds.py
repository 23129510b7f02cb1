"""Rounds: teams start one by one and never twice, the next round is drafted, and leads stay within the limits."""

import datetime
import io
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from assessments.models import (
    Assessment,
    Event,
    Mail,
    Membership,
    Participation,
    Refused,
    Repeats,
    Round,
    RoundTeam,
    Team,
)
from assessments.models.round_dates import later, next_name
from assessments.outbox.sending import send_waiting
from assessments.rounds.schedule import go_on

from .. import toy
from ..at_once import at_once
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 26)
DUE = datetime.date(2026, 12, 10)


def make_staffed_team(*, unit, people=3, **fields) -> Team:
    team = make_team(unit=unit, **fields)
    for place in range(people):
        make_membership(team=team, role="member" if place else "lead")
    return team


class World:
    def __init__(self, *, teams=3, edition=None):
        self.unit = make_unit()
        self.admin = make_user(is_administrator=True)
        self.edition = edition or toy.make_edition()
        self.teams = [make_staffed_team(unit=self.unit) for _ in range(teams)]

    def draft(self, **terms) -> Round:
        usual = {"unit": self.unit, "edition": self.edition, "name": "Q4 2026", "opens": TODAY, "due": DUE}
        return Round.objects.draft(by=self.admin, **usual | terms)

    def started(self, **terms) -> Round:
        round_ = self.draft(**terms)
        round_.start(by=self.admin, teams=round_.teams_to_choose())
        return Round.objects.get(pk=round_.pk)


@pytest.fixture
def world():
    return World()


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    """Every team is on the day of the opening."""
    monkeypatch.setattr(Team, "today", lambda team: TODAY)


def test_starts_an_assessment_in_each_team_and_invites_its_people(world):
    round_ = world.started(message="Please.", questionnaire="short")
    assert round_.resume() == 3
    for team in world.teams:
        begun = team.assessments.get()
        assert (begun.status, begun.date, begun.due, begun.message) == ("open", TODAY, DUE, "Please.")
        assert begun.is_short
        assert begun.rule == "largely"
        assert begun.created_by == world.admin
        assert begun.participations.count() == 3
        assert begun.mails.filter(kind=Mail.Kind.INVITATION).count() == 3
    assert set(round_.entries.values_list("started_on", flat=True)) == {TODAY}


def test_tells_each_lead_of_each_team_once(world):
    round_ = world.started()
    round_.resume()
    round_.resume()
    told = Mail.objects.filter(kind=Mail.Kind.ROUND)
    assert {mail.user for mail in told} == {team.leads()[0] for team in world.teams}
    assert told.count() == 3


def test_a_round_that_dies_between_two_teams_goes_on_without_doubling(world, monkeypatch):
    round_ = world.started()
    start = type(Assessment.objects.all()).start
    calls = []

    def dies_at_the_second(self, **terms):
        calls.append(terms["team"])
        made = start(self, **terms)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(type(Assessment.objects.all()), "start", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        round_.resume()
    # The first is there as a whole, and nothing of the second.
    assert Assessment.objects.count() == 1
    assert round_.entries.waiting().count() == 2
    assert Mail.objects.filter(kind=Mail.Kind.INVITATION).count() == 3
    assert round_.resume() == 2
    assert round_.resume() == 0
    assert [team.assessments.count() for team in world.teams] == [1, 1, 1]
    assert Mail.objects.filter(kind=Mail.Kind.INVITATION).count() == 9
    assert Participation.objects.count() == 9


def test_a_process_that_saw_a_team_waiting_before_another_started_it_starts_no_second_one(world):
    round_ = world.started()
    seen_before = round_.entries.select_related("team").first()
    round_.resume()
    team = seen_before.team
    lead, begun = team.leads()[0], team.assessments.get()
    toy.rate(begun, lead, "F F L N F F P N")
    begun.close(by=lead)
    assert round_._start_team(seen_before) is False
    assert team.assessments.count() == 1


def test_stops_when_it_is_told_and_goes_on_from_there(world):
    round_ = world.started()
    answers = iter([True, False])
    assert round_.resume(goes_on=lambda: next(answers)) == 1
    assert go_on() == 2


def test_a_team_without_lead_waits_and_starts_once_it_has_one(world):
    team = make_team(unit=world.unit)
    make_membership(team=team, role="member")
    round_ = world.started()
    assert round_.resume() == 3
    entry = round_.entries.get(team=team)
    assert (entry.is_waiting, entry.reason) == (True, RoundTeam.Reason.NO_LEAD)
    assert round_.resume() == 0
    make_membership(team=team, role="lead")
    assert round_.resume() == 1
    entry.refresh_from_db()
    assert (entry.reason, entry.assessment.team) == ("", team)


def test_a_team_with_an_assessment_under_way_waits_until_it_is_closed(world):
    team = world.teams[0]
    lead = team.leads()[0]
    own = toy.start(team=team, by=lead, edition=world.edition)
    round_ = world.started()
    assert round_.resume() == 2
    assert round_.entries.get(team=team).reason == RoundTeam.Reason.UNDER_WAY
    toy.rate(own, lead, "F F L N F F P N")
    own.close(by=lead)
    assert round_.resume() == 1


def test_a_retired_version_starts_no_team(world):
    round_ = world.started()
    world.edition.retire()
    assert Round.objects.get(pk=round_.pk).resume() == 0
    assert set(round_.entries.values_list("reason", flat=True)) == {RoundTeam.Reason.RETIRED}


def test_a_discarded_assessment_is_not_started_again(world):
    round_ = world.started()
    round_.resume()
    team = world.teams[0]
    team.assessments.get().discard(by=team.leads()[0])
    assert round_.resume() == 0
    assert round_.entries.get(team=team).is_discarded


def test_each_team_starts_on_the_day_by_its_own_clock(world, monkeypatch):
    """At ten in the morning in London it is the next day in Kiritimati, and the one before was not long ago in Niue."""
    early, late = world.teams[:2]
    Team.objects.filter(pk=early.pk).update(time_zone="Pacific/Kiritimati")
    Team.objects.filter(pk=late.pk).update(time_zone="Pacific/Niue")
    moment = datetime.datetime(2026, 11, 26, 10, 30, tzinfo=ZoneInfo("UTC"))
    monkeypatch.setattr(Team, "today", lambda team: team.day_of(moment))
    round_ = world.started(opens=datetime.date(2026, 11, 27))
    assert round_.resume() == 1
    assert Assessment.objects.get().team == early
    moment = datetime.datetime(2026, 11, 27, 1, 0, tzinfo=ZoneInfo("UTC"))
    assert round_.resume() == 1
    moment = datetime.datetime(2026, 11, 27, 11, 0, tzinfo=ZoneInfo("UTC"))
    assert round_.resume() == 1


def test_starting_twice_takes_no_other_teams(world):
    round_ = world.draft()
    round_.start(by=world.admin, teams=world.teams[:2])
    round_.start(by=world.admin, teams=world.teams)
    assert round_.entries.count() == 2


def test_needs_a_team(world):
    with pytest.raises(Refused, match="at least one team"):
        world.draft().start(by=world.admin, teams=[])


# ---------------------------------------------------------------------- repeating


@pytest.mark.parametrize(
    ("name", "months", "expected"),
    [
        ("Q4 2026", 3, "Q1 2027"),
        ("Q1-2026", 6, "Q3-2026"),
        ("Platform, Q2 2026", 12, "Platform, Q2 2027"),
        ("H2 2026", 6, "H1 2027"),
        ("H2 2026", 3, "H2 2026"),
        ("2026", 12, "2027"),
        ("Health check", 3, "Health check"),
    ],
)
def test_the_next_name_follows_the_period(name, months, expected):
    assert next_name(name, months) == expected


def test_the_day_of_the_month_is_kept_through_shorter_months():
    days = [datetime.date(2027, 1, 31)]
    for _ in range(4):
        days.append(later(days[-1], 3, day=31))
    assert [f"{day:%m-%d}" for day in days] == ["01-31", "04-30", "07-31", "10-31", "01-31"]
    assert later(datetime.date(2027, 8, 31), 6, day=31) == datetime.date(2028, 2, 29)


def test_the_next_round_is_drafted_a_week_ahead_once_and_announced(world):
    round_ = world.started(repeats=Repeats.QUARTERLY)
    opens = datetime.date(2027, 2, 26)
    assert Round.objects.draft_next(opens - datetime.timedelta(days=8)) == []
    (draft,) = Round.objects.draft_next(opens - datetime.timedelta(days=7))
    assert (draft.name, draft.opens, draft.due) == ("Q1 2027", opens, datetime.date(2027, 3, 12))
    assert (draft.is_draft, draft.follows, draft.repeats) == (True, round_, "quarterly")
    told = Mail.objects.get(kind=Mail.Kind.ROUND_DRAFTED)
    assert (told.user, told.about) == (world.admin, f"round:{draft.pk}")
    assert Round.objects.draft_next(opens) == []
    # A draft asks nobody, whatever day it is.
    assert go_on() == 3
    assert draft.entries.count() == 0


def test_daylight_saving_moves_no_round(world):
    """From 29 September to 29 March both clocks of Berlin change; days do not."""
    world.started(repeats=Repeats.HALF_YEARLY, opens=datetime.date(2026, 9, 29), due=datetime.date(2026, 10, 13))
    (draft,) = Round.objects.draft_next(datetime.date(2027, 3, 22))
    assert (draft.opens, draft.due) == (datetime.date(2027, 3, 29), datetime.date(2027, 4, 12))


def test_after_a_long_time_only_the_latest_is_drafted(world):
    world.started(repeats=Repeats.QUARTERLY)
    (draft,) = Round.objects.draft_next(datetime.date(2027, 9, 1))
    assert (draft.name, draft.opens) == ("Q3 2027", datetime.date(2027, 8, 26))


def test_the_next_round_has_the_newest_version_if_its_own_is_retired(world):
    world.started(repeats=Repeats.YEARLY)
    newer = toy.make_edition(key=world.edition.framework.key, version="2.0.0")
    world.edition.retire()
    (draft,) = Round.objects.draft_next(datetime.date(2027, 11, 20))
    assert draft.edition == newer


def test_discarding_the_next_draft_ends_the_repetition(world):
    round_ = world.started(repeats=Repeats.QUARTERLY)
    (draft,) = Round.objects.draft_next(datetime.date(2027, 2, 20))
    draft.discard(by=world.admin)
    round_.refresh_from_db()
    assert round_.repeats == Repeats.ONCE
    assert Round.objects.draft_next(datetime.date(2027, 2, 21)) == []


def test_nobody_is_told_if_whoever_started_it_is_erased(world):
    round_ = world.started(repeats=Repeats.QUARTERLY)
    round_.resume()
    Membership.objects.filter(user=world.admin).delete()
    world.admin.delete()
    (draft,) = Round.objects.draft_next(datetime.date(2027, 2, 20))
    assert draft.drafted_by is None
    assert not Mail.objects.filter(kind=Mail.Kind.ROUND_DRAFTED).exists()


# ---------------------------------------------------------------------- while it is under way


def test_a_lead_moves_the_due_date_within_the_limit_of_the_round(world):
    round_ = world.started(leeway=5)
    round_.resume()
    begun = world.teams[0].assessments.get()
    lead = world.teams[0].leads()[0]
    begun.set_due(datetime.date(2026, 12, 15), by=lead, seen=None)
    for too_late in (datetime.date(2026, 12, 16), None):
        with pytest.raises(Refused, match="part of the round Q4 2026"):
            Assessment.objects.get(pk=begun.pk).set_due(too_late, by=lead, seen=None)
    round_.close(by=world.admin)
    Assessment.objects.get(pk=begun.pk).set_due(datetime.date(2027, 1, 30), by=lead, seen=None)


def test_extending_moves_every_earlier_due_date_and_no_later_one(world):
    round_ = world.started(leeway=30)
    round_.resume()
    begun, other, closed = (team.assessments.get() for team in world.teams)
    begun.set_due(datetime.date(2026, 12, 30), by=world.admin, seen=None)
    toy.rate(closed, world.teams[2].leads()[0], "F F L N F F P N")
    closed.close(by=world.teams[2].leads()[0])
    assert round_.extend(datetime.date(2026, 12, 20), by=world.admin) == 1
    due = [Assessment.objects.get(pk=row.pk).due for row in (begun, other, closed)]
    assert due == [datetime.date(2026, 12, 30), datetime.date(2026, 12, 20), DUE]
    assert Round.objects.get().due == datetime.date(2026, 12, 20)
    with pytest.raises(Refused, match="only be extended"):
        round_.extend(DUE, by=world.admin)


def test_closing_a_round_freezes_no_assessment_and_starts_no_more_teams(world):
    round_ = world.started()
    round_.resume(goes_on=iter([True, False]).__next__)
    round_.close(by=world.admin)
    assert Assessment.objects.open().count() == 1
    assert Round.objects.get(pk=round_.pk).resume() == 0
    assert go_on() == 0
    round_.close(by=world.admin)
    assert Event.objects.filter(kind="round.closed").count() == 1


def test_reminding_reaches_every_open_assessment(world):
    round_ = world.started()
    round_.resume()
    Mail.objects.update(state=Mail.State.SENT)
    assert round_.remind(by=world.admin) == 3
    assert Mail.objects.filter(kind=Mail.Kind.REMINDER).count() == 9


def test_reminding_leads_reaches_those_of_teams_that_wait_for_them_once_a_day(world):
    round_ = world.started()
    round_.resume()
    assert round_.remind_leads(by=world.admin) == 0
    past = TODAY - datetime.timedelta(days=1)
    late, in_review, _in_time = Assessment.objects.order_by("team__name")
    Assessment.objects.filter(pk__in=[late.pk, in_review.pk]).update(date=past, due=past)
    Assessment.objects.filter(pk=in_review.pk).update(status=Assessment.Status.REVIEW)
    for _time in range(2):
        assert round_.remind_leads(by=world.admin) == 2
    told = Mail.objects.filter(kind=Mail.Kind.ROUND_WAITS)
    assert {mail.user for mail in told} == {*late.team.leads(), *in_review.team.leads()}
    assert told.count() == 2
    round_.close(by=world.admin)
    with pytest.raises(Refused, match="not under way"):
        Round.objects.get(pk=round_.pk).remind_leads(by=world.admin)


def test_a_team_that_is_merged_while_the_round_starts_is_left_to_the_other(world):
    round_ = world.started()
    gone, other = world.teams[0], make_staffed_team(unit=world.unit)
    entry = round_.entries.select_related("team").get(team=gone)
    gone.merge_into(other, by=world.admin)
    assert not round_._start_team(entry)
    assert round_.entries.get(team=other).reason == ""
    assert round_.resume() == 3
    assert sorted(round_.assessments().values_list("team", flat=True)) == sorted(
        team.pk for team in [*world.teams[1:], other]
    )


def test_a_merged_unit_hands_its_rounds_on(world):
    round_ = world.started()
    other = make_unit()
    world.unit.merge_into(other, by=world.admin)
    assert Round.objects.get(pk=round_.pk).unit == other


def test_a_manager_sees_rounds_of_their_unit_and_others_with_teams_of_theirs(world):
    manager = make_membership(unit=world.unit, role="manager").user
    lead = world.teams[0].leads()[0]
    own, whole, foreign = world.draft(), world.draft(unit=None), world.draft(unit=make_unit())
    assert set(Round.objects.visible_to(manager)) == {own}
    whole.start(by=world.admin, teams=world.teams)
    assert set(Round.objects.visible_to(manager)) == {own, whole}
    assert set(Round.objects.visible_to(lead)) == set()
    assert set(Round.objects.visible_to(world.admin)) == {own, whole, foreign}


def test_counts_are_of_the_teams_that_a_person_may_see(world):
    manager = make_membership(unit=world.unit, role="manager").user
    make_staffed_team(unit=make_unit())
    round_ = world.started(unit=None)
    counted = Round.objects.with_counts(manager).get(pk=round_.pk)
    assert (counted.teams, counted.teams_closed) == (3, 0)
    assert Round.objects.with_counts(world.admin).get(pk=round_.pk).teams == 4


# ---------------------------------------------------------------------- mails


def sent(mailoutbox, kind) -> list:
    """What the outbox sends of this kind."""
    Mail.objects.exclude(kind=kind).delete()
    send_waiting()
    return mailoutbox


def test_the_mail_to_a_lead_names_the_round_who_started_it_and_the_limit(world, mailoutbox):
    world.started(leeway=5).resume()
    lead = world.teams[0].leads()[0]
    (letter,) = (letter for letter in sent(mailoutbox, Mail.Kind.ROUND) if letter.to == [lead.email])
    text = " ".join(letter.body.split())
    assert letter.subject == f"{world.teams[0].name}: a round has started"
    assert f"{world.admin} has started a round, and {world.teams[0].name} takes part" in text
    assert "Due date: 10 December 2026" in text
    assert "You can move it up to 15 December 2026: this is the limit of the round Q4 2026." in text


@pytest.mark.parametrize("state", ["open", "review", "extended"])
def test_the_reminder_of_a_lead_says_what_only_they_can_do(world, mailoutbox, state):
    round_ = world.started()
    round_.resume()
    assessment = Assessment.objects.order_by("team__name").first()
    past = TODAY - datetime.timedelta(days=1)
    Assessment.objects.filter(pk=assessment.pk).update(date=past, due=past)
    round_.remind_leads(by=world.admin)
    if state == "review":
        Assessment.objects.filter(pk=assessment.pk).update(status=state)
    elif state == "extended":
        Assessment.objects.filter(pk=assessment.pk).update(due=TODAY)
    letters = sent(mailoutbox, Mail.Kind.ROUND_WAITS)
    if state == "extended":
        assert letters == []
        return
    (letter,) = letters
    text = " ".join(letter.body.split())
    assert letter.to == [assessment.team.leads()[0].email]
    assert f"{world.admin} asks you to go on with the assessment of {assessment.team} in the round Q4 2026." in text
    assert ("It is in review" in text) is (state == "review")
    assert "Only a lead can do that." in text
    assert f"/assessments/{assessment.pk}/" in text


def test_an_invitation_names_the_round(world, mailoutbox):
    world.started().resume()
    invitations = [letter.body for letter in sent(mailoutbox, Mail.Kind.INVITATION)]
    assert len(invitations) > 1
    assert all("Framework: Toy\nRound: Q4 2026\n" in text for text in invitations)


def test_the_mail_about_the_next_draft_leads_to_it(world, mailoutbox):
    world.started(repeats=Repeats.QUARTERLY)
    (draft,) = Round.objects.draft_next(datetime.date(2027, 2, 20))
    (letter,) = sent(mailoutbox, Mail.Kind.ROUND_DRAFTED)
    assert letter.to == [world.admin.email]
    assert letter.subject == "Q1 2027 is drafted"
    assert f"/rounds/{draft.pk}/" in letter.body
    assert "from 26 February 2027 to 12 March 2027" in " ".join(letter.body.split())
    assert "because you started the round Q4 2026, which repeats" in " ".join(letter.body.split())


@pytest.mark.parametrize("what", ["started", "no longer an administrator"])
def test_nobody_is_told_of_a_draft_that_they_cannot_start_any_more(world, mailoutbox, what):
    world.started(repeats=Repeats.QUARTERLY)
    (draft,) = Round.objects.draft_next(datetime.date(2027, 2, 20))
    if what == "started":
        draft.start(by=world.admin, teams=world.teams)
    else:
        type(world.admin).objects.filter(pk=world.admin.pk).update(is_administrator=False)
    assert sent(mailoutbox, Mail.Kind.ROUND_DRAFTED) == []
    assert Mail.objects.get().state == Mail.State.SKIPPED


def test_send_due_goes_on_with_rounds_even_without_mail(world):
    world.started()
    call_command("send_due", stdout=io.StringIO())
    assert Assessment.objects.open().count() == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_processes_that_go_on_with_one_round_start_each_team_once():
    world = World(teams=6)
    round_ = world.started()
    first, second = at_once(*(Round.objects.get(pk=round_.pk).resume for _ in range(2)))
    assert first + second == 6
    assert [team.assessments.count() for team in world.teams] == [1] * 6
    assert Mail.objects.filter(kind=Mail.Kind.INVITATION).count() == 18


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_processes_that_draft_the_next_round_one_does():
    world = World(teams=1)
    world.started(repeats=Repeats.QUARTERLY)
    day = datetime.date(2027, 2, 20)
    at_once(*(lambda: Round.objects.draft_next(day) for _ in range(2)))
    assert Round.objects.drafts().count() == 1
    assert Mail.objects.filter(kind=Mail.Kind.ROUND_DRAFTED).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_teams_are_merged_while_their_round_starts():
    """Both lock the team and its row in the round, in the same order."""
    edition = toy.make_edition()
    for _ in range(4):
        world = World(teams=4, edition=edition)
        others = [make_staffed_team(unit=world.unit) for _ in world.teams]
        round_ = world.draft()
        round_.start(by=world.admin, teams=world.teams)

        def merge(world=world, others=others):
            for gone, other in zip(world.teams, others, strict=True):
                gone.merge_into(other, by=world.admin)

        started, merged = at_once(Round.objects.get(pk=round_.pk).resume, merge)
        assert isinstance(started, int), started
        assert merged is None
        Round.objects.get(pk=round_.pk).resume()
        assert [team.assessments.count() for team in others] == [1] * 4
