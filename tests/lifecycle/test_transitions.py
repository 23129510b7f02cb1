"""The table of moves: what is possible in which state, what each leaves in the journal, and what late answers get."""

import pytest
from django.urls import reverse

from assessments.models import MOVES, Answer, Assessment, Event, Refused

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.django_db

STATES = ["draft", "open", "review", "closed"]


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


def in_state(state, team, lead) -> Assessment:
    """An assessment with answers, led to this state by the moves themselves; a draft has no answers."""
    assessment = toy.start(team=team, by=lead, as_draft=state == "draft")
    if state == "draft":
        return assessment
    toy.rate(assessment, lead, "F F L N F F P N")
    if state == "review":
        assessment.end_answering(by=lead)
    elif state == "closed":
        assessment.close(by=lead)
    return Assessment.objects.get(pk=assessment.pk)


DO = {
    "open": lambda a, by: a.open(by=by),
    "end answering": lambda a, by: a.end_answering(by=by),
    "answer again": lambda a, by: a.answer_again(by=by),
    "close": lambda a, by: a.close(by=by),
    "reopen": lambda a, by: a.reopen(by=by, reason="Forgot something."),
    "discard": lambda a, by: a.discard(by=by),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", list(MOVES))
def test_a_move_is_made_where_the_table_says_so_and_refused_elsewhere(name, state, team, lead):
    move, assessment = MOVES[name], in_state(state, team, lead)
    if (name, state) == ("close", "closed"):
        assert DO[name](assessment, lead) == assessment.results.get()
    elif state in move.sources:
        DO[name](assessment, lead)
        left = Assessment.objects.filter(pk=assessment.pk).values_list("status", flat=True).first()
        assert left in move.targets if move.targets else left is None
        assert Event.objects.filter(kind=move.event, actor=lead).exists()
    else:
        before = Event.objects.count()
        with pytest.raises(Refused):
            DO[name](assessment, lead)
        assert Assessment.objects.get(pk=assessment.pk).status == state
        assert Event.objects.count() == before


def test_every_move_is_in_the_journal_once(team, lead):
    assessment = in_state("review", team, lead)
    assessment.answer_again(by=lead)
    assessment.end_answering(by=lead)
    assessment.close(by=lead)
    assessment.reopen(by=lead, reason="Look again.", to="review")
    kinds = list(Event.objects.filter(assessment=assessment).order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        "assessment.opened",
        "assessment.answering-ended",
        "assessment.answering-again",
        "assessment.answering-ended",
        "assessment.closed",
        "assessment.reopened",
    ]
    assert Event.objects.get(kind="assessment.reopened").data == {"to": "review"}


#: A request for each move, and states that forbid it.
ASKED = {
    "assessment-open": (["open", "closed"], {}),
    "assessment-end": (["draft", "review", "closed"], {}),
    "assessment-again": (["open", "closed"], {}),
    "assessment-close": (["draft"], {}),
    "assessment-reopen": (["open", "review"], {"to": "review", "reason": "Forgot something."}),
    "assessment-discard": (["closed"], {}),
    "assessment-due": (["closed"], {"due": "2100-01-01"}),
    "assessment-facilitator": (["closed"], {"facilitator": ""}),
    "assessment-invite": (["closed"], {"addresses": "somebody@example.org"}),
    "assessment-share": (["closed"], {}),
    "assessment-outside": (["review", "closed"], {"addresses": "somebody@example.org"}),
    "assessment-outside-share": (["review", "closed"], {}),
    "assessment-remind": (["draft", "closed"], {}),
    "review-turn": (["open", "closed"], {}),
}


@pytest.mark.parametrize(("name", "state"), [(name, state) for name in ASKED for state in ASKED[name][0]])
def test_what_is_refused_is_told_on_a_page_that_leads_back(name, state, client, team, lead):
    assessment = in_state(state, team, lead)
    client.force_login(lead)
    response = client.post(reverse(name, args=[assessment.pk]), ASKED[name][1])
    page = response.content.decode()
    assert response.status_code == 409
    assert "Not possible now" in page
    assert f'href="{assessment.get_absolute_url()}"' in page
    assert str(Assessment.objects.get(pk=assessment.pk).status) == state


@pytest.mark.parametrize(("state", "is_told"), [("draft", False), ("open", True), ("review", False)])
def test_the_page_tells_which_way_to_end_skips_the_review(state, is_told, client, team, lead):
    assessment = in_state(state, team, lead)
    client.force_login(lead)
    page = client.get(assessment.get_absolute_url()).content.decode()
    assert ("close now to use the median" in page) is is_told
    client.force_login(make_membership(team=team, role="member").user)
    assert "close now to use the median" not in client.get(assessment.get_absolute_url()).content.decode()


def test_a_facilitator_from_elsewhere_is_told_too(client, team, lead):
    assessment = in_state("review", team, lead)
    guest = make_user()
    assessment.set_facilitator(guest, by=lead, seen=None)
    assessment.close(by=lead)
    client.force_login(guest)
    response = client.post(reverse("review-turn", args=[assessment.pk]))
    assert response.status_code == 409
    assert "Not possible now" in response.content.decode()


@pytest.mark.parametrize("state", ["draft", "review", "closed"])
def test_a_late_answer_gets_409_and_a_sentence_and_shows_what_was_entered(client, state, team, lead):
    assessment = in_state(state, team, lead)
    client.force_login(lead)
    criterion = assessment.edition.contents.criterion_by_key["x1"]
    url = f"/assessments/{assessment.pk}/answer/to/X/{criterion.pk}/"
    form = {"code": "N", "comment": "Not lost.", "page": "p9", "sequence": 1, "version": 1, "who": lead.pk}
    plain, fragment = client.post(url, form), client.post(url, form, HTTP_HX_REQUEST="true")
    sentence = {"draft": "is a draft", "review": "Answering has ended", "closed": "was closed on"}[state]
    for response in (plain, fragment):
        assert response.status_code == 409
        assert sentence in response.content.decode()
    assert "Not lost." in plain.content.decode()
    assert not assessment.ratings.filter(choice__code="N", criterion=criterion).exists()


def test_a_draft_asks_people_and_takes_no_answers_until_it_is_opened(team, lead):
    assessment = toy.start(team=team, by=lead, as_draft=True)
    member = team.add_member(email="new@example.org", name="New", role="member", by=lead).user
    assert {p.user for p in assessment.participations.all()} == {lead, member}
    criterion = assessment.criteria_asked()[0]
    with pytest.raises(Refused):
        assessment.save_rating(by=lead, criterion=criterion, answer=Answer(code="F"), mark=toy.mark())
    assessment.open(by=lead)
    assessment.refresh_from_db()
    assert assessment.opened_at is not None
    assessment.save_rating(by=lead, criterion=criterion, answer=Answer(code="F"), mark=toy.mark())


def test_review_without_an_answer_makes_no_sense(team, lead):
    assessment = toy.start(team=team, by=lead)
    with pytest.raises(Refused, match="Nobody has answered"):
        assessment.end_answering(by=lead)


def test_a_facilitator_from_outside_leads_the_review_and_nothing_else(client, team, lead):
    outsider = make_user()
    assessment = in_state("review", team, lead)
    client.force_login(outsider)
    review = f"/assessments/{assessment.pk}/review/"
    assert client.get(review).status_code == 404
    client.force_login(lead)
    client.post(f"/assessments/{assessment.pk}/facilitator/", {"facilitator": outsider.email.upper()})
    client.force_login(outsider)
    assert client.get(review).status_code == 200
    assert client.get(f"/assessments/{assessment.pk}/close/").status_code == 403
    assert client.get(f"/teams/{team.pk}/").status_code == 404
    assert f"/teams/{team.pk}/" not in client.get(f"/assessments/{assessment.pk}/").content.decode()
    assert f'{review}"' in client.get("/").content.decode()
    assert client.post(f"/assessments/{assessment.pk}/facilitator/", {"facilitator": ""}).status_code == 403


def test_the_start_form_makes_drafts_anonymous_ones_and_names_a_facilitator(client, settings, team, lead):
    settings.MAIL_ENABLED = True
    client.force_login(lead)
    edition = toy.make_edition()
    form = {
        "edition": edition.pk,
        "date": "2026-10-14",
        "questionnaire": "full",
        "rule": "largely",
        "anonymous": "yes",
        "facilitator": lead.email,
        "as_draft": "on",
    }
    client.post(f"/teams/{team.pk}/assessments/new/", form)
    assessment = team.assessments.get()
    assert (assessment.anonymous, assessment.status, assessment.facilitator) == (True, "draft", lead)
    wrong = client.post(f"/teams/{team.pk}/assessments/new/", {**form, "facilitator": "nobody@example.org"})
    assert "Nobody has an account with this email" in wrong.content.decode()
