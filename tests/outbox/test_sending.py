"""Sending to a mail server that takes mails, refuses them, hangs, or is away."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments.accounts.erasure import erase
from assessments.models import Mail, PasswordRequest
from assessments.outbox.sending import send_waiting
from assessments.web.letters import without_links

from .. import toy
from ..factories import make_membership, make_team, make_user
from ..servers import ROOT
from ..smtp_sink import smtp_sink, text_of, unused_port, use_for_mails

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LINK = re.compile(r"http://127\.0\.0\.1:8000(/\S+)")


@pytest.fixture
def sink(settings):
    with smtp_sink() as sink:
        use_for_mails(settings, sink)
        yield sink


@pytest.fixture
def assessment(team, lead):
    return toy.start(team=team, by=lead)


def invite(assessment, number: int = 1) -> list[str]:
    emails = [f"guest{n}@example.org" for n in range(number)]
    assessment.invite(by=assessment.created_by, addresses=emails)
    return emails


def try_again() -> None:
    """As much later as it takes."""
    long_ago = timezone.now() - datetime.timedelta(hours=12)
    Mail.objects.filter(state=Mail.State.WAITING).update(not_before=long_ago)
    Mail.objects.exclude(claimed_at=None).update(claimed_at=long_ago)


def test_nothing_but_the_outbox_sends():
    """So that no page waits for a mail server: requests put mails into the outbox, another process sends them."""
    ways = re.compile(
        # allauth's way to send is defined anew, to do nothing.
        r"(?<!def )\b(send_mail|send_mass_mail|mail_admins|mail_managers|get_connection|smtplib|email_user)\b|\.send\("
    )
    package = ROOT / "assessments"
    found = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if ways.search(path.read_text())}
    # The doctor, a command, tries the mail server on purpose.
    assert found == {"outbox/sending.py", "outbox/smtp.py", "operations/examination.py"}
    senders = [path for path in package.rglob("*.py") if "send_waiting" in path.read_text()]
    assert {path.name for path in senders} == {"sending.py", "send_due.py"}


class TestTaken:
    def test_one_conversation_for_all_and_each_mail_once(self, sink, assessment):
        emails = invite(assessment, 5)
        assert send_waiting().sent == 5
        assert send_waiting().sent == 0
        assert sorted(message["To"] for message in sink.taken) == emails
        assert sink.conversations == 1

    def test_a_link_works_although_nothing_was_noted_after_the_text_left(self, client, sink, assessment):
        invite(assessment)
        sink.hangs_at = "text"
        assert send_waiting().sent == 0
        (path,) = LINK.findall(text_of(sink.taken[0]))[:1]
        assert client.get(path).status_code == 200

    def test_a_mail_that_is_sent_again_after_a_doubt_says_that_it_is_the_same(self, sink, assessment):
        invite(assessment)
        sink.hangs_at = "text"
        send_waiting()
        sink.hangs_at = ""
        try_again()
        send_waiting()
        first, second = sink.taken
        assert first["Message-ID"] == second["Message-ID"]
        invite(assessment)
        send_waiting()
        assert sink.taken[2]["Message-ID"] != first["Message-ID"]


class TestAway:
    def test_no_mail_is_touched_while_there_is_no_server(self, sink, assessment, settings):
        invite(assessment, 3)
        settings.EMAIL_PORT = unused_port()
        for _ in range(40):
            assert send_waiting().server_is_away
        assert set(Mail.objects.values_list("state", "attempts")) == {("waiting", 0)}
        settings.EMAIL_PORT = sink.port
        assert send_waiting().sent == 3

    def test_a_new_mail_does_not_wait_for_a_clock_that_was_set_back(self, sink, assessment, monkeypatch):
        ahead = timezone.now() + datetime.timedelta(hours=3)
        with monkeypatch.context() as before:
            before.setattr(timezone, "now", lambda: ahead)
            invite(assessment, 2)
            Mail.objects.queue_for(make_user(), Mail.Kind.NEW_ACCOUNT)
        assert send_waiting().sent == 3

    def test_the_time_to_wait_for_a_server_that_hangs_is_that_of_the_settings(self, sink, assessment, settings):
        invite(assessment)
        settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = "assessments.outbox.smtp.Backend", 0.3
        sink.hangs_at = "EHLO"
        assert send_waiting().server_is_away

    @pytest.mark.parametrize("step", ["connect", "EHLO", "MAIL", "RCPT"])
    def test_a_server_that_hangs_before_it_has_the_text_is_asked_again_without_doubt(self, sink, assessment, step):
        invite(assessment, 3)
        sink.hangs_at = step
        for _ in range(4):
            assert send_waiting().server_is_away
            try_again()
        assert not sink.taken
        sink.hangs_at = ""
        assert send_waiting().sent == 3

    def test_a_server_that_took_the_text_and_does_not_answer_gets_it_twice_at_most(self, sink, assessment):
        (email,) = invite(assessment)
        sink.hangs_at = "text"
        for _ in range(5):
            send_waiting()
            try_again()
        assert len(sink.to(email)) == 2
        mail = Mail.objects.get()
        assert (mail.state, mail.problem) == (Mail.State.FAILED, Mail.Problem.INTERRUPTED)

    def test_it_is_tried_again_at_growing_intervals_and_not_for_ever(self, sink, assessment):
        invite(assessment)
        sink.refusals["guest0@example.org"] = "451 4.7.1 come back later"
        pauses = []
        while (mail := Mail.objects.get()).is_waiting:
            before = timezone.now()
            assert send_waiting().postponed == 1
            pauses.append(round((Mail.objects.get().not_before - before).total_seconds(), -1))
            assert send_waiting() == type(send_waiting())()
            try_again()
        assert len(pauses) == Mail.TRIES
        assert pauses[:-1] == sorted(pauses[:-1])
        assert 60 < pauses[0] < pauses[-2] <= 6 * 60 * 60 + 60
        assert (mail.problem, mail.reply) == (Mail.Problem.NOT_TAKEN, "451 4.7.1")
        assert not sink.taken

    def test_a_sender_that_may_not_send_does_not_use_up_every_mail(self, sink, assessment):
        """The mail server refuses MAIL_FROM: that is about all mails, not about this one."""
        invite(assessment, 3)
        sink.refusals["MAIL"] = "553 5.7.1 not yours"
        assert send_waiting().server_is_away
        assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 0, 1]


class TestRefused:
    def test_an_email_that_is_refused_holds_up_nobody(self, sink, assessment):
        emails = invite(assessment, 3)
        sink.refusals[emails[1]] = "550 5.1.1 <guest1@example.org>: no such user"
        done = send_waiting()
        assert (done.sent, done.postponed) == (2, 1)
        assert not sink.to(emails[1])

    def test_it_is_noted_at_once_and_tried_a_few_times(self, sink, assessment):
        (email,) = invite(assessment)
        sink.refusals[email] = f"550 5.1.1 <{email}>: no such user"
        send_waiting()
        mail = Mail.objects.undelivered().get()
        assert mail.is_waiting
        assert (mail.problem, mail.reply) == (Mail.Problem.REFUSED, "550 5.1.1")
        for _ in range(10):
            try_again()
            send_waiting()
        mail.refresh_from_db()
        assert mail.state == Mail.State.FAILED
        assert mail.attempts == Mail.TRIES_IF_REFUSED
        assert email not in str(Mail.objects.values().get())

    def test_a_text_that_is_refused_is_no_doubt(self, sink, assessment):
        invite(assessment)
        sink.refusals["text"] = "554 5.7.1 looks like spam"
        for _ in range(3):
            send_waiting()
            try_again()
        mail = Mail.objects.get()
        assert (mail.problem, mail.reply, mail.unanswered) == (Mail.Problem.REFUSED, "554 5.7.1", 0)

    def test_the_lead_invites_again_and_it_is_tried_anew(self, sink, assessment):
        (email,) = invite(assessment)
        sink.refusals[email] = "550 5.1.1 no such user"
        for _ in range(6):
            send_waiting()
            try_again()
        sink.refusals.clear()
        invite(assessment)
        assert send_waiting().sent == 1
        assert not Mail.objects.undelivered().exists()

    def test_a_mail_that_cannot_be_written_holds_up_nobody(self, sink, assessment):
        emails = invite(assessment, 2)
        assessment.invitations.filter(email=emails[0]).update(email="two\nlines@example.org")
        assert send_waiting().sent == 1
        assert Mail.objects.undelivered().get().problem == Mail.Problem.UNWRITABLE

    def test_a_kind_of_a_newer_version_is_left_to_its_senders(self, sink, assessment):
        """During an upgrade without stopping, an old sender may still run when new servers queue new kinds."""
        invite(assessment, 2)
        later = Mail.objects.first()
        Mail.objects.filter(pk=later.pk).update(kind="of-later")
        done = send_waiting()
        assert (done.sent, done.postponed, done.skipped) == (1, 0, 0)
        mail = Mail.objects.get(pk=later.pk)
        assert (mail.state, mail.attempts, mail.claimed_at) == (Mail.State.WAITING, 0, None)
        # Nor does it keep a sender busy.
        assert not Mail.objects.due().exists()

    def test_a_change_that_only_a_newer_version_knows_is_left_to_its_senders(self, sink):
        for person, change in ((make_user(), "key"), (make_user(), "of-later")):
            Mail.objects.tell_of_change(person, change)
        done = send_waiting()
        assert (done.sent, done.postponed, done.skipped) == (1, 0, 0)
        mail = Mail.objects.exclude(state=Mail.State.SENT).get()
        assert (mail.about.split()[0], mail.state, mail.attempts) == ("of-later", Mail.State.WAITING, 0)

    def test_the_log_says_which_mail_and_not_to_whom(self, sink, assessment, caplog):
        (email,) = invite(assessment)
        sink.refusals[email] = f"550 5.1.1 <{email}>: no such user"
        with caplog.at_level("WARNING", logger="maturity"):
            send_waiting()
        assert f"Mail {Mail.objects.get().pk} was not taken: SMTPRecipientsRefused 550 5.1.1" in caplog.text
        assert "guest" not in caplog.text


class TestShown:
    """What did not arrive is shown to whoever can do something about it, with what to do."""

    def test_to_the_lead_on_the_page_and_where_people_are_invited(self, client, sink, assessment, lead):
        emails = invite(assessment, 2)
        sink.refusals[emails[0]] = "550 5.1.1 no such user"
        send_waiting()
        client.force_login(lead)
        for url in (assessment.get_absolute_url(), f"{assessment.get_absolute_url()}invite/"):
            page = client.get(url).content.decode()
            card = page[page.index('id="undelivered"') :].partition("</section>")[0]
            assert emails[0] in card
            assert emails[1] not in card
            assert "The mail server rejected this email." in card
            assert "550 5.1.1" in card
            assert "evoke the invitation and invite the correct email" in " ".join(card.split())
        assert "Did not arrive" in page[page.index("<tbody>") :]

    def test_not_to_members(self, client, sink, assessment, team):
        (email,) = invite(assessment)
        sink.refusals[email] = "550 5.1.1 no such user"
        send_waiting()
        client.force_login(make_membership(team=team, role="member").user)
        assert "undelivered" not in client.get(assessment.get_absolute_url()).content.decode()

    @pytest.mark.parametrize("anonymous", [True, False])
    def test_a_refused_reminder_only_if_it_tells_nothing(self, client, sink, team, lead, anonymous):
        """Only who has not submitted is reminded, so in an anonymous assessment it would tell."""
        assessment = toy.start(team=team, by=lead, anonymous=anonymous)
        sink.refusals[lead.email] = "550 5.1.1 no such user"
        assessment.remind(by=lead)
        send_waiting()
        client.force_login(lead)
        shown = "undelivered" in client.get(assessment.get_absolute_url()).content.decode()
        assert shown is not anonymous

    def test_about_accounts_to_administrators_until_a_password_is_set(self, client, sink):
        client.force_login(make_user(is_administrator=True))
        kim = make_user(email="kim@example.org")
        Mail.objects.queue_for(kim, Mail.Kind.NEW_ACCOUNT)
        sink.refusals["kim@example.org"] = "550 5.1.1 no such user"
        send_waiting()
        for url in ("/accounts/", f"/accounts/{kim.pk}/"):
            page = client.get(url).content.decode()
            card = page[page.index('id="undelivered"') :].partition("</section>")[0]
            assert "The mail server rejected this email." in card
            assert "correct it, then send a new link" in card
        kim.choose_password("correct-horse-battery")
        assert "undelivered" not in client.get("/accounts/").content.decode()


class TestAnonymous:
    def test_whether_a_mail_is_sent_does_not_tell_who_has_answered(self, client, sink, team, lead):
        """Invited again, everyone gets a mail, and the lead's page shows the same of all."""
        assessment = toy.start(team=team, by=lead, anonymous=True)
        people = [toy.guest(assessment, email=f"guest{n}@example.org") for n in range(3)]
        toy.rate(assessment, people[0], "F F F F F F F F")
        assessment.submit(by=people[0])
        toy.rate(assessment, people[1], "F - - - - - - -")
        send_waiting()
        sink.taken.clear()
        emails = invite(assessment, 3)
        send_waiting()
        client.force_login(lead)
        page = client.get(f"{assessment.get_absolute_url()}invite/").content.decode()
        cells = [" ".join(cell.split()) for cell in re.findall(r"<td>(.*?)</td>", page, re.S)[0::3]]
        assert sorted(message["To"] for message in sink.taken) == emails
        assert len(cells) == 3
        assert len(set(cells)) == 1


class TestClaims:
    def test_a_process_that_died_before_the_text_left_leaves_the_mail_to_the_next(self, sink, assessment):
        invite(assessment)
        for _ in range(4):
            assert Mail.objects.claim()
            assert send_waiting().sent == 0
            try_again()
        assert send_waiting().sent == 1

    def test_a_process_that_died_while_the_text_left_leaves_one_more_try(self, sink, assessment):
        invite(assessment, 2)
        for times in (1, 2):
            mails = [Mail.objects.claim(), Mail.objects.claim()]
            assert all(mail.leave() for mail in mails[:times])
            try_again()
        # One died there once, the other one twice: that one may have arrived twice.
        assert send_waiting().sent == 1
        assert Mail.objects.undelivered().get().problem == Mail.Problem.INTERRUPTED

    def test_a_mail_that_was_taken_over_does_not_leave_from_the_first_process(self, sink, assessment):
        invite(assessment)
        slow = Mail.objects.claim()
        try_again()
        assert send_waiting().sent == 1
        assert not slow.leave()

    def test_a_mail_that_is_withdrawn_at_the_last_moment_does_not_leave(self, sink, assessment, monkeypatch):
        invite(assessment, 2)
        first = Mail.objects.order_by("pk")[0].pk
        leave = Mail.leave
        monkeypatch.setattr(Mail, "leave", lambda mail: mail.pk != first and leave(mail))
        done = send_waiting()
        assert (done.sent, done.skipped) == (1, 1)
        assert len(sink.taken) == 1

    def test_senders_do_not_get_the_same_mail(self, sink, assessment):
        invite(assessment, 3)
        claimed = [Mail.objects.claim() for _ in range(4)]
        assert claimed.pop() is None
        assert len({mail.pk for mail in claimed}) == 3


class TestAccounts:
    def test_mails_about_accounts_come_before_invitations(self, sink, assessment):
        invite(assessment, 2)
        kim = make_user(email="kim@example.org", name="Kim")
        Mail.objects.queue_for(kim, Mail.Kind.NEW_ACCOUNT)
        send_waiting()
        assert sink.taken[0]["To"] == "kim@example.org"

    @pytest.mark.parametrize("kind", [Mail.Kind.NEW_ACCOUNT, Mail.Kind.NEW_PASSWORD])
    def test_the_link_of_each_copy_sets_a_password(self, client, sink, kind):
        kim = make_user(name="Kim")
        Mail.objects.queue_for(kim, kind)
        sink.hangs_at = "text"
        send_waiting()
        sink.hangs_at = ""
        try_again()
        send_waiting()
        assert len(sink.taken) == 2
        for message in sink.taken:
            greeting, first, path = text_of(message).split("\n\n")[:3]
            assert greeting == "Hello Kim,"
            assert first[0].isupper()
            assert client.get(path.removeprefix("http://127.0.0.1:8000")).status_code == 200

    @pytest.mark.parametrize("reason", ["locked out", "has set one"])
    def test_a_link_that_would_be_of_no_use_is_not_sent(self, sink, reason):
        kim = make_user()
        Mail.objects.queue_for(kim, Mail.Kind.NEW_ACCOUNT)
        if reason == "locked out":
            kim.is_active = False
        else:
            kim.set_password("correct-horse-battery")
        kim.save()
        assert send_waiting().skipped == 1
        assert not sink.taken

    def test_an_erased_person_gets_no_mail(self, sink):
        kim, admin = make_user(), make_user(is_administrator=True)
        Mail.objects.queue_for(kim, Mail.Kind.NEW_ACCOUNT)
        PasswordRequest.objects.note(kim.email)
        erase(kim, by=admin)
        assert send_waiting().sent == 0
        assert not sink.taken


class TestPasswordRequests:
    def test_who_has_an_account_gets_one_mail_however_often_it_is_asked(self, sink):
        make_user(email="Kim@example.org")
        for email in ("kim@example.org", "KIM@example.org", "Kim@Example.org", "nobody@example.org"):
            PasswordRequest.objects.note(email)
        assert PasswordRequest.objects.count() == 2
        assert send_waiting().sent == 1
        assert [message["To"] for message in sink.taken] == ["Kim@example.org"]

    def test_no_email_is_kept_once_it_was_looked_up(self, sink):
        PasswordRequest.objects.note("nobody@example.org")
        send_waiting()
        assert not PasswordRequest.objects.exists()
        assert not sink.conversations

    def test_asking_does_the_same_for_any_email(self, client, sink):
        """Not only as many statements: the same ones."""
        make_user(email="kim@example.org")
        asked = []
        for email in ("kim@example.org", "nobody@example.org"):
            with CaptureQueriesContext(connection) as captured:
                client.post("/password/reset/", {"email": email})
            asked.append([re.sub(r"'[^']*'", "?", query["sql"]) for query in captured])
        assert asked[0] == asked[1]
        assert not any("assessments_user" in statement for statement in asked[0])
        assert PasswordRequest.objects.count() == 2


class TestLinksInNames:
    @pytest.mark.parametrize(
        "name",
        [
            "https://evil.example/login",
            "HTTP://evil.example",
            "//evil.example",
            "www.evil.example",
            "evil.example",
            "evil。example",
            "почта.рф",
            "ada@evil.example",
            "mailto:ada@evil.example?subject=x",
            "Sign in at https://evil.example\n\nhttps://evil.example/again",
        ],
    )
    def test_nothing_in_a_name_looks_like_a_link(self, sink, client, name):
        team = make_team(name=name[:120])
        lead = make_membership(team=team, role="lead", user=make_user(name=name[:120])).user
        assessment = toy.start(team=team, by=lead)
        assessment.invite(by=lead, members=[lead])
        send_waiting()
        (message,) = sink.taken
        text = f"{message['Subject']}\n{text_of(message)}"
        ours = [path.split("/")[1] for path in LINK.findall(text)]
        assert ours == ["i", "mails", "account"]
        rest = re.sub(r"http://127\.0\.0\.1:8000/\S+", "", text)
        assert not re.search(r"\w[.。]\w|://\S|//\S|\S@\S", rest)
        assert len(rest.split("\n\n")[0].splitlines()) == 2

    @pytest.mark.parametrize(
        "name", ["Platform", ".NET", "CI/CD", "Team 2.0", "R&D", "Dr. No", "a: b", "U.S", "Data, AI & Co."]
    )
    def test_other_names_stay_readable(self, name):
        assert without_links(name).replace(". ", ".") == name.replace(". ", ".")
