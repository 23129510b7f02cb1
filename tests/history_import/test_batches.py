"""Earlier assessments come in together: the same results as if answered here, marked, and removable together."""

import datetime

import pytest
from django.core.management import CommandError, call_command
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils import timezone

from assessments.history_import.lines import BesideFile
from assessments.history_import.plan import HistoryPlan
from assessments.history_import.reading import read_history
from assessments.models import (
    Action,
    AgreedRating,
    Assessment,
    Event,
    HistoryImport,
    HistoryLine,
    Rating,
    Refused,
    Respondent,
    Result,
    SetbackReason,
    Target,
    Team,
)

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user
from .files import csv_text

pytestmark = pytest.mark.django_db

KEYS = [row.split()[0] for row in toy.CRITERIA]
#: What three people say, in the order of the framework.
VOTES = {"Ada": "F F L N F F P N", "Ben": "F P - N F DK P NA", "Cem": "L F NA N F F P N"}


@pytest.fixture
def edition():
    return toy.make_edition(key="toy")


def plan_of(content, edition, *, name="history.csv", about=None, questionnaire="full", unit=None, rule="largely"):
    line = HistoryLine(edition=edition, rule=rule, questionnaire=questionnaire)
    given = read_history(name, content, about=about or BesideFile(), contents=edition.contents)
    return HistoryPlan(given, line, new_teams_in=unit)


def lines(team, date, codes, respondent="", reason="Not here."):
    return [
        f"{team},{date},{key},{code},{respondent},{reason if code == 'NA' else ''},"
        for key, code in zip(KEYS, codes.split(), strict=True)
        if code != "-"
    ]


def imported(edition, *wanted, by=None, **options):
    plan = plan_of(csv_text(*wanted), edition, **options)
    assert plan.problems == []
    return plan.carry_out(origin="history.csv", by=by)


def frozen(result):
    """All figures of a result, without what tells two results apart."""
    own = ("id", "assessment", "created_at", "closed_by", "team", "closing", "participants")
    whole = {name: value for name, value in model_to_dict(result).items() if name not in own}
    parts = [model_to_dict(part, exclude=["id", "result"]) for part in result.parts.all()]
    criteria = [model_to_dict(criterion, exclude=["id", "result"]) for criterion in result.criteria.all()]
    return whole, parts, criteria


def test_an_imported_result_is_the_same_as_one_that_was_answered(team, lead, edition):
    people = [make_membership(team=team).user for _ in VOTES]
    assessment = toy.start(team=team, by=lead, edition=edition, date=datetime.date(2026, 3, 31))
    for person, codes in zip(people, VOTES.values(), strict=True):
        toy.rate(assessment, person, codes)
    scale = edition.contents.scales[0]
    for key, code in (("x1", "P"), ("y4", None)):
        choice = scale.by_code[code] if code else None
        reason = "" if code else "Not here."
        criterion = edition.contents.criterion_by_key[key]
        AgreedRating.objects.create(assessment=assessment, criterion=criterion, choice=choice, reason=reason)
    answered = assessment.close(by=lead)

    other = make_team(name="Search")
    said = [line for name, codes in VOTES.items() for line in lines("Search", "2026-03-31", codes, name)]
    batch = imported(edition, *said, "Search,2026-03-31,x1,P,,,", "Search,2026-03-31,y4,NA,,Not here.,")
    result = other.results.get()
    assert frozen(result) == frozen(answered)
    assert (result.level, result.respondents, result.date) == (answered.level, 3, datetime.date(2026, 3, 31))
    assert batch.results().get() == result


def test_respondents_have_no_account_and_no_name(edition):
    make_team(name="Search")
    ada = make_user(email="ada@example.org", name="Ada")
    imported(edition, *lines("Search", "2026-03-31", VOTES["Ada"], "ada@example.org"))
    assert list(Respondent.objects.values_list("user", "invitation", "secret_hash")) == [(None, None, None)]
    assert not ada.respondents.exists()
    assert Rating.objects.count() == len(KEYS)


def test_only_what_was_agreed_is_enough(edition):
    team = make_team(name="Search")
    imported(edition, *lines("Search", "2026-03-31", "F F - - F - - -"))
    result = team.results.get()
    assert (result.respondents, result.answered) == (0, 3)
    assert result.responded == "Without single answers"
    assert result.criteria.get(key="x1").is_agreed


def test_the_journal_holds_ids_and_codes_only(edition):
    make_team(name="Search")
    admin = make_user(is_administrator=True)
    batch = imported(edition, *lines("Search", "2026-03-31", VOTES["Ada"]), by=admin)
    whole = Event.objects.get(kind="history.imported")
    one = Event.objects.get(kind="history.assessment_imported")
    assert whole.actor == one.actor == admin
    assert whole.data == {"batch": str(batch.pk), "digest": batch.digest, "assessments": 1}
    assert one.data == {"batch": str(batch.pk), "result": str(Result.objects.get().pk)}


def test_assessments_of_a_day_are_numbered_after_those_of_the_team(team, lead, edition):
    toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1))
    said = lines(team.name, "2026-06-30", VOTES["Ada"]) + lines(team.name, "2026-03-31", VOTES["Ada"])
    imported(edition, *said)
    closings = team.results.chronological().values_list("date__month", "closing")
    assert list(closings) == [(1, 1), (3, 2), (6, 3)]


def test_the_same_assessments_come_in_once(edition):
    make_team(name="Search")
    said = lines("Search", "2026-03-31", VOTES["Ada"], "Ada") + lines("Search", "2026-03-31", VOTES["Ben"], "Ben")
    first = imported(edition, *said)
    again = plan_of(csv_text(*reversed(said)), edition)
    assert again.known == first
    assert not again.is_possible
    with pytest.raises(Refused, match="imported before"):
        HistoryImport.objects.take_in(again.earlier, again.line, origin="again.csv", by=None)
    assert Assessment.objects.count() == 1


def test_nothing_is_half_done(edition, monkeypatch):
    make_team(name="Search")
    plan = plan_of(csv_text(*lines("New one", "2026-03-31", VOTES["Ada"])), edition, unit=make_unit())
    monkeypatch.setattr(Event.objects, "bulk_create", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        plan.carry_out(origin="history.csv", by=None)
    assert not Assessment.objects.exists()
    assert not HistoryImport.objects.exists()
    assert not Team.objects.filter(name="New one").exists()


def test_a_team_that_is_not_here_is_created_only_if_asked_for(edition):
    said = lines("Search", "2026-03-31", VOTES["Ada"]) + lines("search", "2026-06-30", VOTES["Ada"])
    refused = plan_of(csv_text(*said), edition)
    assert refused.problems[0].sentence == "There is no team “Search”."
    unit = make_unit()
    imported(edition, *said, unit=unit)
    assert Team.objects.get(name="Search").unit == unit
    assert Assessment.objects.count() == 2


def test_an_imported_assessment_is_not_reopened(lead, team, edition):
    imported(edition, *lines(team.name, "2026-03-31", VOTES["Ada"]))
    with pytest.raises(Refused, match="was imported"):
        Assessment.objects.get().reopen(by=lead, reason="Why not", to="open")


# ------------------------------------------------------------------ pages


def test_it_is_marked_on_every_page_and_shown_at_once(client, team, lead, edition):
    client.force_login(lead)
    # Browsers keep pages of the same machine.
    client.defaults["SERVER_NAME"] = "localhost"
    toy.add_result(team=team, edition=edition, date=datetime.date(2025, 1, 1))
    team_page, portfolio = reverse("team", args=[team.pk]), f"{reverse('portfolio')}?framework=toy"
    before = {page: client.get(page)["ETag"] for page in (team_page, portfolio)}
    imported(edition, *lines(team.name, "2026-03-31", VOTES["Ada"], "Ada"))
    result = team.results.newest_first().first()
    for page in (team_page, portfolio):
        response = client.get(page, headers={"if-none-match": before[page]})
        assert response.status_code == 200, page
        assert "imported from history.csv" in response.content.decode(), page
    for page in (
        result.get_absolute_url(),
        result.assessment.get_absolute_url(),
        reverse("result-report", args=[result.pk]),
    ):
        assert "Imported from history.csv" in client.get(page).content.decode(), page
    for page, kinds in ((reverse("team-export", args=[team.pk]), ("csv",)), (reverse("portfolio-export"), ("csv",))):
        for kind in kinds:
            response = client.get(page, {"format": kind, "framework": "toy"})
            text = b"".join(response.streaming_content).decode()
            assert "history.csv" in text, page


def test_pages_of_a_result_that_was_only_agreed_on_open(client, team, lead, edition):
    client.force_login(lead)
    imported(edition, *lines(team.name, "2026-03-31", "F F - - F - - -"))
    result = team.results.get()
    for page in (result.get_absolute_url(), team.get_absolute_url(), reverse("result-report", args=[result.pk])):
        assert client.get(page).status_code == 200


# ------------------------------------------------------------------ removing


@pytest.fixture
def batch(team, edition):
    return imported(
        edition, *lines(team.name, "2026-03-31", VOTES["Ada"], "Ada"), *lines(team.name, "2026-06-30", VOTES["Cem"])
    )


def test_a_batch_is_removed_whole_and_can_come_in_again(batch, team, edition):
    kept = toy.add_result(team=make_team(), edition=edition, date=datetime.date(2026, 1, 1))
    admin = make_user(is_administrator=True)
    batch.remove(by=admin)
    assert list(Assessment.objects.all()) == [kept.assessment]
    assert not Respondent.objects.exists()
    assert not HistoryImport.objects.exists()
    assert Event.objects.get(kind="history.removed").data == {"batch": str(batch.pk), "assessments": 2}
    assert Event.objects.filter(kind="history.assessment_imported").count() == 2
    batch.remove(by=admin)
    imported(edition, *lines(team.name, "2026-03-31", VOTES["Ada"], "Ada"))


def newest(batch):
    return batch.results().newest_first().first()


def a_target(batch, team, lead):
    due = datetime.date(2027, 1, 1)
    Target.objects.create(
        team=team, framework=batch.edition.framework, level=1, rule="largely", due=due, baseline=newest(batch)
    )


def an_action(batch, team, lead):
    Action.objects.plan(team=team, framework=batch.edition.framework, criterion="x4", by=lead, text="Do it")


def a_later_result(batch, team, lead):
    toy.add_result(team=team, edition=batch.edition, date=datetime.date(2026, 9, 1))


def an_explanation(batch, team, lead):
    SetbackReason.objects.tell(result=newest(batch), text="We lost two people.", by=lead)


def a_merger(batch, team, lead):
    team.merge_into(make_team(unit=team.unit, name="Other"), by=lead)


def a_share_link(batch, team, lead):
    from assessments.models import ShareLink

    ShareLink.objects.create(token_hash="x", result=newest(batch), made_by=lead, expires_on=timezone.localdate())


@pytest.mark.parametrize(
    "build, says",
    [
        (a_target, "that starts from the result of"),
        (an_action, "planned an action from it: Do it"),
        (a_later_result, "that is compared with an imported one"),
        (an_explanation, "said why the result of"),
        (a_merger, "was merged into Other"),
        (a_share_link, "A share link shows the result of"),
    ],
)
def test_what_builds_on_a_batch_keeps_it(batch, team, lead, build, says):
    assert batch.what_builds_on_it() == []
    build(batch, team, lead)
    (sentence,) = batch.what_builds_on_it()
    assert says in sentence
    with pytest.raises(Refused, match=says):
        batch.remove(by=lead)
    assert batch.results().count() == 2


def test_what_was_here_before_does_not_keep_it(team, lead, edition):
    framework = edition.framework
    toy.add_result(team=team, edition=edition, date=datetime.date(2026, 9, 1))
    Action.objects.plan(team=team, framework=framework, criterion="x4", by=lead, text="Do it")
    batch = imported(edition, *lines(team.name, "2026-03-31", VOTES["Ada"]))
    # Planned from the newer result, which was made here.
    Action.objects.plan(team=team, framework=framework, criterion="x3", by=lead, text="Do that")
    assert batch.what_builds_on_it() == []


# ------------------------------------------------------------------ command


def test_the_command_says_what_it_would_do_does_it_and_takes_it_back(tmp_path, capsys, edition):
    make_team(name="Search")
    path = tmp_path / "history.csv"
    path.write_bytes(csv_text(*lines("Search", "2026-03-31", VOTES["Ada"])))
    call_command("import_history", path, "--framework=toy", "--dry-run")
    assert "Would import 1 assessment of 1 team with 8 answers" in capsys.readouterr().out
    assert not Assessment.objects.exists()
    call_command("import_history", path, "--framework=toy")
    assert "Imported 1 assessment" in capsys.readouterr().out
    call_command("import_history", path, "--framework=toy")
    assert "Nothing changed: imported before" in capsys.readouterr().out
    call_command("import_history", f"--remove={HistoryImport.objects.get().pk}")
    assert not Assessment.objects.exists()


def test_the_command_tells_every_problem_by_line(tmp_path, edition):
    make_team(name="Search")
    path = tmp_path / "history.csv"
    path.write_bytes(csv_text("Search,2026-03-31,x1,Z,,,", "Search,31/03/2026,x1,F,,,"))
    with pytest.raises(CommandError) as error:
        call_command("import_history", path, "--framework=toy")
    assert "history.csv, line 2: “Z” is no answer to x1." in str(error.value)
    assert "history.csv, line 3: “31/03/2026” is no day." in str(error.value)
    assert "Nothing was imported." in str(error.value)
