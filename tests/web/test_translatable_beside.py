"""What the walk in the made-up language does not come by: mails, the pages of people with a link, errors."""

import datetime
import re

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from assessments.models import Action, Assessment, Mail, Round, Target
from assessments.models.participation import Pledge
from assessments.notices.letters import LETTERS
from assessments.notices.queueing import ACTION_BEFORE, OVERDUE_AFTER
from assessments.outbox.sending import send_waiting
from assessments.web import error_views

from .. import toy
from ..factories import make_membership
from ..pseudo_language import Data, Texts, pseudo_language, runs_outside
from .test_translatable import written

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADDRESS = re.compile(r"https?://\S+")


def missed(page: str, data: Data) -> list[str]:
    """What stands outside marks; a key to press and the beginning of an address are the same in every language."""
    outside = [(where, text) for where, text in Texts(page).outside if text != "https://"]
    return [text for where, text in outside if not data.covers(text) and not where.endswith("kbd")]


@pytest.fixture
def people(team, lead):
    return [lead, *(make_membership(team=team).user for _ in range(4))]


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("kind", [kind for kind in Mail.Kind if kind not in LETTERS])
def test_mails(kind, anonymous, team, lead, people, settings):
    settings.MAIL_ENABLED = True
    today = timezone.localdate()
    assessment = toy.start(team=team, by=lead, anonymous=anonymous, date=today, due=today + datetime.timedelta(days=9))
    if kind in (Mail.Kind.NEW_ACCOUNT, Mail.Kind.NEW_PASSWORD):
        lead.set_unusable_password()
        lead.save()
        Mail.objects.queue_for(lead, kind)
    elif kind == Mail.Kind.FACTOR_GONE:
        Mail.objects.queue_for(lead, kind, by=people[1])
    elif kind == Mail.Kind.ACCESS:
        for change in Mail.Change:
            Mail.objects.tell_of_change(lead, change, by=people[1] if anonymous else None)
        Mail.objects.tell_of_change(people[1], Mail.Change.EMAIL, to="before@example.org")
    elif kind == Mail.Kind.OUTSIDE:
        assessment.invite_outsiders(by=lead, addresses=["outside@example.org"])
    else:
        assessment.invite(by=lead, members=people[:1], addresses=["guest@example.org"])
        asked = list(assessment.participations.filter(invitation__isnull=False))
        Mail.objects.all().delete()
        Mail.objects.queue(asked, kind)
        is_late = kind == Mail.Kind.OVERDUE
        days = {Mail.Kind.DUE_SOON: 1, Mail.Kind.OVERDUE: -2}.get(kind, 9)
        long_ago = timezone.now() - datetime.timedelta(days=30)
        changed = {"due": today + datetime.timedelta(days=days), "opened_at": long_ago}
        if is_late:
            changed["date"] = today - datetime.timedelta(days=9)
        type(assessment).objects.filter(pk=assessment.pk).update(**changed)
    data = Data(written())
    with pseudo_language():
        send_waiting()
    assert mail.outbox
    assert untranslated(mail.outbox, data) == []


def untranslated(messages, data) -> list[str]:
    """What stands outside marks in mails, in their text or in their HTML."""
    runs = []
    for message in messages:
        for text in (message.subject, message.body):
            outside, _ = runs_outside(ADDRESS.sub("", text), 0)
            runs += [run for run in outside if not data.covers(run)]
        runs += [run for part in message.alternatives for run in missed(part.content, data)]
    return runs


@pytest.mark.parametrize("anonymous", [False, True])
def test_notices(anonymous, team, lead, people, settings):
    settings.MAIL_ENABLED = True
    lead.is_confirmed = True
    lead.save()
    edition = toy.make_edition()
    toy.add_result(team=team, edition=edition, date=datetime.date(2026, 1, 1), anonymous=anonymous)
    result = toy.add_result(team=team, edition=edition, date=datetime.date(2026, 2, 1), codes="- " * 7 + "N")
    day = timezone.localdate()
    ahead = {"framework": edition.framework, "team": team, "by": lead, "due": day + datetime.timedelta(days=14)}
    target = Target.objects.set(**ahead, rule="largely", level=3, why="Zoë")
    for due in (day + ACTION_BEFORE, day - OVERDUE_AFTER):
        Action.objects.plan(**{**ahead, "due": due}, criterion="x1", text="Zoë", owner=lead)
    terms = {"team": team, "by": lead, "anonymous": anonymous, "date": day, "due": day}
    open_ = toy.start(**terms, edition=toy.make_edition())
    reviewed = toy.start(**terms, edition=toy.make_edition(), facilitator=lead)
    Assessment.objects.filter(pk=reviewed.pk).update(status=Assessment.Status.REVIEW)
    toy.start(**terms, edition=toy.make_edition(), as_draft=True)
    past = {"date": day - datetime.timedelta(days=9), "due": day - datetime.timedelta(days=1)}
    late = toy.start(**terms | past, edition=toy.make_edition())
    make_membership(unit=team.unit, role="manager", user=lead)
    draft = Round.objects.draft(by=lead, unit=team.unit, edition=edition, name="Zoë", opens=day, due=day)
    about = {
        "ended": reviewed,
        "review-soon": open_,
        "result": result,
        "target": target,
        "action": team,
        "round": open_,
        "round-waits": late,
        "round-draft": draft,
    }
    for kind in LETTERS:
        Mail.objects.queue_notice([lead], kind, about=about.get(kind, open_), day=day, team=team, by=lead)
    # Actions stand in a list, before the small print.
    data = Data([*written(), "Zoë", "- Zoë", "- Zoë --"])
    with pseudo_language():
        send_waiting()
    assert len(mail.outbox) == len(LETTERS)
    assert untranslated(mail.outbox, data) == []


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("way", ["personal", "shared"])
def test_pages_of_people_with_a_link(client, team, lead, people, way, anonymous):
    assessment = toy.start(team=team, by=lead, anonymous=anonymous)
    if way == "personal":
        _, token = toy.invited(assessment, email="guest@example.org")
    else:
        token = assessment.share(by=lead)
    data = Data([*written(), "Zoë"])
    wrong = []

    def read(response):
        wrong.extend(missed(response.content.decode(), data))
        return response

    with pseudo_language():
        read(client.get(f"/i/{token}/"))
        read(client.post(f"/i/{token}/accept/", {"name": "Zoë", "pledge": "short"}))
        response = read(client.post(f"/i/{token}/accept/", {"name": "Zoë", "pledge": Pledge.make()}, follow=True))
        answering = re.search(r"/i/[^/]+/answer/", response.content.decode())
        assert answering
        start = answering.group()
        for page in ("", "symptoms/", "to/X/", "next/", "done/"):
            read(client.get(start + page, follow=True))
        read(client.post(f"{start}submit/", follow=True))
        for page in ("", "to/X/", "done/"):
            read(client.get(start + page, follow=True))
        read(client.get("/i/nobody-has-this/"))
    assert sorted(set(wrong)) == []


ERRORS = {
    400: error_views.bad_request,
    403: error_views.forbidden,
    404: error_views.not_found,
    500: error_views.server_error,
}


@pytest.mark.parametrize("status", ERRORS)
def test_error_pages(status):
    with pseudo_language():
        response = ERRORS[status](RequestFactory().get("/"))
        assert response.status_code == status
        assert missed(response.content.decode(), Data(written())) == []


def test_page_of_a_form_that_is_too_old():
    with pseudo_language():
        page = error_views.csrf_failed(RequestFactory().get("/")).content.decode()
        assert missed(page, Data(written())) == []


@pytest.mark.parametrize("name", ["409", "411", "413", "414", "503"])
def test_pages_of_refused_requests(name):
    with pseudo_language():
        page = render_to_string(f"{name}.html", {}, request=RequestFactory().get("/"))
        assert missed(page, Data(written())) == []


def test_pages_of_refused_commands(client, team, lead, people):
    """Each command comes too late or too early for the state of the assessment, or by a page that is too old."""
    assessment = toy.start(team=team, by=lead)
    toy.rate(assessment, lead, "F F L N F F P N")
    page = f"/assessments/{assessment.pk}/"
    answer = {"code": "F", "page": "page-1", "sequence": 1, "version": 0}
    reached = []

    def refused(address: str, **sent: object) -> None:
        response = client.post(address, sent, follow=True)
        reached.append((address.removeprefix(page), response.status_code))
        wrong.extend(missed(response.content.decode(), data))

    wrong: list[str] = []
    data = Data(written())
    client.force_login(lead)
    with pseudo_language():
        refused(f"{page}reopen/", to="open", reason="Again")
        refused(f"{page}again/")
        assessment.end_answering(by=lead)
        refused(f"{page}answer/to/X/x1/", **answer)
        refused(f"{page}end/")
        refused(f"{page}open/")
        assessment.close(by=lead)
        refused(f"{page}answer/to/X/x1/", **answer)
        refused(f"{page}close/")
        refused(f"{page}discard/")
        refused(f"{page}due/", due="2100-01-01")
        refused(f"{page}invite/link/", pledge=Pledge.make())
        refused(f"{page}answer/submit/")
    assert sorted(set(wrong)) == []
    assert sum(code == 409 for _, code in reached) > 6, reached
