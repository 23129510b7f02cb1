"""What nobody needs any more goes, and nothing else."""

import datetime
import gzip
import json

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone

from assessments.management.commands.send_due import Command
from assessments.models import Assessment, BrowserSession, Event, InvitationLink, Mail, SignInAttempt
from assessments.models.participation import LinkGuess
from assessments.models.submissions import Submission
from assessments.operations import tidying
from assessments.operations.tidying import removable, tidy
from maturity import environment as env

from .. import toy
from ..factories import make_team, make_user

pytestmark = pytest.mark.django_db


def ago(**parts):
    return timezone.now() - datetime.timedelta(**parts)


def test_what_has_ended_is_removed_and_what_has_not_stays():
    for key, used in (("old", ago(days=15)), ("new", ago(days=1))):
        BrowserSession.objects.create(key_hash=key, data="", begun_at=ago(days=16), used_at=used)
    for key, ends in (("old", ago(minutes=1)), ("new", ago(minutes=-1))):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
    for at in (ago(minutes=61), ago(minutes=59)):
        SignInAttempt.objects.create(account="a", address="", at=at)
        LinkGuess.objects.create(address="a", at=at)
    for day in (3, 2):
        Submission.objects.create(key=f"{day}", day=timezone.localdate() - datetime.timedelta(days=day))
    removed = tidy()
    assert [count for count in removed.values() if count] == [1, 1, 1, 1, 1]
    assert [session.key_hash for session in BrowserSession.objects.all()] == ["new"]
    assert [session.session_key for session in Session.objects.all()] == ["new"]
    assert (SignInAttempt.objects.count(), LinkGuess.objects.count(), Submission.objects.count()) == (1, 1, 1)
    assert not any(tidy().values())


def mail(*, state="sent", days=91, **about):
    return Mail.objects.create(
        kind="invitation" if "assessment" in about else "new-password",
        state=state,
        not_before=timezone.now(),
        done_on=timezone.localdate() - datetime.timedelta(days=days) if days else None,
        **about,
    )


def test_mails_go_when_they_have_ended_and_their_assessment_is_closed(team, lead):
    old, recent, waiting = (make_user() for _ in range(3))
    mail(user=old)
    mail(user=recent, days=89)
    mail(user=waiting, state="waiting", days=None)
    today = timezone.localdate()
    assessment = toy.start(team=team, by=lead, anonymous=False, date=today)
    assessment.invite(by=lead, members=[], addresses=["guest@example.org"])
    Mail.objects.filter(assessment=assessment).delete()
    person = assessment.participations.filter(invitation__isnull=False).get()
    mail(participation=person, assessment=assessment)
    assert tidy()["old mails"] == 1
    assert set(Mail.objects.filter(assessment=None).values_list("user", flat=True)) == {recent.pk, waiting.pk}
    Assessment.objects.filter(pk=assessment.pk).update(status="closed", closed_at=timezone.now())
    assert tidy()["old mails"] == 1


def test_links_go_when_they_ended_long_ago_and_the_invitation_stays(team, lead):
    assessment = toy.start(team=team, by=lead, anonymous=False, date=timezone.localdate())
    for name in ("old", "recent"):
        guest = toy.guest(assessment, email=f"{name}@example.org")
        days = 91 if name == "old" else 89
        expired = timezone.localdate() - datetime.timedelta(days=days)
        assessment.invitations.filter(pk=guest.invitation.pk).update(expires_on=expired)
    links = InvitationLink.objects.count()
    assert tidy()["links that ended"] == 0
    Assessment.objects.filter(pk=assessment.pk).update(status="closed", closed_at=timezone.now())
    assert tidy()["links that ended"] == 1
    assert InvitationLink.objects.count() == links - 1
    assert assessment.invitations.count() == 2


def old_event(**fields):
    event = Event.record("unit.added", by=None, **fields)
    tidying.models.QuerySet(Event).filter(pk=event.pk).update(at=ago(days=14 * 31))
    return event


def test_the_journal_stays_unless_it_is_to_be_put_away(settings):
    old_event()
    assert settings.KEEP_JOURNAL_MONTHS == 0
    assert removable()["entries of the journal"] == 0
    tidy()
    assert Event.objects.exists()


def test_old_entries_move_into_a_file(settings, tmp_path, monkeypatch):
    settings.KEEP_JOURNAL_MONTHS, settings.JOURNAL_FOLDER = 13, tmp_path / "journal"
    monkeypatch.setattr(tidying, "STEP", 2)
    team = make_team()
    moved = [old_event(team=team, unit=n) for n in range(5)]
    kept = Event.record("unit.added", by=None)
    assert removable()["entries of the journal"] == 5
    assert tidy()["entries of the journal"] == 5
    assert list(Event.objects.values_list("pk", flat=True)) == [kept.pk]
    (file,) = settings.JOURNAL_FOLDER.iterdir()
    entries = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert [entry["pk"] for entry in entries] == [event.pk for event in moved]
    assert entries[0]["team"] == str(team.pk)
    assert entries[0]["data"] == {"unit": 0}
    assert tidy()["entries of the journal"] == 0


def test_entries_stay_if_the_file_cannot_be_written(settings, tmp_path):
    settings.KEEP_JOURNAL_MONTHS, settings.JOURNAL_FOLDER = 13, tmp_path / "file"
    settings.JOURNAL_FOLDER.write_text("in the way")
    event = old_event()
    with pytest.raises(OSError):
        tidy()
    assert Event.objects.filter(pk=event.pk).exists()


def ended_session():
    return BrowserSession.objects.create(key_hash="old", data="", begun_at=ago(days=31), used_at=ago(days=1))


def test_the_command_counts_or_removes(capsys):
    ended_session()
    call_command("tidy", "--dry-run")
    assert "1 ended sessions would be removed." in capsys.readouterr().out
    assert BrowserSession.objects.exists()
    call_command("tidy")
    assert capsys.readouterr().out == "Removed 1 ended sessions.\n"
    call_command("tidy")
    assert capsys.readouterr().out == "There was nothing to remove.\n"


def test_the_process_that_sends_mails_tidies_once_a_day():
    command = Command()
    for expected in (0, 1):
        ended_session()
        command.tidy_daily()
        assert BrowserSession.objects.count() == expected
    command.tidied_at -= Command.TIDY_EVERY
    command.tidy_daily()
    assert not BrowserSession.objects.exists()


@pytest.mark.parametrize("months", ["1", "12", "-1", "many"])
def test_a_journal_of_less_than_a_year_is_refused(months, monkeypatch):
    monkeypatch.setenv("X", months)
    with pytest.raises(ImproperlyConfigured, match="X: "):
        env.months_of_journal("X")
