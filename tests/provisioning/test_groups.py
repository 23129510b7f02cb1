"""Groups as Entra and Okta send them, and what they give by the same rules as those of single sign-on."""

from dataclasses import replace

import pytest
from django.urls import reverse

from assessments.accounts.providers import SignInProvider
from assessments.models import (
    Event,
    GroupRule,
    Identity,
    ProvisionedGroup,
    ProvisionedPerson,
    User,
)
from assessments.models.single_sign_on import PROVISIONED_ID, PROVISIONED_NAME, Claims
from assessments.provisioning import groups as group_resources
from assessments.provisioning import patches

from .. import toy
from ..at_once import at_once
from ..factories import make_membership, make_team, make_unit, make_user
from .asking import entra_group, make_directory, okta_group, okta_user, refused, told

pytestmark = pytest.mark.django_db
PROVIDER = SignInProvider(
    number=1,
    issuer="https://login.example.org",
    client_id="maturity",
    client_secret="a secret of the client",
    name="Company",
    groups_claim="groups",
    creates=True,
    trusts_email=False,
)


@pytest.fixture
def admin():
    return make_user(is_administrator=True, is_confirmed=True, email="admin@example.org")


@pytest.fixture
def directory(admin):
    return make_directory(admin)


@pytest.fixture
def people(directory):
    """The ids of three people."""
    return [
        directory.post("Users", okta_user(f"p{number}@example.org", externalId=f"x{number}"))["id"]
        for number in range(3)
    ]


def rule(value, role, issuer=PROVISIONED_NAME, **where):
    return GroupRule.objects.create(value=value, role=role, issuer=issuer, **where)


def members(directory, group) -> list[str]:
    return [member["value"] for member in directory.get(f"Groups/{group['id']}")["members"]]


def add(*people):
    return {"op": "Add", "path": "members", "value": [{"$ref": None, "value": person} for person in people]}


def roles_of(person: str) -> set[tuple[str, str]]:
    return set(User.objects.get(pk=person).memberships.values_list("role", "source"))


# The requests of both


def test_group_of_entra(directory, admin, people):
    sent = entra_group()
    group = directory.post("Groups", sent)
    assert (group["displayName"], group["externalId"], group["members"]) == ("Developers", sent["externalId"], [])
    path = f"Groups/{group['id']}"
    found = directory.get("Groups", excludedAttributes="members", filter='displayName eq "DEVELOPERS"')
    assert [row["id"] for row in found["Resources"]] == [group["id"]]
    assert "members" not in found["Resources"][0]

    added = directory.patch(path, add(people[0], people[1]))
    assert (added.status_code, added.content) == (204, b"")
    assert sorted(members(directory, group)) == sorted(people[:2])
    assert "members" not in directory.get(path, excludedAttributes="members")
    # Both ways in which it asks for one member, and both in which it removes them.
    for person, ids in ((people[0], [group["id"]]), (people[2], [])):
        assert directory.found("Groups", f'id eq "{group["id"]}" and members eq "{person}"') == ids
        assert directory.found("Groups", f'members[type eq "User"].value eq "{person}"') == ids
    removed = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": people[0]}]}
    assert directory.patch(path, removed).status_code == 204
    assert members(directory, group) == [people[1]]
    assert directory.patch(path, {"op": "remove", "path": f'members[value eq "{people[1]}"]'}).status_code == 204
    assert members(directory, group) == []

    renamed = {"op": "Replace", "path": "displayName", "value": "Engineers"}
    assert directory.patch(path, renamed).status_code == 204
    assert directory.get(path)["displayName"] == "Engineers"
    assert directory.ask(path, "DELETE").status_code == 204
    refused(directory.ask(path), 404)
    refused(directory.patch(path, add(people[0])), 404)
    assert directory.get("Groups")["totalResults"] == 0
    kinds = list(Event.objects.filter(kind__startswith="provisioned", actor=admin).values_list("kind", flat=True))
    assert sorted(kinds) == sorted(
        [f"provisioned-group.{kind}" for kind in ("added", "members", "members", "members", "changed", "removed")]
    )


def test_group_of_okta(directory, people):
    group = directory.post("Groups", okta_group("Developers", people[0]))
    path = f"Groups/{group['id']}"
    listed = directory.get("Groups", startIndex=1, count=100)
    assert (listed["totalResults"], listed["Resources"][0]["displayName"]) == (1, "Developers")
    operations = [
        {"op": "remove", "path": f'members[value eq "{people[0]}"]'},
        {"op": "add", "path": "members", "value": [{"value": people[1], "display": "p1@example.org"}]},
    ]
    assert directory.patch(path, *operations).status_code == 204
    assert members(directory, group) == [people[1]]
    operations = [{"op": "replace", "path": "members", "value": [{"value": people[0]}, {"value": people[2]}]}]
    assert directory.patch(path, *operations).status_code == 204
    assert set(members(directory, group)) == {people[0], people[2]}
    renamed = {"op": "replace", "value": {"id": group["id"], "displayName": "Engineers"}}
    assert directory.patch(path, renamed).status_code == 204
    assert directory.get(path)["displayName"] == "Engineers"

    whole = told(directory.ask(path, "PUT", okta_group("Engineers", people[1])), 200)
    assert [member["value"] for member in whole["members"]] == [people[1]]
    # What a PUT does not name stays.
    told(directory.ask(path, "PUT", {"schemas": [], "displayName": "Engineers"}), 200)
    assert members(directory, group) == [people[1]]
    assert directory.get(f"Users/{people[1]}")["groups"] == [{"value": group["id"], "display": "Engineers"}]
    assert directory.patch(path, {"op": "remove", "path": "members"}).status_code == 204
    assert members(directory, group) == []


def test_second_group_of_a_name_is_refused(directory):
    directory.post("Groups", entra_group())
    refused(directory.ask("Groups", "POST", okta_group("developers")), 409, "uniqueness")
    other = directory.post("Groups", okta_group("Other"))
    renamed = {"op": "replace", "path": "displayName", "value": "DEVELOPERS"}
    refused(directory.patch(f"Groups/{other['id']}", renamed), 409, "uniqueness")
    assert ProvisionedGroup.objects.count() == 2


@pytest.mark.parametrize("name", ["", None, 7, "x" * 201, "\u200b"])
def test_group_without_a_name_is_refused(directory, name):
    refused(directory.ask("Groups", "POST", okta_group() | {"displayName": name}), 400, "invalidValue")


def test_who_is_nobody_here_is_passed_over(directory, people):
    strangers = ["00000000-0000-4000-8000-000000000000", "nobody", "", None, 7, {"value": 1}, []]
    group = directory.post("Groups", okta_group("Developers", *strangers[:3], people[0]))
    assert members(directory, group) == [people[0]]
    path = f"Groups/{group['id']}"
    for stranger in strangers:
        assert directory.patch(path, add(stranger, people[1])).status_code == 204
        removed = {"op": "Remove", "path": "members", "value": stranger or "nobody"}
        assert directory.patch(path, removed).status_code == 204
    assert set(members(directory, group)) == {people[0], people[1]}


def test_account_that_was_only_found_is_linked_by_its_group(directory):
    """Entra finds somebody, finds that nothing differs, and puts them into a group."""
    person = make_user(email="ada@example.org", password="correct horse battery", is_confirmed=False)
    directory.post("Groups", okta_group("Developers", str(person.pk)))
    assert ProvisionedPerson.objects.get(user=person).user_name == "ada@example.org"
    person.refresh_from_db()
    assert not person.has_usable_password()


# What groups give


def test_groups_give_what_the_rules_say_and_take_it_again(directory, admin, people):
    team, unit = make_team(), make_unit()
    rule("Developers", "member", team=team)
    rule("Developers", "manager", unit=unit)
    rule("Administrators", "administrator")
    group = directory.post("Groups", okta_group("Developers", people[0]))
    admins = directory.post("Groups", okta_group("Administrators", people[0]))
    assert roles_of(people[0]) == {("member", "group"), ("manager", "group")}
    person = User.objects.get(pk=people[0])
    assert (person.is_administrator, person.administers_by_group) == (True, True)
    assert {event.actor for event in Event.objects.filter(kind__in=["member.added", "manager.added"])} == {admin}
    directory.patch(f"Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{people[0]}"]'})
    assert roles_of(people[0]) == set()
    assert directory.ask(f"Groups/{admins['id']}", "DELETE").status_code == 204
    person.refresh_from_db()
    assert not person.is_administrator
    assert not ProvisionedPerson.objects.behind().exists()


def test_rule_may_name_the_id_of_a_group(directory, people):
    rule(entra_group()["externalId"], "member", team=make_team(), issuer=PROVISIONED_ID)
    group = directory.post("Groups", entra_group())
    directory.patch(f"Groups/{group['id']}", add(people[0]))
    assert roles_of(people[0]) == {("member", "group")}


def test_renamed_group_gives_what_its_new_name_gives(directory, people):
    rule("Developers", "member", team=make_team())
    rule("Engineers", "viewer", team=make_team())
    group = directory.post("Groups", okta_group("Developers", *people))
    directory.patch(f"Groups/{group['id']}", {"op": "Replace", "path": "displayName", "value": "Engineers"})
    for person in people:
        assert roles_of(person) == {("viewer", "group")}


@pytest.mark.parametrize("issuer", ["", "https://login.example.org", PROVISIONED_ID])
def test_group_that_is_named_like_the_id_of_another_fulfils_no_rule_for_it(directory, people, issuer):
    """Whoever may name groups in the directory would give rights here."""
    wanted = entra_group()["externalId"]
    rule(wanted, "administrator", issuer=issuer)
    directory.post("Groups", okta_group(wanted, people[0]))
    assert not User.objects.get(pk=people[0]).is_administrator


@pytest.mark.parametrize("issuer", ["", "https://login.example.org", PROVISIONED_NAME])
def test_group_whose_id_is_the_name_of_another_fulfils_no_rule_for_it(directory, people, issuer):
    rule("Administrators", "administrator", issuer=issuer)
    directory.post("Groups", okta_group("Others", people[0]) | {"externalId": "Administrators"})
    assert not User.objects.get(pk=people[0]).is_administrator


@pytest.mark.parametrize("issuer", [PROVISIONED_ID, PROVISIONED_NAME])
def test_claim_of_a_provider_fulfils_no_rule_for_a_directory(issuer):
    rule("it", "administrator", issuer=issuer)
    said = Claims(issuer="https://login.example.org", subject="7", email="p@example.org", is_verified=True)
    person = Identity.objects.arrive(replace(said, groups=["it"]), creates=True)
    assert not person.is_administrator


def test_rule_of_a_provider_says_nothing_about_a_directory(directory, people):
    rule("Developers", "member", team=make_team(), issuer="https://login.example.org")
    rule("Developers", "viewer", team=make_team(), issuer="scim")
    directory.post("Groups", okta_group("Developers", people[0]))
    assert roles_of(people[0]) == {("viewer", "group")}


def test_groups_of_both_add_up(directory, people):
    team = make_team()
    rule("Developers", "member", team=team)
    rule("seniors", "lead", team=team, issuer="")
    group = directory.post("Groups", okta_group("Developers", people[0]))
    said = Claims(
        issuer="https://login.example.org", subject="7", email="p0@example.org", is_verified=True, groups=["seniors"]
    )
    Identity.objects.arrive(said, creates=False)
    assert roles_of(people[0]) == {("lead", "group")}
    directory.ask(f"Groups/{group['id']}", "DELETE")
    assert roles_of(people[0]) == {("lead", "group")}


def test_what_was_given_by_hand_stays(directory, people):
    team = make_team()
    person = User.objects.get(pk=people[0])
    make_membership(user=person, team=team, role="viewer")
    rule("Developers", "lead", team=team)
    group = directory.post("Groups", okta_group("Developers", people[0]))
    assert roles_of(people[0]) == {("viewer", "hand")}
    directory.ask(f"Groups/{group['id']}", "DELETE")
    assert roles_of(people[0]) == {("viewer", "hand")}


def test_last_administrator_stays_one(directory, admin, people):
    rule("Administrators", "administrator")
    group = directory.post("Groups", okta_group("Administrators", people[0]))
    other = make_directory(User.objects.get(pk=people[0]))
    told(other.patch(f"Users/{admin.pk}", {"op": "replace", "value": {"active": False}}), 200)
    assert other.ask(f"Groups/{group['id']}", "DELETE").status_code == 204
    assert User.objects.get(pk=people[0]).is_administrator
    assert Event.objects.filter(kind="account.kept_administrator", data__person=people[0]).count() == 1


def test_member_by_group_is_asked_in_the_assessment_that_is_open(directory, people):
    team = make_team()
    assessment = toy.start(team=team, by=make_membership(team=team, role="lead").user)
    rule("Developers", "member", team=team)
    group = directory.post("Groups", okta_group("Developers", people[0]))
    assert assessment.participations.filter(user=people[0]).exists()
    directory.ask(f"Groups/{group['id']}", "DELETE")
    assert not assessment.participations.filter(user=people[0]).exists()


def test_who_is_given_up_keeps_nothing_of_their_groups(directory, people):
    rule("Developers", "member", team=make_team())
    group = directory.post("Groups", okta_group("Developers", people[0]))
    assert directory.ask(f"Users/{people[0]}", "DELETE").status_code == 204
    assert roles_of(people[0]) == set()
    assert members(directory, group) == []


def test_what_was_interrupted_goes_on_with_the_next_request(directory, people, monkeypatch):
    rule("Developers", "member", team=make_team())
    directory.client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(ProvisionedPerson.objects.__class__, "follow", lambda *args, **kwargs: 1 / 0)
        refused(directory.ask("Groups", "POST", okta_group("Developers", *people)), 500)
    assert [roles_of(person) for person in people] == [set()] * 3
    directory.post("Groups", okta_group("Others"))
    assert [roles_of(person) for person in people] == [{("member", "group")}] * 3


# How much


def test_list_takes_the_same_number_of_queries_for_any_number_of_groups(
    directory, people, django_assert_max_num_queries
):
    for number in range(6):
        directory.post("Groups", okta_group(f"Group {number}", *people))
    # The key, its calls, its day; groups, how many there are, how many are in them, and who.
    with django_assert_max_num_queries(7):
        listed = directory.get("Groups")["Resources"]
    assert [len(group["members"]) for group in listed] == [3] * 6
    with django_assert_max_num_queries(5):
        listed = directory.get("Groups", excludedAttributes="members")["Resources"]
    assert not any("members" in group for group in listed)


def test_more_members_than_one_answer_lists_are_asked_for_otherwise(directory, people, monkeypatch):
    groups = [directory.post("Groups", okta_group(name, *people)) for name in ("A", "B")]
    monkeypatch.setattr(group_resources, "MOST_LISTED", 5)
    assert "excludedAttributes=members" in refused(directory.ask("Groups"), 400, "tooMany")["detail"]
    assert len(directory.get("Groups", count=1)["Resources"][0]["members"]) == 3
    assert len(directory.get("Groups", excludedAttributes="members")["Resources"]) == 2
    monkeypatch.setattr(group_resources, "MOST_LISTED", 2)
    refused(directory.ask(f"Groups/{groups[0]['id']}"), 400, "tooMany")
    # What was carried out is not refused afterwards.
    body = {"schemas": [], "displayName": "C"}
    changed = told(directory.ask(f"Groups/{groups[0]['id']}", "PUT", body), 200)
    assert (changed["displayName"], "members" in changed) == ("C", False)


def test_more_members_than_one_request_names_are_refused(directory, people, monkeypatch):
    group = directory.post("Groups", okta_group("Developers"))
    monkeypatch.setattr(group_resources, "MOST_NAMED", 2)
    path = f"Groups/{group['id']}"
    for response in (
        directory.patch(path, add(*people)),
        directory.patch(path, *(add(person) for person in people)),
        directory.ask(path, "PUT", okta_group("Developers", *people)),
        directory.ask("Groups", "POST", okta_group("Others", *people)),
    ):
        assert "several" in refused(response, 413)["detail"]
    assert members(directory, group) == []
    assert ProvisionedGroup.objects.count() == 1


def test_more_changes_than_one_request_makes_are_refused(directory, people, monkeypatch):
    group = directory.post("Groups", okta_group("Developers"))
    monkeypatch.setattr(patches, "MOST_CHANGES", 3)
    rename = {"op": "replace", "path": "displayName", "value": "Others"}
    for path in (f"Groups/{group['id']}", f"Users/{people[0]}"):
        assert directory.patch(path, *[rename] * 3).status_code in {200, 204}
        assert "several" in refused(directory.patch(path, *[rename] * 4), 413)["detail"]
        without_path = {"op": "replace", "value": dict.fromkeys("abcd", "x")}
        refused(directory.patch(path, without_path), 413)


# The page of rules


def test_rule_counts_at_once_for_provisioned_groups(directory, client, admin, people):
    team = make_team(name="Payments")
    directory.post("Groups", okta_group("Developers", *people))
    client.force_login(admin)
    address = reverse("account-groups")
    sent = {"value": "Developers", "issuer": PROVISIONED_NAME, "role": "member", "team": team.pk}
    client.post(address, sent)
    assert [roles_of(person) for person in people] == [{("member", "group")}] * 3
    page = client.get(address).content.decode()
    assert "Provisioned groups" in page
    assert '<td role="cell">3</td><td role="cell">Member, Payments</td>' in page
    page = reverse("account-group", args=[GroupRule.objects.get().pk])
    # Changed, it is another kind of rule, and those of before lose what they had.
    for role, issuer, expected in (
        ("viewer", PROVISIONED_NAME, {("viewer", "group")}),
        ("viewer", PROVISIONED_ID, set()),
        ("member", PROVISIONED_NAME, {("member", "group")}),
    ):
        assert "Developers" in client.get(page).content.decode()
        assert client.post(page, sent | {"role": role, "issuer": issuer})["Location"] == address
        assert [roles_of(person) for person in people] == [expected] * 3
        page = reverse("account-group", args=[GroupRule.objects.get().pk])
    client.post(reverse("account-group-remove", args=[GroupRule.objects.get().pk]))
    assert [roles_of(person) for person in people] == [set()] * 3


def test_rule_may_be_for_the_directory_alone(directory, client, admin, people, settings):
    settings.SIGN_IN_PROVIDERS = [PROVIDER]
    client.force_login(admin)
    assert 'name="issuer"' not in client.get(reverse("account-groups")).content.decode()
    directory.post("Groups", okta_group("Developers", *people))
    page = client.get(reverse("account-groups")).content.decode()
    for kind in ("Company", "Provisioning (SCIM), by externalId", "Provisioning (SCIM), by name"):
        assert kind in page
    assert "Every provider" not in page


# At once


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_members_that_come_at_once_are_all_in_and_have_what_it_gives():
    directory = make_directory(make_user(is_administrator=True))
    team, unit = make_team(), make_unit()
    rule("Developers", "member", team=team)
    rule("Developers", "manager", unit=unit)
    rule("Administrators", "administrator")
    people = [directory.post("Users", okta_user(f"q{n}@example.org", externalId=f"{n}"))["id"] for n in range(6)]
    groups = [directory.post("Groups", okta_group(name)) for name in ("Developers", "Administrators")]

    def join(person, group):
        return lambda: directory.patch(f"Groups/{group['id']}", add(person)).status_code

    assert at_once(*(join(person, group) for person in people for group in groups)) == [204] * 12
    for person in people:
        assert roles_of(person) == {("member", "group"), ("manager", "group")}
        assert User.objects.get(pk=person).is_administrator
    assert not ProvisionedPerson.objects.behind().exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_person_or_group_that_is_sent_twice_at_once_is_made_once():
    directory = make_directory(make_user(is_administrator=True))

    def post(path, body):
        return lambda: directory.ask(path, "POST", body).status_code

    assert sorted(at_once(*[post("Users", okta_user())] * 6)) == [201] + [409] * 5
    assert sorted(at_once(*[post("Groups", okta_group())] * 6)) == [201] + [409] * 5
    assert User.objects.filter(email="ada@example.org").count() == 1
    assert ProvisionedGroup.objects.count() == 1


def test_accounts_that_a_directory_cannot_see_come_into_no_group(directory):
    hidden = [make_user(is_demo=True), make_user(is_active=False)]
    group = directory.post("Groups", okta_group("Developers", *[str(person.pk) for person in hidden]))
    assert members(directory, group) == []
    step = {"op": "add", "path": "members", "value": [{"value": str(person.pk)} for person in hidden]}
    directory.patch(f"Groups/{group['id']}", step)
    assert members(directory, group) == []
