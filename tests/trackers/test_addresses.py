"""Which project an address belongs to, and the addresses that are made of it."""

from urllib.parse import parse_qs, urlsplit

import pytest

from assessments.models import Tracker
from assessments.models.trackers import LONGEST_FORM, IssueText, NotAProject, project_address


@pytest.mark.parametrize(
    ("kind", "entered", "project"),
    [
        ("github", "https://github.com/acme/shop", "https://github.com/acme/shop"),
        ("github", " https://GitHub.com/acme/Shop.git ", "https://github.com/acme/Shop"),
        ("github", "https://github.com/acme/shop/issues?q=is%3Aopen#top", "https://github.com/acme/shop"),
        ("github", "http://code.example.org:8443/acme/shop/", "http://code.example.org:8443/acme/shop"),
        ("gitlab", "https://gitlab.com/a/b/c/-/issues/3", "https://gitlab.com/a/b/c"),
        ("gitlab", "https://gitlab.example.org/a/b.git", "https://gitlab.example.org/a/b"),
        ("jira", "https://acme.atlassian.net/jira/software/projects/SHOP/boards/1", "https://acme.atlassian.net"),
        ("jira", "https://jira.example.org/browse/SHOP-12", "https://jira.example.org"),
        ("jira", "https://example.org/jira/projects/SHOP/summary", "https://example.org/jira"),
        ("jira", "http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_the_project_of_an_address(kind, entered, project):
    assert project_address(kind, entered) == project
    assert project_address(kind, project) == project


@pytest.mark.parametrize("kind", ["github", "gitlab", "jira"])
@pytest.mark.parametrize(
    "entered",
    [
        "",
        "acme/shop",
        "ftp://github.com/acme/shop",
        "javascript:alert(1)",
        "https://somebody:secret@github.com/acme/shop",
        "https://github.com\\@evil.example/acme/shop",
        "https://github.com/acme/../shop",
        "https://github.com/acme/<shop>",
        "https://github.com/acme/shop evil",
    ],
)
def test_no_address_of_a_project(kind, entered):
    with pytest.raises(NotAProject):
        project_address(kind, entered)


def test_an_owner_alone_is_no_project():
    with pytest.raises(NotAProject, match="such as https://"):
        project_address("github", "https://github.com/acme")


GITHUB = Tracker(kind="github", address="https://github.com/acme/shop")
GITLAB = Tracker(kind="gitlab", address="https://gitlab.example.org/a/b/c")
JIRA = Tracker(kind="jira", address="https://acme.atlassian.net", project="10001", issue_type="7")
TEXT = IssueText(title="Test & release “daily”", text="First line\n\n100 % more = done?")


@pytest.mark.parametrize(
    ("tracker", "page", "fields"),
    [
        (GITHUB, "https://github.com/acme/shop/issues/new", {"title": TEXT.title, "body": TEXT.body}),
        (
            GITLAB,
            "https://gitlab.example.org/a/b/c/-/issues/new",
            {"issue[title]": TEXT.title, "issue[description]": TEXT.body},
        ),
        (
            JIRA,
            "https://acme.atlassian.net/secure/CreateIssueDetails!init.jspa",
            {"pid": "10001", "issuetype": "7", "summary": TEXT.title, "description": TEXT.body},
        ),
    ],
)
def test_the_form_is_filled_in(tracker, page, fields):
    address = tracker.form_for(TEXT)
    assert address.partition("?")[0] == page
    assert parse_qs(urlsplit(address).query) == {name: [value] for name, value in fields.items()}
    assert "+" not in address


def test_a_long_text_is_cut_to_what_servers_take():
    address = GITHUB.form_for(IssueText(title="漢" * 200, text="漢" * 3000))
    assert len(address) <= LONGEST_FORM
    assert parse_qs(urlsplit(address).query)["body"][0].endswith("漢…")


@pytest.mark.parametrize("statement", ["It is for: tests.", "It is for: " + "漢" * 3000])
def test_the_way_back_stays_in_a_text_that_is_cut(statement):
    way_back = f"Planned in Maturity: https://example.org/teams/1/roadmap/?framework={'x' * 1000}#action-1"
    address = GITLAB.form_for(IssueText(title="漢" * 200, text="漢" * 3000, after=[statement, way_back]))
    assert len(address) <= LONGEST_FORM
    text, purpose, last = parse_qs(urlsplit(address).query)["issue[description]"][0].split("\n\n")
    assert text.endswith("漢…")
    assert purpose.startswith("It is for: ")
    assert purpose == statement or len(statement) > 100
    assert last == way_back


@pytest.mark.parametrize(
    ("tracker", "link", "number"),
    [
        (GITHUB, "https://github.com/acme/shop/issues/12", "12"),
        (GITHUB, "https://github.com/acme/shop/issues/12/?x=1#comment", "12"),
        (GITHUB, "https://github.com/acme/shop/issues/12/evil", ""),
        (GITHUB, "https://github.com/acme/shops/issues/12", ""),
        (GITHUB, "https://github.com/acme/shop/issues/new", ""),
        (GITHUB, "https://github.com/acme/shop/pull/12", ""),
        (GITHUB, "", ""),
        (GITLAB, "https://gitlab.example.org/a/b/c/-/issues/7", "7"),
        (GITLAB, "https://gitlab.example.org/a/b/c/-/work_items/7", "7"),
        (GITLAB, "https://gitlab.example.org/a/b/c/-/work_items/7/?x=1#note_2", "7"),
        (GITLAB, "https://gitlab.example.org/a/b/c/-/work_items/7/designs", ""),
        (GITLAB, "https://gitlab.example.org/a/b/c/-/merge_requests/7", ""),
        (GITLAB, "https://gitlab.example.org/a/b/c/-/issues/../7", ""),
        (GITHUB, "https://github.com/acme/shop/-/work_items/7", ""),
        (JIRA, "https://acme.atlassian.net/browse/SHOP-12", "SHOP-12"),
        (JIRA, "https://acme.atlassian.net/browse/12", ""),
    ],
)
def test_the_number_in_a_link(tracker, link, number):
    assert tracker.number_in(link) == number
    if number:
        assert tracker.number_in(tracker.link_to(number)) == number
