"""Adding people and teams from lines: what the preview says, what is stored, and that nothing changes silently."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import Event, Mail, Membership, Participation, Team, Unit, User
from assessments.models.bulk_adding import BulkEntry, add_in_bulk
from assessments.organisation.people_lines import read_people_lines
from assessments.organisation.people_plan import plan_people

from .. import toy
from ..accounts.second_factors import signs_in_now
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db

ADD = "/accounts/add/"
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')


@pytest.fixture
def admin(client):
    user = make_user(is_administrator=True, email="admin@example.org")
    signs_in_now(client, user)
    return user


def paste(client, text, **data):
    """Previews the lines and confirms what the preview said."""
    page = client.post(ADD, {"text": text})
    seen = SEEN.search(page.content.decode())[1]
    return client.post(ADD, {"text": text, "seen": seen, "confirm": "yes", **data}, follow=True)


def twenty():
    """Three units, five teams, twenty people."""
    places = [("Shop", "Search"), ("Shop", "Basket"), ("Shop > Data", "Ranking"), ("Bank", "Cards"), ("Bank", "Loans")]
    lines = ["email,name,unit,team,role"]
    for n in range(20):
        unit, team = places[n % 5]
        lines.append(f"p{n}@example.org,Person {n},{unit},{team},{'lead' if n < 5 else 'member'}")
    return "\n".join(lines)


def rows():
    return [
        sorted(User.objects.values_list("email", "name")),
        sorted(Unit.objects.values_list("name", "parent__name", flat=False), key=str),
        sorted(Team.objects.values_list("name", "unit__name")),
        sorted(Membership.objects.values_list("user__email", "team__name", "unit__name", "role"), key=str),
    ]


def test_one_paste_adds_units_teams_and_people(client, admin):
    page = client.post(ADD, {"text": twenty()}).content.decode()
    assert "20 new accounts · 3 new units · 5 new teams · 20 new roles" in page
    assert not Unit.objects.exists(), "a preview stores nothing"
    page = paste(client, twenty()).content.decode()
    assert "Added: 20 new accounts, 3 new units, 5 new teams, 20 new roles." in page
    assert Unit.objects.get(name="Data").parent.name == "Shop"
    ranking = Team.objects.get(name="Ranking")
    assert ranking.unit.name == "Data"
    assert [str(user) for user in ranking.leads()] == ["Person 2"]
    assert ranking.memberships.count() == 4
    assert Event.objects.filter(kind="member.added", actor=admin).count() == 20


def test_the_same_paste_again_changes_nothing(client, admin):
    paste(client, twenty())
    before, events = rows(), Event.objects.count()
    page = client.post(
        ADD, {"text": twenty().upper().replace("EMAIL,NAME,UNIT,TEAM,ROLE", "email,name,unit,team,role")}
    )
    assert "Everyone in these lines is there already." in page.content.decode()
    page = client.post(ADD, {"text": twenty(), "confirm": "yes", "seen": "x"}, follow=True).content.decode()
    assert "Nothing was changed." in page
    assert rows() == before
    assert Event.objects.count() == events


@pytest.mark.parametrize("changes", [False, True])
def test_another_role_is_shown_and_stays_unless_chosen(client, admin, changes):
    team = make_team(unit=make_unit(name="Shop"), name="Search")
    lead = make_membership(user=make_user(email="lea@example.org"), team=team, role="lead")
    viewer = make_membership(user=make_user(email="vic@example.org"), team=team, role="viewer")
    text = "lea@example.org,,Shop,Search,member\nvic@example.org,,Shop,Search,lead"
    page = client.post(ADD, {"text": text}).content.decode()
    assert "Is Lead now, the line says Member" in page
    assert "Is Viewer now, the line says Lead" in page
    paste(client, text, **({"changes_roles": "on"} if changes else {}))
    lead.refresh_from_db()
    viewer.refresh_from_db()
    assert [lead.role, viewer.role] == (["member", "lead"] if changes else ["lead", "viewer"])


def test_lines_with_a_problem_stay_to_be_corrected_and_the_others_are_added(client, admin):
    text = "email;name;unit;team;role\ngood@example.org;Good;Shop;Search;lead\nbad@;Bad;Shop;Search;boss"
    response = client.post(ADD, {"text": text})
    assert response.status_code == 422
    assert "good@example.org" in response.content.decode()
    response = paste(client, text)
    page = response.content.decode()
    assert User.objects.filter(email="good@example.org").exists()
    left = re.search(r"<textarea[^>]*>([^<]*)</textarea>", page)[1].strip()
    assert left.split() == ["email;name;unit;team;role", "bad@;Bad;Shop;Search;boss"]


@pytest.mark.parametrize(
    "line,sentence",
    [
        ("nobody,N,Shop,Search,lead", "Enter a valid email address."),
        (",N,Shop,Search,lead", "The email is missing."),
        ("a@example.org,N,Shop,Search,boss", "“boss” is not a role."),
        ("a@example.org,N,Shop,Search,manager", "A manager belongs to a unit"),
        ("a@example.org,N,Shop,,", "The team is missing."),
        ("a@example.org,N,,New,lead", "Write the unit it belongs to."),
        ("a@example.org,N,,Twice,lead", "Several units have a team with this name."),
        ("a@example.org,N,Same,Search,lead", "Several units are called Same."),
        ("a@example.org,N,Shop,Search,lead,more", "more values than columns"),
        (f"a@example.org,{'N' * 121},Shop,Search,lead", "longer than 120 characters"),
        (f"a@example.org,N,Shop > {'U' * 121},Search,lead", "The name of the unit is too long."),
        ("a@exam\u200bple.org,N,Shop,Search,lead", "email"),
    ],
)
def test_a_problem_says_what_to_do(line, sentence):
    for name in ("One", "Two"):
        unit = make_unit(name=name)
        make_unit(name="Same", parent=unit)
        make_team(unit=unit, name="Twice")
    plan = plan_people(line)
    assert [planned.kind for planned in plan.planned] == ["problem"]
    assert sentence in plan.planned[0].notes[0]
    assert plan.entries == []


def test_a_line_that_contradicts_an_earlier_one_is_a_problem():
    plan = plan_people(
        "a@example.org,A,Shop,Search,lead\nA@EXAMPLE.org,A,shop,search,viewer\na@example.org,A,Shop,Search,lead"
    )
    assert [planned.kind for planned in plan.planned] == ["new", "problem", "known"]


@pytest.mark.parametrize(
    "text",
    [
        "a@example.org\tAda\tShop\tSearch\tViewer",
        "a@example.org;Ada;Shop;Search;viewer",
        'Role,Team,Unit,Name,E-mail\nviewer,Search,Shop,"Ada",a@example.org',
        "\n\n  \na@example.org,Ada,Shop,Search, VIEWER\n,,,,\n",
    ],
)
def test_lines_are_read_with_any_separator_and_order(text):
    (line,) = read_people_lines(text).lines
    assert (line.email, line.name, line.unit, line.team, line.role) == (
        "a@example.org",
        "Ada",
        "Shop",
        "Search",
        "viewer",
    )
    assert not line.problem


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_as_spreadsheets_save_it(client, admin, encoding):
    content = "email;name;unit;team;role\r\nj@example.org;Jürgen;Straße;Süd;lead\r\n".encode(encoding)
    page = client.post(ADD, {"file": SimpleUploadedFile("people.csv", content)}).content.decode()
    assert "Jürgen" in page
    assert "New unit Straße" in page
    binary = SimpleUploadedFile("people.xlsx", b"PK\x03\x04\0\0\0")
    assert client.post(ADD, {"file": binary}).status_code == 422


def test_what_changed_since_the_preview_is_shown_before_it_is_done(client, admin):
    text = "lea@example.org,Lea,Shop,Search,member"
    seen = SEEN.search(client.post(ADD, {"text": text}).content.decode())[1]
    team = make_team(unit=make_unit(name="Shop"), name="Search")
    make_membership(user=make_user(email="lea@example.org"), team=team, role="lead")
    response = client.post(ADD, {"text": text, "seen": seen, "confirm": "yes", "changes_roles": "on"})
    assert response.status_code == 409
    assert "Is Lead now, the line says Member" in response.content.decode()
    assert team.memberships.get().role == "lead"


def test_the_export_is_read_again_and_starts_no_formula(client, admin):
    make_user(email="alone@example.org", name="=1+1")
    bank = make_unit(name="@Bank")
    inner = make_unit(name="Data", parent=make_unit(name="-Shop"))
    make_unit(name="Data", parent=bank)
    team = make_team(unit=inner, name="+Search; =2")
    make_membership(user=make_user(email="lea@example.org", name="Lea; -Lind"), team=team, role="lead")
    make_membership(user=make_user(email="max@example.org"), unit=bank, role="manager")
    text = b"".join(client.get("/accounts/export/?format=csv").streaming_content).decode()
    for line in text.lstrip("\ufeff").splitlines():
        assert not re.search(r"(^|[,;])[ \"]*[=+@-]", line), line
    plan = plan_people(text)
    assert [planned.kind for planned in plan.planned] == ["known"] * 4
    assert not any("stays" in note for planned in plan.planned for note in planned.notes), "names are the same"
    before = rows()
    add_in_bulk(plan.entries, by=admin, changes_roles=True, mails_links=False)
    assert rows() == before


def test_who_joins_in_bulk_is_asked_in_open_assessments(admin):
    team = make_team(unit=make_unit(name="Shop"), name="Search")
    assessment = toy.start(team=team, by=make_membership(team=team, role="lead").user)
    entries = [
        BulkEntry(email=f"{role}@example.org", unit=("Shop",), team="Search", role=role)
        for role in ("member", "viewer")
    ]
    add_in_bulk(entries, by=admin, changes_roles=False, mails_links=False)
    asked = Participation.objects.filter(assessment=assessment).values_list("user__email", flat=True)
    assert "member@example.org" in asked
    assert "viewer@example.org" not in asked


def test_a_new_manager_begins_with_a_new_password(admin):
    person = make_user(email="una@example.org", password="not-confirmed-1")
    entry = BulkEntry(email="una@example.org", unit=("Shop",), role="manager")
    add_in_bulk([entry], by=admin, changes_roles=False, mails_links=False)
    person.refresh_from_db()
    assert not person.has_usable_password(), "as if they were made manager on the page of the unit"
    assert person.memberships.get().role == "manager"


@pytest.mark.parametrize("mail", [False, True])
def test_links_are_mailed_only_to_new_people_if_chosen(client, admin, settings, mail):
    settings.MAIL_ENABLED = True
    make_user(email="known@example.org")
    text = "known@example.org,,Shop,Search,lead\nnew@example.org,New,Shop,Search,member"
    page = paste(client, text, **({"mails_links": "on"} if mail else {})).content.decode()
    assert ("The new person gets an email with a link to set a password." in page) == mail
    assert list(Mail.objects.values_list("user__email", flat=True)) == (["new@example.org"] if mail else [])


def test_who_has_no_password_is_seen_and_gets_a_link_again(client, admin, settings):
    settings.MAIL_ENABLED = True
    person = make_user(email="new@example.org", name="Newcomer")
    make_user(email="has@example.org", name="Settled", password="a-good-password")
    assert "Send again</a>" in client.get("/").content.decode()
    page = client.get("/accounts/links/").content.decode()
    assert "Newcomer" in page
    assert "Settled" not in page
    client.post("/accounts/links/", {"person": [person.pk]})
    mail = Mail.objects.get(user=person)
    mail.sent()
    assert "Sent" in client.get("/accounts/links/").content.decode()
    client.post("/accounts/links/", {"everyone": "yes"})
    mail.refresh_from_db()
    assert mail.is_waiting


def test_without_mail_the_links_are_shown_to_copy(client, admin):
    person = make_user(email="new@example.org", name="Newcomer")
    settled = make_user(email="has@example.org", password="a-good-password")
    page = client.post("/accounts/links/", {"person": [person.pk, settled.pk]}).content.decode()
    (link,) = set(re.findall(r"https?://[^\s\"<]+/password/set/[^\s\"<]+", page))
    client.logout()
    assert client.get(link.split("/", 3)[3].join(["/", ""])).status_code == 200
    assert "has@example.org" not in page


@pytest.mark.parametrize("number", [20, 200])
def test_a_preview_needs_few_queries(client, admin, number):
    text = "\n".join(f"p{n}@example.org,Person {n},Shop,Search,member" for n in range(number))
    with CaptureQueriesContext(connection) as captured:
        client.post(ADD, {"text": text})
    assert len(captured) <= 7, "session, user, units, people, teams, roles"
