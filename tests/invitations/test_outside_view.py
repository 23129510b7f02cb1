"""The outside view: nothing that an outsider says reaches the team's figures, and nobody sees who said it."""

import datetime
import re

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.accounts.erasure import erase
from assessments.models import (
    Assessment,
    Event,
    LinkGuess,
    OutsideInvitation,
    OutsidePart,
    OutsideRating,
    OutsideRespondent,
    OutsideView,
    Participation,
    Refused,
)
from assessments.models.outside import OutsideSeat
from assessments.outbox.sending import send_waiting

from .. import toy
from ..factories import make_membership, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

WORST, BEST = "N N N N N N N N", "F F F F F F F F"


@pytest.fixture
def member(team):
    return make_membership(team=team).user


@pytest.fixture
def edition():
    return toy.make_edition()


@pytest.fixture
def assessment(team, lead, member, edition):
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F F L N F F P N")
    toy.rate(assessment, member, "F F L L F P P -")
    return assessment


def seat(assessment, email) -> OutsideSeat:
    """An outsider who was invited by email."""
    assessment.invite_outsiders(by=None, addresses=[email], questionnaire="full")
    return OutsideSeat.of(OutsideInvitation.objects.get(email=email).token)


def say(assessment, who: OutsideSeat, codes: str) -> None:
    """Answers in the order of the framework; DK stands for not knowing, and - for no answer."""
    answers = {
        criterion: criterion.scale.by_code.get(code)
        for criterion, code in zip(who.view.criteria_asked(), codes.split(), strict=True)
        if code != "-"
    }
    assessment.save_from_outside(who, answers)


def outsiders(assessment, *codes: str) -> list[OutsideSeat]:
    seats = [seat(assessment, f"out{number}@example.org") for number in range(len(codes))]
    for who, said in zip(seats, codes, strict=True):
        say(assessment, who, said)
    return seats


# ---------------------------------------------------------------------- the score of the team

VOLATILE = {"id", "result", "created_at"}


def everything_of_the_team(client, assessment, lead, *, path: str) -> dict:
    """Closes the assessment, collects what its team is shown, and takes all of it back."""
    found: dict = {}
    client.force_login(lead)
    with transaction.atomic():
        found["score"] = assessment.score()
        found["participation"] = list(assessment.participations.order_by("pk").values())
        found["asked"] = assessment.who_is_asked()
        found["pulse"] = Assessment.objects.with_pulse().get(pk=assessment.pk).pulse
        found["page"] = page(client, assessment.get_absolute_url())
        if path == "review":
            assessment.end_answering(by=lead)
            found["review"] = without_outside(page(client, reverse("review", args=[assessment.pk])))
        result = assessment.close(by=lead)
        found["result"] = values(result)
        found["parts"] = [values(part) for part in result.parts.order_by("kind", "order")]
        found["criteria"] = [values(row) for row in result.criteria.order_by("order")]
        html = without_outside(page(client, result.get_absolute_url()))
        found["result page"] = html.replace(str(result.pk), "R")
        found["team page"] = page(client, assessment.team.get_absolute_url()).replace(str(result.pk), "R")
        exported = client.get(reverse("result-export", args=[result.pk]), {"format": "csv"})
        assert exported.status_code == 200
        found["export"] = b"".join(exported) if exported.streaming else exported.content
        transaction.set_rollback(True)
    return found


def values(row) -> dict:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in VOLATILE}


def page(client, address: str) -> str:
    html = client.get(address).content.decode()
    return re.sub(
        r'name="(csrfmiddlewaretoken|once|pledge)" value="[^"]*"|data-since="[^"]*"|since \d+:\d+ \w+', "", html
    )


def without_outside(html: str) -> str:
    html = re.sub(r'<section class="card" aria-labelledby="outside">.*?</section>', "", html)
    return re.sub(r"<h3>Seen from outside</h3>.*?</ul>", "", html)


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("path", ["review", "closed at once"])
def test_nothing_of_the_team_changes_by_what_five_people_outside_say(client, team, lead, edition, anonymous, path):
    assessment = toy.start(team=team, by=lead, edition=edition, anonymous=anonymous)
    if anonymous:
        people = [toy.guest(assessment, email=f"in{number}@example.org") for number in range(4)]
    else:
        people = [lead, *(toy.guest(assessment, email=f"in{number}@example.org") for number in range(3))]
    for who, codes in zip(
        people, ["F F L N F F P N", "F F L L F P P -", "F L L N DK F P N", "F F P N F F - N"], strict=True
    ):
        toy.rate(assessment, who, codes)
    without = everything_of_the_team(client, assessment, lead, path=path)
    outsiders(assessment, WORST, WORST, BEST, WORST, "N DK N N F F F F")
    beside = everything_of_the_team(client, assessment, lead, path=path)
    for name, what in without.items():
        assert beside[name] == what, name


def test_they_do_not_help_an_anonymous_assessment_over_its_threshold(team, lead, edition):
    assessment = toy.start(team=team, by=lead, edition=edition, anonymous=True)
    for number in range(3):
        toy.rate(assessment, toy.guest(assessment, email=f"in{number}@example.org"), BEST)
    outsiders(assessment, BEST, BEST, BEST, BEST, BEST)
    with pytest.raises(Refused, match="At least four"):
        assessment.end_answering(by=lead)


def test_alone_they_leave_nothing_to_close(team, lead, edition):
    assessment = toy.start(team=team, by=lead, edition=edition)
    outsiders(assessment, BEST, BEST, BEST)
    with pytest.raises(Refused, match="Nobody has answered"):
        assessment.close(by=lead)


def test_saving_an_answer_of_the_team_asks_the_database_for_the_same(client, assessment, member):
    client.force_login(member)
    criterion = assessment.criteria_asked()[0]
    address = reverse("answer-save", args=[assessment.pk, criterion.dimension.key, criterion.pk])

    def statements(sequence: int) -> list[str]:
        data = {"code": "L", "page": "p9", "sequence": sequence, "version": sequence, "who": member.pk}
        with CaptureQueriesContext(connection) as captured:
            assert client.post(address, data, HTTP_HX_REQUEST="true").status_code == 200
        return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in captured]

    # Only the first request of a process asks which translations there are.
    statements(1)
    before = statements(2)
    outsiders(assessment, WORST, WORST, WORST)
    assert statements(3) == before
    assert not any("outside" in statement for statement in before)


# ---------------------------------------------------------------------- what is shown of them


def test_it_stands_beside_the_result_from_three_people_on(client, assessment, lead):
    outsiders(assessment, "N N N N F F F F", "N N N N F F F F", "N N N N - - DK DK")
    result = assessment.close(by=lead)
    parts = {part.key: part for part in result.outside_parts.all()}
    assert set(parts) == {"X"}
    assert (parts["X"].people, parts["X"].questions, parts["X"].beside.outside) == (3, 4, 0)
    client.force_login(lead)
    html = page(client, result.get_absolute_url())
    assert "How people outside the team see it" in html
    section = re.search(r'<section class="card" aria-labelledby="outside">.*?</section>', html)[0]
    assert "Area X" in section
    assert "Area Y" not in section
    assert "points lower" in section


def test_two_are_never_shown(client, assessment, lead):
    outsiders(assessment, WORST, WORST)
    assessment.end_answering(by=lead)
    client.force_login(lead)
    assert "Seen from outside" not in page(client, reverse("review", args=[assessment.pk]))
    result = assessment.close(by=lead)
    assert not OutsidePart.objects.exists()
    assert "outside the team" not in page(client, result.get_absolute_url())
    assert OutsideView.objects.get().seen == {}


def test_the_review_names_the_largest_difference_first(client, assessment, lead):
    outsiders(assessment, *["F F L N N N N N"] * 3)
    assessment.end_answering(by=lead)
    client.force_login(lead)
    html = page(client, reverse("review", args=[assessment.pk]))
    section = html[html.index("Seen from outside") :]
    assert section.index("Area Y") < section.index("Area X")
    criterion = re.search(r'name="criterion" value="(\d+)"[^>]*aria-label="\s*Talk about Area Y', section)[1]
    assert client.post(reverse("review-turn", args=[assessment.pk]), {"criterion": criterion}).status_code == 302


def test_managers_see_it_and_administrators_do_not(client, assessment, lead, team):
    outsiders(assessment, WORST, WORST, WORST)
    result = assessment.close(by=lead)
    manager = make_membership(unit=team.unit, role="manager").user
    viewer = make_membership(team=team, role="viewer").user
    for user, sees in ((manager, True), (viewer, True), (make_user(is_administrator=True), False)):
        client.force_login(user)
        assert ("How people outside the team see it" in page(client, result.get_absolute_url())) == sees


def invite_page_with(client, assessment, lead, *, number: int) -> str:
    outsiders(assessment, *[WORST] * number)
    seat(assessment, "silent@example.org")
    client.force_login(lead)
    return page(client, reverse("assessment-invite", args=[assessment.pk]))


@pytest.mark.parametrize("number,sentence", [(2, "Fewer than three people"), (3, "3 people outside the team have")])
def test_the_lead_sees_a_number_from_three_on(client, assessment, lead, number, sentence):
    assert sentence in invite_page_with(client, assessment, lead, number=number)


def test_the_lead_does_not_see_who_of_those_invited_answers_next(client, assessment, lead):
    """The emails stand beside the number: if it rose with every answer, inviting one at a time would name each."""
    before = invite_page_with(client, assessment, lead, number=3)
    say(assessment, seat(assessment, "silent@example.org"), BEST)
    assert page(client, reverse("assessment-invite", args=[assessment.pk])) == before
    assert "The lead knows who was invited by email. Nobody sees who answered" in " ".join(before.split())


def test_what_they_said_is_gathered_and_the_single_answers_are_gone(assessment, lead):
    seats = outsiders(assessment, WORST, BEST, "P P P P P P P P")
    assessment.end_answering(by=lead)
    assert not OutsideRating.objects.exists()
    assert OutsideView.objects.get().seen["X"] == {"people": 3, "ratings": dict.fromkeys(["x1", "x2", "x3", "x4"], "P")}
    with pytest.raises(Refused, match="Answering has ended"):
        say(assessment, seats[0], BEST)


def test_it_does_not_begin_again(client, assessment, lead):
    """Whoever compares two results would otherwise read what was said between them."""
    seats = outsiders(assessment, WORST, WORST, WORST)
    first = assessment.close(by=lead)
    assessment.reopen(by=lead, reason="More people.")
    for refused in (
        lambda: say(assessment, seats[0], BEST),
        lambda: assessment.invite_outsiders(by=lead, addresses=["new@example.org"]),
        lambda: assessment.share_outside(by=lead),
    ):
        with pytest.raises(Refused):
            refused()
    client.force_login(lead)
    assert "has ended with answering" in page(client, reverse("assessment-invite", args=[assessment.pk]))
    client.logout()
    assert "Answering has ended" in page(client, reverse("outside-answer", args=[seats[0].token]))
    second = assessment.close(by=lead)
    assert [values(part) for part in second.outside_parts.all()] == [values(part) for part in first.outside_parts.all()]


def test_an_agreed_rating_moves_the_team_and_not_the_view_from_outside(client, assessment, lead):
    outsiders(assessment, *["F F F F F F F F"] * 3)
    assessment.end_answering(by=lead)
    view = OutsideView.objects.get()
    before = view.beside(assessment.instrument(), assessment.score())
    y4 = assessment.edition.contents.criterion_by_key["y4"]
    client.force_login(lead)
    client.post(reverse("review-agree", args=[assessment.pk, y4.pk]), {"value": "F", "note": ""})
    after = view.beside(assessment.instrument(), assessment.score())
    assert [row.outside for row in before] == [row.outside for row in after] == [1, 1]


# ---------------------------------------------------------------------- who is outside


@pytest.mark.parametrize("role", ["lead", "member", "viewer"])
def test_nobody_of_the_team_is_outside_of_it(client, assessment, lead, role):
    user = make_membership(team=assessment.team, role=role).user
    client.force_login(lead)
    response = client.post(reverse("assessment-outside", args=[assessment.pk]), {"addresses": user.email.upper()})
    assert response.status_code == 422
    assert "Nobody is both in the team and outside" in response.content.decode()
    link = assessment.share_outside(by=lead)
    client.force_login(user)
    for name in ("outside", "outside-accept"):
        address = reverse(name, args=[link.token])
        response = client.post(address) if name == "outside-accept" else client.get(address)
        assert response.status_code == 403
    assert not OutsideRespondent.objects.exists()


def test_a_guest_of_the_team_is_not_outside_of_it(assessment, lead):
    toy.guest(assessment, email="guest@example.org")
    with pytest.raises(Refused, match="Nobody is both"):
        assessment.invite_outsiders(by=lead, addresses=["Guest@example.org"])


def test_the_link_of_somebody_who_joins_the_team_ends(client, assessment, team):
    who = seat(assessment, "joins@example.org")
    make_membership(team=team, user=make_user(email="joins@example.org"))
    assert client.get(reverse("outside", args=[who.token])).status_code == 404
    with pytest.raises(Refused):
        say(assessment, who, WORST)


def test_a_link_that_never_was_counts_as_a_guess(client, assessment):
    assert client.get(reverse("outside", args=["x" * 43]), REMOTE_ADDR="192.0.2.7").status_code == 404
    assert LinkGuess.objects.count() == 1


def test_the_links_of_the_team_do_not_open_the_outside_and_the_other_way_round(client, assessment, lead):
    guest = toy.guest(assessment, email="guest@example.org")
    who = seat(assessment, "out@example.org")
    assert client.get(reverse("outside", args=[guest.token])).status_code == 404
    assert client.get(reverse("link", args=[who.token])).status_code == 404
    assert client.get(reverse("guest-answer", args=[who.token])).status_code == 404


# ---------------------------------------------------------------------- asking and answering


def test_an_invitation_is_sent_with_one_link_however_often(client, settings, assessment, lead):
    settings.MAIL_ENABLED = True
    client.force_login(lead)
    for _ in range(2):
        client.post(reverse("assessment-outside", args=[assessment.pk]), {"addresses": "out@example.org"})
        send_waiting()
    texts = [message.body for message in mail.outbox]
    links = {re.search(r"http\S+/o/\w+/", text)[0] for text in texts}
    assert len(texts) == 2
    assert len(links) == 1
    assert "no part of it" in texts[0]
    assert client.get(links.pop().removeprefix(settings.SITE_URL)).status_code == 403  # The lead is of the team.
    assert OutsideView.objects.get().is_short is False


def test_the_short_questionnaire_can_be_chosen_once(client, assessment, lead):
    client.force_login(lead)
    address = reverse("assessment-outside-share", args=[assessment.pk])
    client.post(address, {"questionnaire": "short"})
    client.post(address, {"questionnaire": "full"})
    view = OutsideView.objects.get()
    assert [criterion.key for criterion in view.criteria_asked()] == ["x1", "y1"]
    assert view.shared_link.address in page(client, reverse("assessment-invite", args=[assessment.pk]))
    assert OutsideInvitation.objects.count() == 1


def test_answers_by_the_shared_link_from_start_to_end(client, assessment, lead):
    link = assessment.share_outside(by=lead)
    html = page(client, reverse("outside", args=[link.token]))
    assert f"You speak about <b>{assessment.team}</b>" in html
    assert "stands beside the team’s score" in html
    pledge = client.get(reverse("outside", args=[link.token])).context["pledge"]
    for _ in range(2):
        response = client.post(reverse("outside-accept", args=[link.token]), {"pledge": pledge})
    assert OutsideRespondent.objects.count() == 1
    own = response.url
    assert link.token not in own
    assert client.get(own).status_code == 200
    first = re.search(r'class="btn primary" href="([^"]+)"', page(client, own))[1]
    html = page(client, first)
    assert "Level 1" not in html
    assert "comment" not in html
    x1, x2, x3 = (assessment.edition.contents.criterion_by_key[key] for key in ("x1", "x2", "x3"))
    response = client.post(first, {f"c-{x1.pk}": "N", f"c-{x3.pk}": "DK"})
    assert response.url.endswith("/answer/Y/")
    assert {(r.criterion.key, r.code) for r in OutsideRating.objects.all()} == {("x1", "N"), ("x3", "DK")}
    assert client.post(first, {f"c-{x1.pk}": "N", "then": "stop"}).url == own
    assert "Save and go back" not in html
    assert "Save and go back" in page(client, response.url)
    assert client.post(response.url, {"then": "back"}).url == first
    assert client.post(first, {"then": "back"}).url == own
    client.post(first, {f"c-{x1.pk}": "F"})
    assert {(r.criterion.key, r.code) for r in OutsideRating.objects.all()} == {("x1", "F"), ("x3", "DK")}
    assert 'value="F" checked' in page(client, first)
    assert client.post(first, {f"c-{x3.pk}": "NA"}).status_code == 422
    assert client.post(first, {f"c-{x2.pk}": "Z"}).status_code == 422
    assert "2 of 8 answered" in page(client, own)
    assert client.get(reverse("outside-dimension", args=[own.split("/")[2], "Z"])).status_code == 404
    assert client.get(reverse("outside-answer", args=[link.token])).url == reverse("outside", args=[link.token])
    assert Participation.objects.count() == 2


def test_a_draft_takes_no_answers_yet(client, team, lead, edition):
    assessment = toy.start(team=team, by=lead, edition=edition, as_draft=True)
    who = seat(assessment, "out@example.org")
    assert "not open yet" in page(client, reverse("outside", args=[who.token]))
    with pytest.raises(Refused):
        say(assessment, who, WORST)


def test_a_revoked_link_forgets_the_email_and_keeps_the_answers(client, assessment, lead):
    (who,) = outsiders(assessment, WORST)
    client.force_login(lead)
    client.post(reverse("assessment-outside-revoke", args=[assessment.pk, who.invitation.pk]))
    client.logout()
    assert client.get(reverse("outside", args=[who.token])).status_code == 404
    assert not LinkGuess.objects.exists()
    assert not OutsideInvitation.objects.exclude(email="").exists()
    assert OutsideRating.objects.count() == 8
    with pytest.raises(Refused):
        say(assessment, who, BEST)


def test_an_expired_link_ends(client, assessment):
    who = seat(assessment, "out@example.org")
    OutsideInvitation.objects.update(expires_on=timezone.localdate() - datetime.timedelta(days=1))
    assert client.get(reverse("outside", args=[who.token])).status_code == 404


def test_erasing_a_person_deletes_their_email_and_ends_the_link(assessment):
    person = make_user(email="out@example.org")
    seat(assessment, "Out@example.org")
    erase(person, by=make_user(is_administrator=True))
    assert OutsideInvitation.objects.get().email == ""
    assert not OutsideInvitation.objects.usable().exists()


def test_discarding_deletes_all_of_it(assessment, lead):
    outsiders(assessment, WORST)
    assessment.discard(by=lead)
    for model in (OutsideView, OutsideInvitation, OutsideRespondent, OutsideRating):
        assert not model.objects.exists()


def test_the_journal_knows_that_and_not_who(assessment, lead):
    (who,) = outsiders(assessment, WORST)
    assessment.share_outside(by=lead)
    assessment.revoke_outsider(who.invitation, by=lead)
    events = Event.objects.filter(kind__startswith="outside.").order_by("pk")
    assert [event.kind for event in events] == ["outside.invited", "outside.shared", "outside.revoked"]
    assert events[0].data == {"people": 1}
    assert "example" not in str([event.data for event in events])


def test_no_key_and_no_secret_in_the_database_leads_from_an_email_to_answers(assessment):
    (who,) = outsiders(assessment, WORST)
    respondent, invitation = OutsideRespondent.objects.get(), OutsideInvitation.objects.get()
    assert {field.name for field in OutsideRespondent._meta.concrete_fields} == {"id", "view", "secret_hash"}
    assert respondent.secret_hash != invitation.token_hash
    stored = {str(value) for value in values(invitation).values()}
    assert who.token not in stored


def test_links_that_people_have_outlive_another_secret_of_the_server(client, assessment, lead):
    who = seat(assessment, "out@example.org")
    shared = assessment.share_outside(by=lead).token
    with override_settings(SECRET_KEY="x" * 60):
        assert client.get(reverse("outside", args=[who.token])).status_code == 200
        say(assessment, who, WORST)
        view = OutsideView.objects.get()
        # Its address can no longer be shown, so another one takes its place.
        assert view.shared_link is None
        assert assessment.share_outside(by=lead).token != shared
