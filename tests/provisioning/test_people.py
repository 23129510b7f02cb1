"""People as Entra and Okta send them: found, added, linked, changed, deactivated, given up."""

import pytest
from django.test import Client
from django.urls import reverse

from assessments.models import ApiKey, CalendarFeed, Event, Identity, Mail, ProvisionedPerson, User
from assessments.models.single_sign_on import Claims

from ..accounts.second_factors import signs_in_now
from ..accounts.test_single_sign_on import is_signed_in
from ..api.asking import Program
from ..api.keys import make_key
from ..factories import make_user
from .asking import Directory, entra_user, make_directory, okta_user, refused, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user(is_administrator=True, is_confirmed=True)


@pytest.fixture
def directory(admin):
    return make_directory(admin)


def kinds(admin: User) -> list[str]:
    return list(Event.objects.filter(actor=admin).order_by("pk").values_list("kind", flat=True))


# Found


def test_test_of_the_connection_finds_nobody(directory):
    """Entra asks for a name that nobody has."""
    listed = directory.get("Users", filter='userName eq "b5c1a1f2-6a3c-4d49-a7d9-4d62bf2bd9ab"')
    assert (listed["totalResults"], listed["startIndex"], listed["itemsPerPage"], listed["Resources"]) == (0, 1, 0, [])


def test_people_are_found_by_name_in_any_case_by_email_and_by_the_id_of_the_directory(directory):
    made = directory.post("Users", entra_user())
    for condition in (
        'userName eq "ADA.example@corp.example.org"',
        'USERNAME EQ "ada.example@corp.example.org"',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada.example@corp.example.org"',
        'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'emails[type eq "work"].value eq "ada@example.org"',
        'emails.value eq "Ada@example.org"',
        f'id eq "{made["id"]}"',
        'userName eq "ada.example@corp.example.org" and active eq true',
    ):
        assert directory.found("Users", condition) == [made["id"]], condition
    for condition in (
        'userName eq "ada"',
        'userName eq "ada@example.org"',
        'externalId eq "0A21F0F2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'userName eq "ada.example@corp.example.org" and active eq false',
        'id eq "x"',
        "id eq null",
        'userName eq "a\\u0000b"',
        'externalId eq "a\\u0000b"',
        'userName eq "\\ud800"',
        'externalId eq "\\ud800"',
    ):
        assert directory.found("Users", condition) == [], condition


def test_account_that_no_directory_knows_is_found_by_its_email(directory):
    person = make_user(email="Known@example.org")
    assert directory.found("Users", 'userName eq "known@example.org"') == [str(person.pk)]
    assert directory.get(f"Users/{person.pk}")["userName"] == "Known@example.org"


@pytest.mark.parametrize(
    "condition",
    [
        'userName co "a"',
        "userName",
        'userName eq "a" or active eq true',
        'userName eq a"',
        "(",
        'shoeSize eq "9"',
        "eq",
    ],
)
def test_other_filters_are_refused(directory, condition):
    refused(directory.ask("Users", filter=condition), 400, "invalidFilter")


def test_list_comes_in_parts_that_begin_at_one(directory, admin):
    for number in range(4):
        make_user(email=f"p{number}@example.org")
    make_user(email="demo@example.org", is_demo=True)
    everybody = [row["id"] for row in directory.get("Users")["Resources"]]
    assert len(everybody) == 5
    for first, count, part in ((1, 2, [0, 1]), (3, 2, [2, 3]), (5, 100, [4]), (9, 2, []), (0, 1, [0]), (1, 0, [])):
        page = directory.get("Users", startIndex=first, count=count)
        assert [row["id"] for row in page["Resources"]] == [everybody[n] for n in part]
        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, max(1, first), len(part))
    refused(directory.ask("Users", startIndex="x"), 400, "invalidValue")
    assert directory.get("Users", startIndex="9" * 30)["Resources"] == []


def test_list_takes_the_same_number_of_queries_for_any_number_of_people(directory, django_assert_max_num_queries):
    for number in range(5):
        directory.post("Users", okta_user(f"p{number}@example.org", externalId=str(number)))
    people = [row["id"] for row in directory.get("Users")["Resources"]]
    directory.post("Groups", {"displayName": "All", "members": [{"value": pk} for pk in people]})
    # The key, its calls, its day; people, their groups, and how many there are.
    with django_assert_max_num_queries(7):
        assert len(directory.get("Users")["Resources"]) == 6


def test_attributes_can_be_chosen(directory):
    made = directory.post("Users", okta_user())
    chosen = directory.get(f"Users/{made['id']}", attributes="userName,name.givenName")
    assert set(chosen) == {"schemas", "id", "userName", "name"}
    assert "emails" not in directory.get("Users", excludedAttributes="emails,id")["Resources"][0]


# Added


@pytest.mark.parametrize("body", [entra_user, okta_user])
def test_somebody_new_gets_an_account(directory, admin, body):
    sent = body()
    made = directory.post("Users", sent)
    person = User.objects.get(email="ada@example.org")
    assert (person.name, person.is_active, person.is_administrator) == ("Ada Example", True, False)
    assert not person.has_usable_password()
    for name in ("userName", "externalId", "active", "emails", "displayName"):
        assert made[name] == sent[name], name
    assert made["name"] == {"formatted": "Ada Example", "givenName": "Ada", "familyName": "Example"}
    assert made["id"] == str(person.pk)
    assert "password" not in made
    assert directory.get(f"Users/{person.pk}") == made
    assert kinds(admin)[1:] == ["account.added", "account.provisioned"]


def test_name_and_email_come_from_what_there_is(directory):
    plain = {"schemas": [], "userName": "ada@example.org", "name": {"givenName": "Ada", "familyName": "Lee"}}
    made = directory.post("Users", plain)
    assert (made["displayName"], made["emails"][0]["value"]) == ("Ada Lee", "ada@example.org")
    emails = [{"value": "home@example.org", "type": "home"}, {"value": "work@example.org", "type": "work"}]
    made = directory.post("Users", {"userName": "lee", "emails": emails})
    assert (made["displayName"], made["emails"][0]["value"]) == ("", "work@example.org")


@pytest.mark.parametrize(
    "wrong",
    [
        {"userName": ""},
        {"userName": None},
        {"userName": 7},
        {"userName": "x" * 255},
        {"userName": "ada", "emails": []},
        {"emails": [{"value": "nobody"}]},
        {"emails": [{"value": ["a"]}]},
        {"displayName": "x" * 121},
        {"active": "perhaps"},
        {"active": 1},
        {"externalId": "x" * 256},
    ],
)
def test_what_cannot_be_stored_is_refused(directory, wrong):
    refused(directory.ask("Users", "POST", okta_user(**wrong)), 400, "invalidValue")
    assert User.objects.count() == 1


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, '{"userName": "a\\u0000@example.org"}', b"\xff", '"\\ud800"'])
def test_what_cannot_be_read_is_refused(directory, body, caplog):
    refused(directory.ask("Users", "POST", body), 400, "invalidSyntax")
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("body", [[], "text", 7, None, {"Operations": 1}, {"Operations": [1]}, {"Operations": [{}]}])
def test_other_json_is_refused(directory, body):
    made = directory.post("Users", okta_user())
    for path, method in (("Users", "POST"), (f"Users/{made['id']}", "PUT"), (f"Users/{made['id']}", "PATCH")):
        response = directory.ask(path, method, body)
        assert response.status_code == 400, response.content
    response = directory.ask("Groups", "POST", body)
    assert response.status_code == 400


def test_second_one_of_a_name_or_an_email_is_refused(directory):
    directory.post("Users", entra_user())
    refused(directory.ask("Users", "POST", entra_user("another@example.org")), 409, "uniqueness")
    refused(directory.ask("Users", "POST", entra_user(userName="another", externalId="x")), 409, "uniqueness")
    assert User.objects.count() == 2


def test_known_address_is_linked_and_not_doubled(directory, admin):
    """A password from before its owner was known ends, and so do sessions: it may be somebody else's."""
    person = make_user(email="Ada@example.org", name="Ada", password="correct horse battery", is_confirmed=False)
    signed_in = Client()
    signed_in.force_login(person)
    made = directory.post("Users", entra_user())
    assert made["id"] == str(person.pk)
    person.refresh_from_db()
    assert (person.name, person.email, person.is_confirmed) == ("Ada Example", "ada@example.org", True)
    assert not person.has_usable_password()
    assert not is_signed_in(signed_in)
    assert kinds(admin)[1:] == ["account.provisioned", "account.changed"]


def test_confirmed_account_keeps_its_password(directory):
    person = make_user(email="ada@example.org", password="correct horse battery", is_confirmed=True)
    directory.post("Users", entra_user())
    person.refresh_from_db()
    assert person.check_password("correct horse battery")
    assert person.is_confirmed


def test_whom_an_administrator_deactivated_is_linked_but_let_in_by_no_directory(directory):
    person = make_user(email="ada@example.org", is_active=False)
    assert directory.found("Users", 'userName eq "ada@example.org"') == []
    refused(directory.ask(f"Users/{person.pk}"), 404)
    made = directory.post("Users", okta_user())
    assert (made["id"], made["active"]) == (str(person.pk), False)
    assert not User.objects.get(pk=person.pk).is_active


def test_demo_accounts_are_nobody_to_a_directory(directory):
    demo = make_user(email="ada@example.org", is_demo=True)
    refused(directory.ask("Users", "POST", okta_user()), 409, "uniqueness")
    refused(directory.ask(f"Users/{demo.pk}"), 404)


@pytest.mark.parametrize("signs_in_elsewhere", [True, False])
def test_mail_goes_to_who_needs_a_password_here(directory, settings, signs_in_elsewhere):
    settings.MAIL_ENABLED = True
    settings.REMOTE_USER_HEADER = "HTTP_X_REMOTE_USER" if signs_in_elsewhere else ""
    directory.post("Users", okta_user())
    assert Mail.objects.count() == (0 if signs_in_elsewhere else 1)
    assert User.objects.lacking_password().filter(email="ada@example.org").exists() is not signs_in_elsewhere


def test_who_signs_in_by_a_provider_afterwards_has_the_same_account(directory):
    made = directory.post("Users", entra_user())
    said = Claims(issuer="https://login.example.org", subject="7", email="ada@example.org", is_verified=True)
    assert str(Identity.objects.arrive(said, creates=False).pk) == made["id"]


# Changed


@pytest.mark.parametrize(
    "operations,said",
    [
        # Entra: a path for each value, operations with a capital, switches as words.
        ([{"op": "Replace", "path": "active", "value": "False"}], {"active": False}),
        ([{"op": "Replace", "path": "active", "value": False}], {"active": False}),
        ([{"op": "Add", "path": "active", "value": "True"}], {"active": True}),
        ([{"op": "Replace", "path": "userName", "value": "lee"}], {"userName": "lee"}),
        (
            [
                {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "lee@example.org"},
                {"op": "Replace", "path": "name.familyName", "value": "Lee"},
            ],
            {
                "emails": [{"value": "lee@example.org", "type": "work", "primary": True}],
                "displayName": "Ada Lee",
                "name": {"formatted": "Ada Lee", "givenName": "Ada", "familyName": "Lee"},
            },
        ),
        ([{"op": "Replace", "path": "displayName", "value": "A. Lee"}], {"displayName": "A. Lee"}),
        (
            [
                {
                    "op": "Add",
                    "value": {
                        "displayName": "Ada Lee",
                        "name.familyName": "Lee",
                        "urn:ietf:params:scim:schemas:core:2.0:User:externalId": "x",
                        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "IT",
                    },
                }
            ],
            {"displayName": "Ada Lee", "externalId": "x"},
        ),
        # Okta: an object without a path.
        ([{"op": "replace", "value": {"active": False}}], {"active": False}),
        ([{"op": "replace", "value": {"name": {"givenName": "Eda"}}}], {"displayName": "Eda Example"}),
        (
            [{"op": "replace", "value": {"emails": [{"primary": True, "value": "lee@example.org", "type": "work"}]}}],
            {"emails": [{"value": "lee@example.org", "type": "work", "primary": True}]},
        ),
        # What nothing here knows is passed over.
        (
            [
                {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
                {"op": "Replace", "path": 'emails[type eq "home"].value', "value": "home@example.org"},
                {"op": "Replace", "path": "title", "value": None},
                {"op": "Remove", "path": "active"},
                {"op": "Remove", "path": "emails"},
            ],
            {"active": True, "emails": [{"value": "ada@example.org", "type": "work", "primary": True}]},
        ),
    ],
)
def test_changes_come_in_the_forms_of_both(directory, operations, said):
    made = directory.post("Users", entra_user())
    changed = directory.changed(f"Users/{made['id']}", *operations)
    assert changed | said == changed
    assert directory.get(f"Users/{made['id']}") == changed


def test_id_of_the_directory_can_go(directory):
    made = directory.post("Users", entra_user())
    assert "externalId" not in directory.changed(f"Users/{made['id']}", {"op": "Remove", "path": "externalId"})


@pytest.mark.parametrize(
    "operation,kind",
    [
        ({"op": "Move", "path": "active", "value": True}, "invalidSyntax"),
        ({"op": "replace", "path": "active", "value": "off"}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": ""}, "invalidValue"),
        ({"op": "replace", "path": 'emails[type eq "work"].value', "value": "nobody"}, "invalidValue"),
        ({"op": "replace", "value": "x"}, "invalidValue"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "emails[type", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 7, "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type gt "x"].value', "value": "x"}, "invalidFilter"),
    ],
)
def test_wrong_changes_are_refused_and_nothing_changes(directory, operation, kind):
    made = directory.post("Users", entra_user())
    path = f"Users/{made['id']}"
    refused(directory.patch(path, {"op": "Replace", "path": "displayName", "value": "Other"}, operation), 400, kind)
    assert directory.get(path) == made


def test_whole_person_is_replaced(directory):
    """As Okta updates a profile."""
    made = directory.post("Users", okta_user())
    body = okta_user("lee@example.org", id=made["id"], displayName="Ada Lee", externalId="x")
    response = directory.ask(f"Users/{made['id']}", "PUT", body)
    assert response.status_code == 200
    assert (response.json()["userName"], response.json()["displayName"]) == ("lee@example.org", "Ada Lee")
    person = User.objects.get(pk=made["id"])
    assert (person.email, person.is_confirmed) == ("lee@example.org", True)


def email_to(address: str) -> dict[str, str]:
    return {"op": "Replace", "path": 'emails[type eq "work"].value', "value": address}


def test_another_email_ends_the_password_of_the_one_before(directory):
    made = directory.post("Users", okta_user())
    person = User.objects.get(pk=made["id"])
    person.set_password("correct horse battery")
    person.save()
    signed_in = Client()
    signed_in.force_login(person)
    directory.changed(f"Users/{person.pk}", email_to("lee@example.org"))
    person.refresh_from_db()
    assert (person.email, person.is_confirmed, person.has_usable_password()) == ("lee@example.org", True, False)
    assert not is_signed_in(signed_in)


def test_email_of_who_was_made_an_administrator_here_stays(directory):
    """Whoever writes to the directory could have the password of an administrator sent to themselves."""
    other = make_user(email="root@example.org", is_administrator=True, is_confirmed=True)
    refusal = refused(directory.patch(f"Users/{other.pk}", email_to("evil@example.org")), 409)
    assert "administers" in refusal["detail"]
    other.refresh_from_db()
    assert other.email == "root@example.org"
    assert directory.changed(f"Users/{other.pk}", email_to("Root@example.org"))["active"]


def test_name_or_email_of_somebody_else_is_refused(directory):
    directory.post("Users", okta_user("other@example.org", externalId="x"))
    unknown = make_user(email="unknown@example.org")
    made = directory.post("Users", okta_user())
    path = f"Users/{made['id']}"
    for operation in (
        {"op": "Replace", "path": "userName", "value": "OTHER@example.org"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "Other@example.org"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": unknown.email},
    ):
        refused(directory.patch(path, operation), 409, "uniqueness")
    assert directory.get(path) == made


def test_account_that_was_only_found_is_linked_by_the_first_change(directory):
    """Entra finds somebody by their email and changes what differs."""
    person = make_user(email="ada@example.org", password="correct horse battery", is_confirmed=False)
    assert not ProvisionedPerson.objects.exists()
    changed = directory.changed(f"Users/{person.pk}", {"op": "Add", "path": "externalId", "value": "x"})
    assert (changed["externalId"], changed["userName"]) == ("x", "ada@example.org")
    person.refresh_from_db()
    assert person.is_confirmed
    assert not person.has_usable_password()


# Out


@pytest.mark.parametrize(
    "operation",
    [{"op": "Replace", "path": "active", "value": "False"}, {"op": "replace", "value": {"active": False}}, None],
)
def test_deactivated_person_is_out_with_the_next_request(directory, admin, operation):
    made = directory.post("Users", okta_user())
    person = User.objects.get(pk=made["id"])
    signed_in, program = Client(), Program(make_key(by=person))
    signed_in.force_login(person)
    assert is_signed_in(signed_in)
    program.get("me")
    if operation:
        assert directory.changed(f"Users/{person.pk}", operation)["active"] is False
    else:
        assert directory.ask(f"Users/{person.pk}", "DELETE").status_code == 204
    assert not is_signed_in(signed_in)
    assert program.ask("me").status_code == 401
    said = Event.objects.get(kind="account.changed", actor=admin)
    assert (said.data["person"], said.data["active"]) == (str(person.pk), False)


def test_who_is_deleted_is_there_no_more_until_they_are_added_again(directory, admin):
    made = directory.post("Users", okta_user())
    path = f"Users/{made['id']}"
    assert directory.ask(path, "DELETE").content == b""
    for response in (directory.ask(path), directory.ask(path, "DELETE"), directory.patch(path)):
        refused(response, 404)
    assert directory.found("Users", 'userName eq "ada@example.org"') == []
    assert User.objects.filter(pk=made["id"], is_active=False).exists()
    assert directory.post("Users", okta_user())["id"] == made["id"]
    assert kinds(admin).count("account.given_up") == 1


ACTIVATE = {"op": "replace", "value": {"active": True}}
DEACTIVATE = {"op": "replace", "value": {"active": False}}


def lets_in_by(way: str, directory, pk: str) -> bool:
    """What the directory is told about the account after it has activated it in one of its ways."""
    if way == "PATCH":
        return directory.changed(f"Users/{pk}", ACTIVATE)["active"]
    if way == "PUT":
        return told(directory.ask(f"Users/{pk}", "PUT", okta_user()), 200)["active"]
    if way == "PUT without active":
        body = okta_user()
        del body["active"]
        return told(directory.ask(f"Users/{pk}", "PUT", body), 200)["active"]
    assert directory.ask(f"Users/{pk}", "DELETE").status_code == 204
    return directory.post("Users", okta_user())["active"]


WAYS = ["PATCH", "PUT", "PUT without active", "DELETE and POST"]


@pytest.mark.parametrize("way", WAYS)
def test_directory_lets_in_again_whom_it_has_deactivated(directory, way):
    pk = directory.post("Users", okta_user())["id"]
    directory.changed(f"Users/{pk}", DEACTIVATE)
    assert not User.objects.get(pk=pk).may_sign_in
    assert lets_in_by(way, directory, pk)
    assert User.objects.get(pk=pk).may_sign_in


@pytest.mark.parametrize("is_out_as_well", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_directory_does_not_let_in_whom_an_administrator_has_deactivated(client, directory, admin, way, is_out_as_well):
    pk = directory.post("Users", okta_user())["id"]
    key = make_key(by=User.objects.get(pk=pk))
    if is_out_as_well:
        directory.changed(f"Users/{pk}", DEACTIVATE)
    client.force_login(admin)
    page = reverse("account-edit", args=[pk])
    seen = client.get(page).context["form"]["revision"].value()
    client.post(page, {"email": "ada@example.org", "name": "Ada Example", "revision": seen})
    assert "whatever the directory says" in client.get(page).content.decode()
    assert lets_in_by(way, directory, pk) is False
    assert directory.get(f"Users/{pk}")["active"] is False
    assert directory.found("Users", "active eq true") == [str(admin.pk)]
    person = User.objects.get(pk=pk)
    assert not person.may_sign_in
    # Once the administrator lets them in as well, they are in; their key is not.
    person.change_account(by=admin, seen=None, is_active=True)
    assert directory.get(f"Users/{pk}")["active"] is True
    assert User.objects.get(pk=pk).may_sign_in
    assert ApiKey.objects.genuine(key.text) is None


def test_administrator_does_not_let_in_whom_the_directory_keeps_out(client, directory, admin):
    pk = directory.post("Users", okta_user())["id"]
    directory.changed(f"Users/{pk}", DEACTIVATE)
    client.force_login(admin)
    page = reverse("account-edit", args=[pk])
    shown = client.get(page)
    assert "until the directory activates it again" in shown.content.decode()
    assert shown.context["form"]["is_active"].value() is True
    same = {"email": "ada@example.org", "name": "Another name", "is_active": "on"}
    client.post(page, same | {"revision": shown.context["form"]["revision"].value()})
    person = User.objects.get(pk=pk)
    assert (person.name, person.may_sign_in, person.is_let_in) == ("Another name", False, True)
    assert directory.changed(f"Users/{pk}", ACTIVATE)["active"] is True


def test_whom_the_directory_has_given_up_an_administrator_lets_in_again(client, directory, admin):
    pk = directory.post("Users", okta_user())["id"]
    directory.ask(f"Users/{pk}", "DELETE")
    signs_in_now(client, admin)
    page = reverse("account-edit", args=[pk])
    shown = client.get(page)
    assert shown.context["form"]["is_active"].value() is False
    same = {"email": "ada@example.org", "revision": shown.context["form"]["revision"].value()}
    client.post(page, same | {"name": "Another name"})
    assert not User.objects.get(pk=pk).may_sign_in
    same["revision"] = client.get(page).context["form"]["revision"].value()
    client.post(page, same | {"name": "Another name", "is_active": "on"})
    assert User.objects.get(pk=pk).may_sign_in


def test_deactivating_ends_links_and_the_calendar_for_good(admin):
    person = make_user()
    link = person.set_password_link().split("/")
    feed = CalendarFeed.objects.make(by=person, token="t" * 43)
    for is_active in (False, True):
        person.change_account(by=admin, seen=None, is_active=is_active)
    assert User.objects.by_link(link[-3], link[-2]) is None
    assert CalendarFeed.objects.genuine("t" * 43) is None
    assert CalendarFeed.objects.get(pk=feed.pk).revoked_on
    assert "calendar.revoked" in kinds(admin)


def test_change_that_says_nothing_about_it_leaves_a_person_in_or_out(directory, admin):
    pk = directory.post("Users", okta_user())["id"]
    rename = {"op": "replace", "path": "displayName", "value": "Ada L."}
    assert directory.changed(f"Users/{pk}", rename)["active"] is True
    directory.changed(f"Users/{pk}", DEACTIVATE)
    assert directory.changed(f"Users/{pk}", rename | {"value": "Ada"})["active"] is False
    User.objects.get(pk=pk).change_account(by=admin, seen=None, is_active=False)
    directory.changed(f"Users/{pk}", ACTIVATE)
    assert directory.changed(f"Users/{pk}", rename)["active"] is False


def test_last_administrator_stays(directory, admin):
    for response in (
        directory.patch(f"Users/{admin.pk}", {"op": "replace", "value": {"active": False}}),
        directory.ask(f"Users/{admin.pk}", "DELETE"),
    ):
        assert "administrator" in refused(response, 409)["detail"]
    admin.refresh_from_db()
    assert admin.is_active
    assert directory.get(f"Users/{admin.pk}")["active"]


# Who may


def test_key_needs_the_scope_and_an_administrator(admin):
    refused(Directory(None).ask("Users"), 401)
    refused(Directory(make_key(by=admin, scopes=["read", "organisation:write"])).ask("Users"), 403)
    refused(make_directory(make_user()).ask("Users"), 403)
    key = make_key(by=admin, scopes=["scim"])
    assert Directory(key).get("Users")
    assert Program(key).ask("me").status_code == 403
    ApiKey.objects.get(pk=key.pk).revoke(by=admin)
    refused(Directory(key).ask("Users"), 401)


def test_session_is_no_key(admin):
    nobody = Directory(None)
    nobody.client.force_login(admin)
    response = nobody.ask("Users")
    refused(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_errors_are_all_of_one_form(directory, monkeypatch, caplog):
    refused(directory.ask("Users/nobody"), 404)
    refused(directory.ask("Persons"), 404)
    refused(directory.ask("Users/x%00y"), 400)
    refused(directory.ask("Users", filter='userName eq "\0"'), 400)
    refused(directory.ask(f"Users/{'x' * 8_100}"), 414)
    refused(directory.ask("Users", "POST", "x" * 2_000_000), 413)
    response = directory.ask("Users", "DELETE")
    refused(response, 405)
    assert response.headers["Allow"] == "GET, POST"
    assert [record for record in caplog.records if record.exc_info] == []
    directory.client.raise_request_exception = False
    monkeypatch.setattr(ProvisionedPerson.objects.__class__, "accounts", lambda *args: 1 / 0)
    assert "division" not in refused(directory.ask("Users"), 500)["detail"]


def test_calls_are_counted_with_those_of_the_api(directory):
    response = directory.ask("Users")
    assert response.headers["RateLimit"] == '"calls";r=599;t=60'
    assert directory.ask("Users", "HEAD").content == b""


def test_service_says_what_it_can(directory):
    assert directory.get("ServiceProviderConfig")["patch"]["supported"] is True
    types = directory.get("ResourceTypes")["Resources"]
    assert [kind["endpoint"] for kind in types] == ["/Users", "/Groups"]
    for kind in types:
        assert directory.get(f"ResourceTypes/{kind['id']}") == kind
        assert directory.get(f"Schemas/{kind['schema']}")["name"] == kind["name"]
    assert len(directory.get("Schemas")["Resources"]) == 2
    refused(directory.ask("Schemas/urn:x"), 404)


def test_account_page_says_who_provisions_it(client, admin, directory):
    made = directory.post("Users", entra_user())
    client.force_login(admin)
    page = client.get(reverse("account-edit", args=[made["id"]])).content.decode()
    assert "Ada.Example@corp.example.org" in page
