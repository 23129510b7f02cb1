"""Texts of a framework on every page that shows them: Markdown where that helps, and nothing in them is ever run."""

import pytest
from django.urls import reverse

from assessments.web.markdown import as_plain

from .. import toy
from ..factories import make_membership, make_team

pytestmark = pytest.mark.django_db

NASTY = """*{word}* <script>alert(1)</script> <b hx-get="/x" style="color: red">b</b> [bad](javascript:alert(1))

- one
- [good](https://example.org)"""


@pytest.fixture
def lead():
    return make_membership(team=make_team(), role="lead").user


@pytest.fixture
def edition():
    edition = toy.make_edition(published=False)
    edition.criteria.update(evidence=NASTY.format(word="evidence"), next=NASTY.format(word="next"))
    edition.levels.update(description=NASTY.format(word="description"))
    edition.publish(digest="sha256:nasty")
    return edition


@pytest.fixture
def assessment(edition, lead):
    team = lead.memberships.get().team
    member = make_membership(team=team).user
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F F L N F F P N")
    toy.rate(assessment, member, "N N N F N N F F")
    return assessment


@pytest.fixture
def pages(assessment, lead, client):
    """Each page by name, with the words that stand there in emphasis."""
    client.force_login(lead)
    team, key = assessment.team, assessment.edition.framework.key

    def get(name, *args):
        response = client.get(reverse(name, args=args))
        assert response.status_code == 200, name
        return response.content.decode()

    shown = {"questionnaire": (get("answer-dimension", assessment.pk, "X"), ["evidence"])}
    shown["framework"] = get("edition", key, assessment.edition_id), ["evidence", "next", "description"]
    assessment.end_answering(by=lead)
    criterion = assessment.edition.contents.criterion_by_key["x1"]
    client.post(reverse("review-turn", args=[assessment.pk]), {"criterion": criterion.pk})
    shown["review"] = get("review", assessment.pk), ["evidence"]
    result = assessment.close(by=lead)
    shown["result"] = get("result", result.pk), ["next"]
    # Next steps on the page of a team begin as an action would: in plain words.
    shown["team"] = get("team", team.pk), []
    shown["action"] = get("action-new", team.pk, "x3"), ["evidence", "next"]
    return shown


def test_markdown_is_shown_as_such_and_nothing_else_in_it_is(pages):
    for name, (html, words) in pages.items():
        for word in words:
            assert f"<em>{word}</em>" in html, (name, word)
        if words:
            assert '<a href="https://example.org"' in html, name
        for wrong in ("<script>alert", "<b hx-get", 'href="javascript:'):
            assert wrong not in html, (name, wrong)
        assert "&lt;script&gt;alert" in html, name


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Write *one* page and `run` **it**.", "Write one page and run it."),
        ("One line\ngoes on.  \nAnother.\n\nNext.", "One line goes on.\nAnother.\n\nNext."),
        ("Do:\n\n- one\n- two\n  1. deep\n  2. more\n\nGo.", "Do:\n- one\n- two\n  1. deep\n  2. more\n\nGo."),
        ("3. three\n4. four", "3. three\n4. four"),
        ("See [the guide](https://example.org/a_b).", "See the guide (https://example.org/a_b)."),
        ("<https://example.org>", "https://example.org"),
        ("### Title\n\n> said\n\n```\nmake *all*\n```", "Title\n\nsaid\n\nmake *all*"),
        ("a < b &amp; 2 \\* 3 <b>bold</b>", "a < b & 2 * 3 <b>bold</b>"),
        ("", ""),
    ],
)
def test_plain_text_has_all_the_words_and_none_of_the_marks(text, plain):
    assert as_plain(text) == plain


def test_an_action_begins_with_plain_text(client, lead):
    edition = toy.make_edition(published=False)
    edition.criteria.filter(key="x3").update(next="**Begin** with [this](https://example.org).\n\n- a\n- b")
    edition.criteria.filter(key="x4").update(next="word " * 600)
    edition.publish(digest="sha256:marked")
    team = lead.memberships.get().team
    assessment = toy.start(team=team, by=lead, edition=edition)
    toy.rate(assessment, lead, "F F L N F F P N")
    assessment.close(by=lead)
    client.force_login(lead)
    response = client.get(reverse("action-new", args=[team.pk, "x3"]))
    assert response.context["form"].initial["text"] == "Begin with this (https://example.org).\n- a\n- b"
    assert "<strong>Begin</strong> with" in response.content.decode()
    address = reverse("action-new", args=[team.pk, "x4"])
    text = client.get(address).context["form"].initial["text"]
    assert client.post(address, {"text": text, "status": "open"}).status_code == 302
