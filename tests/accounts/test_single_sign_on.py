"""Signing in by a provider, with a real one; and what groups give."""

import ipaddress
import itertools
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from assessments.accounts import sso_client
from assessments.accounts.providers import SignInProvider
from assessments.models import BrowserSession, Event, GroupRule, Identity, Membership, User
from assessments.models.single_sign_on import Claims, NotLetIn
from maturity import environment as env
from maturity.sign_in_providers import sign_in_providers

from .. import sign_in_provider, toy
from ..at_once import at_once
from ..factories import make_membership, make_team, make_unit, make_user
from ..sign_in_provider import as_setting

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    with sign_in_provider.running(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture(autouse=True)
def set_up(request, settings, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    settings.SITE_URL = "http://testserver"
    make_user(is_administrator=True, is_confirmed=True)
    if "provider" in request.fixturenames:
        settings.SIGN_IN_PROVIDERS = [as_setting(request.getfixturevalue("provider"))]


@pytest.fixture
def arrive(client, provider):
    """Signs in at the provider with these claims, and comes back; returns the answer to coming back."""

    def arrive_(subject, *, browser=client, number=1, page="", **claims):
        if claims:
            provider.knows(subject, **claims)
        start = browser.get(reverse("sso-start", args=[number]), {"next": page} if page else {})
        assert start.status_code == 302, start.content.decode()
        there = start["Location"]
        assert parse_qs(urlsplit(there).query)["code_challenge_method"] == ["S256"]
        return browser.get(provider.lets_in(subject, there))

    return arrive_


def new_email():
    return f"new{next(numbers)}@example.org"


def is_signed_in(client):
    return client.get(reverse("account")).status_code == 200


def rows():
    return [model.objects.count() for model in (User, Identity, Event, Membership, SocialAccount, EmailAddress)]


# Who comes in


def test_somebody_new_gets_an_account(client, arrive):
    email = new_email()
    response = arrive("new", email=email, email_verified=True, name="Ada Example")
    assert response["Location"] == reverse("home")
    assert is_signed_in(client)
    person = User.objects.get(email=email)
    assert (person.name, person.is_administrator, person.has_usable_password()) == ("Ada Example", False, False)
    assert Event.objects.filter(kind="account.added", data__person=str(person.pk)).count() == 1
    assert person not in User.objects.lacking_password()


def test_sign_in_page_leads_to_the_provider_and_back_to_the_page_that_was_asked_for(client, arrive):
    page = client.get(reverse("sign-in"), {"next": "/teams/"}).content.decode()
    assert "Sign in with Company" in page
    assert f'href="{reverse("sso-start", args=[1])}?next=/teams/"' in page.replace("%2F", "/")
    assert arrive("back", page="/teams/", email=new_email(), email_verified=True)["Location"] == "/teams/"


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere_afterwards(arrive, page):
    assert arrive("led", page=page, email=new_email(), email_verified=True)["Location"] == reverse("home")


def test_known_verified_address_leads_to_the_account(client, arrive):
    person = make_user(email=new_email(), password="correct horse battery", is_confirmed=True)
    arrive("known", email=person.email.upper(), email_verified=True)
    assert is_signed_in(client)
    assert person.identities.count() == 1
    person.refresh_from_db()
    assert person.has_usable_password()
    # From now on the address does not matter.
    client.logout()
    arrive("known", email="changed@example.org", email_verified=False)
    assert is_signed_in(client)
    person.refresh_from_db()
    assert person.email != "changed@example.org"


def test_password_that_somebody_else_may_have_set_ends(client, arrive):
    person = make_user(email=new_email(), password="correct horse battery", is_confirmed=False)
    earlier = Client()
    earlier.force_login(person)
    arrive("unconfirmed", email=person.email, email_verified=True)
    assert is_signed_in(client)
    assert not is_signed_in(earlier)
    person.refresh_from_db()
    assert not person.has_usable_password()


@pytest.mark.parametrize("said", [{"email_verified": False}, {}, {"email_verified": "false"}, {"email_verified": "no"}])
@pytest.mark.parametrize("is_known", [True, False])
def test_unverified_address_is_refused_and_nothing_is_stored(client, arrive, said, is_known):
    email = make_user(is_administrator=True).email if is_known else new_email()
    before = rows()
    response = arrive("unverified", email=email, **said)
    assert response.status_code == 403
    assert "has not verified" in response.content.decode()
    assert rows() == before
    assert not is_signed_in(client)


def test_trusted_provider_need_not_verify(client, arrive, settings, provider):
    settings.SIGN_IN_PROVIDERS = [as_setting(provider, trusts_email=True)]
    arrive("trusted", email=new_email())
    assert is_signed_in(client)


def test_without_an_address_nobody_comes_in(client, arrive):
    before = rows()
    assert arrive("nothing", name="Nobody").status_code == 403
    assert rows() == before


def test_same_subject_of_another_issuer_is_somebody_else(client, arrive, settings, provider):
    settings.SIGN_IN_PROVIDERS = [
        as_setting(provider),
        as_setting(provider, number=2, issuer=provider.elsewhere, name="Elsewhere"),
    ]
    arrive("same", email=new_email(), email_verified=True)
    client.logout()
    before = rows()
    assert arrive("same", number=2, email="other@example.org", email_verified=False).status_code == 403
    assert rows() == before
    assert not is_signed_in(client)


def test_address_that_was_given_to_somebody_else_does_not_lead_to_the_account_of_before(client, arrive):
    email = new_email()
    arrive("first", email=email, email_verified=True)
    client.logout()
    before = rows()
    response = arrive("second", email=email, email_verified=True)
    assert response.status_code == 403
    assert "belongs to somebody else" in response.content.decode()
    assert rows() == before


def test_changed_address_is_taken_over_unless_somebody_has_it(client, arrive):
    arrive("moves", email=new_email(), email_verified=True)
    taken, free = make_user(email=new_email()).email, new_email()
    person = Identity.objects.get(subject="moves").user
    for claimed, expected in ((taken, person.email), (free, free)):
        client.logout()
        arrive("moves", email=claimed, email_verified=True)
        person.refresh_from_db()
        assert person.email == expected
        assert is_signed_in(client)


def test_no_account_is_made_where_administrators_make_them(client, arrive, settings, provider):
    settings.SIGN_IN_PROVIDERS = [as_setting(provider, creates=False)]
    before = rows()
    assert arrive("uninvited", email=new_email(), email_verified=True).status_code == 403
    assert rows() == before


def test_who_may_not_sign_in_does_not_by_a_provider_either(client, arrive):
    arrive("leaves", email=new_email(), email_verified=True)
    client.logout()
    User.objects.filter(identities__subject="leaves").update(is_active=False)
    assert arrive("leaves").status_code == 403
    assert not is_signed_in(client)


def test_erased_person_comes_back_as_somebody_new(client, arrive):
    arrive("erased", email=new_email(), email_verified=True)
    before = Identity.objects.get(subject="erased").user
    client.post(reverse("account-own-erase"))
    assert not User.objects.filter(pk=before.pk).exists()
    assert not Identity.objects.filter(subject="erased").exists()
    arrive("erased")
    assert Identity.objects.get(subject="erased").user.pk != before.pk


def test_first_account_is_made_with_the_code_of_the_server(client, arrive, provider):
    User.objects.all().delete()
    assert client.get(reverse("sso-start", args=[1]))["Location"] == reverse("setup")
    assert client.get(reverse("sso-back", args=[1]))["Location"] == reverse("setup")


# The way there and back


def test_what_came_back_counts_once_and_only_in_its_browser(client, provider):
    provider.knows("once", email=new_email(), email_verified=True)
    there = client.get(reverse("sso-start", args=[1]))["Location"]
    back = provider.lets_in("once", there)
    assert Client().get(back).status_code == 403
    assert client.get(back)["Location"] == reverse("home")
    client.logout()
    assert client.get(back).status_code == 403
    assert not is_signed_in(client)


def test_who_says_no_at_the_provider_stays_outside(client, provider):
    there = client.get(reverse("sso-start", args=[1]))["Location"]
    response = client.get(provider.lets_in("no", there, action="deny"))
    assert response.status_code == 403
    assert "You were not signed in" in response.content.decode()


def test_nobody_can_change_what_is_asked_of_the_provider(client, provider):
    asked = {
        "scope": "admin",
        "auth_params": "client_id=other&prompt=none",
        "process": "connect",
        "action": "rerequest",
    }
    there = parse_qs(urlsplit(client.get(reverse("sso-start", args=[1]), asked)["Location"]).query)
    assert there["client_id"] == ["maturity"]
    assert set(there["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in there


def test_people_come_back_to_the_site_and_not_to_the_host_of_a_request(client, provider, settings):
    settings.ALLOWED_HOSTS = ["*"]
    there = client.get(reverse("sso-start", args=[1]), headers={"host": "evil.example"})["Location"]
    assert parse_qs(urlsplit(there).query)["redirect_uri"] == ["http://testserver" + reverse("sso-back", args=[1])]


def test_provider_with_another_name_than_its_issuer_is_not_believed(client, provider, settings, caplog):
    settings.SIGN_IN_PROVIDERS = [as_setting(provider, issuer=f"{provider.issuer}/.well-known/..")]
    response = client.get(reverse("sso-start", args=[1]))
    assert response.status_code == 502


def test_provider_that_is_away_is_told_in_a_sentence(client, settings, provider):
    settings.SIGN_IN_PROVIDERS = [as_setting(provider, issuer="http://127.0.0.1:9")]
    response = client.get(reverse("sso-start", args=[1]))
    assert response.status_code == 502
    assert "Signing in with Company does not work at the moment" in response.content.decode()


def test_address_of_a_provider_that_is_not_named_is_a_404(client):
    assert client.get(reverse("sso-start", args=[7])).status_code == 404
    assert client.get(reverse("sso-back", args=[7])).status_code == 404


def test_nothing_of_somebody_who_was_signed_in_before_comes_along(client, arrive, provider):
    provider.knows("next", email=new_email(), email_verified=True)
    there = client.get(reverse("sso-start", args=[1]))["Location"]
    other = make_user()
    client.force_login(other)
    session = client.session
    session["of the other"] = "secret"
    session.save()
    client.get(provider.lets_in("next", there))
    assert client.session.get("of the other") is None or not is_signed_in(client)


def test_token_that_was_made_for_another_sign_in_is_not_believed(client, provider):
    provider.knows("replayed", email=new_email(), email_verified=True)
    there = client.get(reverse("sso-start", args=[1]))["Location"]
    asked = parse_qs(urlsplit(there).query)
    assert "prompt" not in asked
    back = provider.lets_in("replayed", there.replace(asked["nonce"][0], "the-nonce-of-another"))
    assert client.get(back).status_code == 502
    assert not is_signed_in(client)


def test_provider_is_asked_to_have_the_person_sign_in_again(client, arrive):
    arrive("again", email=new_email(), email_verified=True)
    assert client.get(reverse("sso-start", args=[1]))["Location"] == reverse("home")
    there = client.get(reverse("sso-start", args=[1]), {"again": "1", "next": "/teams/"})["Location"]
    asked = parse_qs(urlsplit(there).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])


def test_whoever_begins_without_end_has_to_wait(client, arrive, provider, settings):
    settings.SIGN_IN_LIMIT_PER_ADDRESS = 3
    for _number in range(5):
        # Who comes in is not counted.
        arrive("comes-in", email="comes@example.org", email_verified=True)
        client.logout()
    address = reverse("sso-start", args=[1])
    statuses = [Client(REMOTE_ADDR="198.51.100.9").get(address).status_code for _number in range(6)]
    assert statuses == [302] * 3 + [429] * 3
    assert BrowserSession.objects.filter(user=None).count() <= 4
    assert Client(REMOTE_ADDR="192.0.2.7").get(address).status_code == 302


# Groups


def claims(subject="grouped", *groups, email=""):
    return Claims(
        issuer="https://login.example.org",
        subject=subject,
        email=email or f"{subject}@example.org",
        is_verified=True,
        groups=list(groups),
    )


def rule(value, role, **place):
    return GroupRule.objects.create(value=value, role=role, **place)


def test_groups_count_right_after_the_first_sign_in(client, arrive):
    team, unit = make_team(), make_unit()
    rule("developers", "member", team=team)
    rule("heads", "manager", unit=unit)
    rule("it", "administrator")
    rule("others", "lead", team=team)
    arrive("grouped", email=new_email(), email_verified=True, groups=["developers", "heads", "it", "unknown"])
    person = Identity.objects.get(subject="grouped").user
    assert person.is_administrator
    assert set(person.memberships.values_list("team", "unit", "role", "source")) == {
        (team.pk, None, "member", "group"),
        (None, unit.pk, "manager", "group"),
    }
    assert client.get(reverse("accounts")).status_code == 200
    # And end when the groups do.
    client.logout()
    arrive("grouped", email=person.email, email_verified=True, groups=[])
    person.refresh_from_db()
    assert not person.is_administrator
    assert not person.memberships.exists()


def test_of_two_roles_in_a_team_the_higher_one_counts():
    team = make_team()
    rule("all", "viewer", team=team)
    rule("seniors", "lead", team=team)
    person = Identity.objects.arrive(claims("grouped", "all", "seniors"), creates=True)
    assert person.memberships.get().role == "lead"
    Identity.objects.arrive(claims("grouped", "all"), creates=True)
    assert person.memberships.get().role == "viewer"


@pytest.mark.parametrize("role", ["lead", "viewer"])
def test_what_was_given_by_hand_stays(role):
    team, unit = make_team(), make_unit()
    person = make_user(email="grouped@example.org", is_administrator=True)
    make_membership(user=person, team=team, role=role)
    make_membership(user=person, unit=unit, role="manager")
    rule("developers", "member", team=team)
    for groups in (["developers"], []):
        Identity.objects.arrive(claims("grouped", *groups), creates=True)
        person.refresh_from_db()
        assert person.is_administrator
        assert {(row.role, row.source) for row in person.memberships.all()} == {(role, "hand"), ("manager", "hand")}


def test_role_that_a_lead_changed_by_hand_is_theirs_from_then_on():
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    rule("developers", "member", team=team)
    person = Identity.objects.arrive(claims("grouped", "developers"), creates=True)
    team.change_role(person.memberships.get(), "viewer", by=lead, seen=None)
    Identity.objects.arrive(claims("grouped"), creates=True)
    assert person.memberships.get().role == "viewer"


def test_member_by_group_is_asked_in_the_assessment_that_is_open():
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead)
    rule("developers", "member", team=team)
    person = Identity.objects.arrive(claims("grouped", "developers"), creates=True)
    assert assessment.participations.filter(user=person).exists()
    Identity.objects.arrive(claims("grouped"), creates=True)
    assert not assessment.participations.filter(user=person).exists()


def test_last_administrator_stays_and_the_journal_says_so():
    rule("it", "administrator")
    person = Identity.objects.arrive(claims("grouped", "it"), creates=True)
    User.objects.exclude(pk=person.pk).update(is_active=False)
    Identity.objects.arrive(claims("grouped"), creates=True)
    person.refresh_from_db()
    assert person.is_administrator
    assert Event.objects.filter(kind="account.kept_administrator", data__person=str(person.pk)).count() == 1
    make_user(is_administrator=True)
    Identity.objects.arrive(claims("grouped"), creates=True)
    person.refresh_from_db()
    assert not person.is_administrator


def test_groups_that_the_provider_cannot_tell_stay_as_they_were():
    rule("it", "administrator")
    person = Identity.objects.arrive(claims("grouped", "it"), creates=True)
    unknown = Claims(
        issuer="https://login.example.org", subject="grouped", email=person.email, is_verified=True, groups=None
    )
    Identity.objects.arrive(unknown, creates=True)
    person.refresh_from_db()
    assert person.is_administrator


def test_rule_of_one_provider_says_nothing_about_another():
    rule("it", "administrator", issuer="https://other.example.org")
    assert not Identity.objects.arrive(claims("grouped", "it"), creates=True).is_administrator


def test_refusal_stores_no_groups():
    person = Identity.objects.arrive(claims("grouped", "a"), creates=True)
    User.objects.filter(pk=person.pk).update(is_active=False)
    with pytest.raises(NotLetIn):
        Identity.objects.arrive(claims("grouped", "b"), creates=True)
    assert person.identities.get().groups == ["a"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_parallel_sign_ins_of_one_person_never_show_fewer_rights():
    team, unit = make_team(), make_unit()
    rule("developers", "member", team=team)
    rule("heads", "manager", unit=unit)
    rule("it", "administrator")

    def arrive():
        person = Identity.objects.arrive(claims("grouped", "developers", "heads", "it"), creates=True)
        return person.is_administrator, sorted(person.memberships.values_list("role", flat=True))

    assert at_once(*[arrive] * 8) == [(True, ["manager", "member"])] * 8
    assert User.objects.filter(identities__subject="grouped").count() == 1
    assert Event.objects.filter(kind="account.added").count() == 1


# The page of rules


def test_administrator_adds_and_removes_rules_and_sees_what_they_give(client):
    team = make_team(name="Payments")
    Identity.objects.arrive(claims("grouped", "developers"), creates=True)
    client.force_login(User.objects.filter(is_administrator=True).first())
    address = reverse("account-groups")
    response = client.post(address, {"value": "developers", "role": "member", "team": team.pk})
    assert response["Location"] == address
    added = GroupRule.objects.get()
    assert Event.objects.get(kind="rule.added").data["given_team"] == str(team.pk)
    page = client.get(address).content.decode()
    assert "grouped@example.org" in page
    assert "Member, Payments" in page
    change = reverse("account-group", args=[added.pk])
    sent = {"value": "developers", "role": "lead", "team": team.pk}
    assert "developers" in client.get(change).content.decode()
    for _click in range(2):
        assert client.post(change, sent)["Location"] == address
    assert Event.objects.filter(kind="rule.added").count() == 2
    changed = GroupRule.objects.get()
    assert (changed.role, changed.issuer) == ("lead", added.issuer)
    # Whoever has the page of before open loses nothing, and overwrites nothing.
    late = client.post(change, sent | {"role": "viewer"})
    assert late.status_code == 409
    assert "Someone else changed or removed this rule" in late.content.decode()
    assert GroupRule.objects.get() == changed
    for _click in range(2):
        assert client.post(reverse("account-group-remove", args=[changed.pk]))["Location"] == address
    assert not GroupRule.objects.exists()
    assert Event.objects.filter(kind="rule.removed").count() == 2


def test_administrator_takes_an_identity_from_an_account(client, provider, settings):
    person = Identity.objects.arrive(claims("grouped"), creates=True)
    signed_in = Client()
    signed_in.force_login(person)
    client.force_login(User.objects.filter(is_administrator=True).first())
    assert "https://login.example.org" in client.get(reverse("account-edit", args=[person.pk])).content.decode()
    address = reverse("account-identity-remove", args=[person.pk, person.identities.get().pk])
    assert client.post(reverse("account-identity-remove", args=[make_user().pk, 1])).status_code == 404
    client.post(address)
    assert not person.identities.exists()
    assert not is_signed_in(signed_in)
    assert Event.objects.filter(kind="identity.removed").count() == 1
    # Somebody else at the provider can have it now.
    assert Identity.objects.arrive(claims("renewed", email=person.email), creates=False) == person


@pytest.mark.parametrize(
    "sent", [{"role": "manager"}, {"role": "lead"}, {"role": "owner"}, {"role": "administrator", "value": ""}]
)
def test_rule_without_what_it_needs_is_told_in_a_sentence(client, sent):
    client.force_login(User.objects.filter(is_administrator=True).first())
    response = client.post(reverse("account-groups"), {"value": "developers", **sent})
    assert response.status_code == 422
    assert not GroupRule.objects.exists()


def test_merged_unit_takes_its_rules_along():
    unit, other = make_unit(), make_unit()
    rule("heads", "manager", unit=unit)
    unit.merge_into(other, by=User.objects.filter(is_administrator=True).first())
    assert GroupRule.objects.get().unit == other


# Only by a provider


@pytest.fixture
def only(settings, provider):
    settings.OIDC_ONLY = True


def test_with_providers_only_no_password_lets_in(client, settings, provider):
    person = make_user(email=new_email(), password="correct horse battery", is_confirmed=True)
    link = urlsplit(person.set_password_link()).path
    settings.OIDC_ONLY = True
    assert urlsplit(person.set_password_link()).path == reverse("sign-in")
    assert 'type="password"' not in client.get(reverse("sign-in")).content.decode()
    client.post(reverse("sign-in"), {"email": person.email, "password": "correct horse battery"})
    assert not is_signed_in(client)
    assert client.get(reverse("password-reset")).status_code == 403
    assert client.get(link).status_code == 403
    client.post(link, {"password1": "another horse battery", "password2": "another horse battery"})
    assert not is_signed_in(client)
    person.refresh_from_db()
    assert person.check_password("correct horse battery")


def test_link_of_the_server_is_the_way_back_in_once(client, only, capsys):
    person = make_user(email=new_email(), is_administrator=True)
    call_command("link", person.email.upper())
    path = urlsplit(next(word for word in capsys.readouterr().out.split() if "://" in word)).path
    # Programs that look at links do not use it up.
    assert client.get(path).status_code == 200
    assert not is_signed_in(client)
    assert client.post(path)["Location"] == reverse("home")
    assert is_signed_in(client)
    assert Client().post(path).status_code == 410


@pytest.mark.parametrize("fields", [None, {"is_active": False}])
def test_link_for_nobody_is_refused(fields):
    email = make_user(**fields).email if fields else "nobody@example.org"
    with pytest.raises(CommandError):
        call_command("link", email)


# A proxy that knows who it is


@pytest.fixture
def behind_proxy(settings):
    settings.REMOTE_USER_HEADER = "HTTP_X_REMOTE_USER"
    settings.REMOTE_USER_CREATE = True
    settings.TRUSTED_PROXY = [ipaddress.ip_network("192.0.2.0/24")]


def visit(client, address, user, *, peer="192.0.2.1", **data):
    return client.get(address, data, headers={"x-remote-user": user}, REMOTE_ADDR=peer)


def test_person_named_by_the_proxy_is_signed_in(client, behind_proxy):
    person = make_user(email=new_email())
    response = visit(client, reverse("sign-in"), person.email.upper(), next="/teams/")
    assert response["Location"] == "/teams/"
    assert visit(client, reverse("account"), person.email).status_code == 200


def test_person_named_by_anyone_else_is_not(client, behind_proxy, settings):
    person = make_user(email=new_email())
    for peer in ("203.0.113.9", "127.0.0.1"):
        assert visit(client, reverse("sign-in"), person.email, peer=peer).status_code == 200
        assert visit(client, reverse("account"), person.email, peer=peer).status_code == 302
    settings.REMOTE_USER_HEADER = ""
    assert visit(client, reverse("sign-in"), person.email).status_code == 200


def test_who_is_new_to_the_proxy_gets_an_account_or_not(client, behind_proxy, settings):
    email = new_email()
    settings.REMOTE_USER_CREATE = False
    assert visit(client, reverse("sign-in"), email).status_code == 403
    assert not User.objects.filter(email=email).exists()
    settings.REMOTE_USER_CREATE = True
    assert visit(client, reverse("sign-in"), email).status_code == 302
    assert User.objects.filter(email=email).exists()


def test_session_ends_when_the_proxy_names_somebody_else(client, behind_proxy):
    one, other = make_user(email=new_email()), make_user(email=new_email())
    visit(client, reverse("sign-in"), one.email)
    response = visit(client, reverse("account"), other.email)
    assert response.status_code == 302
    assert visit(client, reverse("sign-in"), other.email).status_code == 302
    assert other.email in visit(client, reverse("account"), other.email).content.decode()


# What the environment says


@pytest.fixture
def environment(monkeypatch):
    def set_(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return sign_in_providers()

    return set_


def test_several_providers_are_read_from_the_environment(environment):
    first, second = environment(
        OIDC_ISSUER="https://login.example.org/realms/staff/",
        OIDC_CLIENT_ID="maturity",
        OIDC_2_ISSUER="http://127.0.0.1:9400",
        OIDC_2_CLIENT_ID="other",
        OIDC_2_NAME="Partners",
        OIDC_2_CREATE="0",
        OIDC_2_TRUST_EMAIL="1",
    )
    assert (first.number, first.issuer, first.name) == (
        1,
        "https://login.example.org/realms/staff",
        "login.example.org",
    )
    assert (first.creates, first.trusts_email, first.groups_claim) == (True, False, "groups")
    assert (second.number, second.name, second.creates, second.trusts_email) == (2, "Partners", False, True)


@pytest.mark.parametrize(
    "variables",
    [
        {"OIDC_ISSUER": "https://login.example.org"},
        {"OIDC_ISSUER": "http://login.example.org", "OIDC_CLIENT_ID": "x"},
        {"OIDC_ISSUER": "login.example.org", "OIDC_CLIENT_ID": "x"},
        {"OIDC_ISSUER": "https://[login", "OIDC_CLIENT_ID": "x"},
        {
            "OIDC_ISSUER": "https://a.example",
            "OIDC_CLIENT_ID": "x",
            "OIDC_2_ISSUER": "https://a.example/",
            "OIDC_2_CLIENT_ID": "x",
        },
    ],
)
def test_provider_that_cannot_be_right_stops_the_start_with_a_sentence(environment, variables):
    with pytest.raises(ImproperlyConfigured, match=r"^OIDC_.*: .+\.$"):
        environment(**variables)


@pytest.mark.parametrize("value", ["X Remote User", "Remote:User", "_REMOTE", "Ä"])
def test_name_of_a_header_is_checked(monkeypatch, value):
    monkeypatch.setenv("REMOTE_USER_HEADER", value)
    with pytest.raises(ImproperlyConfigured, match="REMOTE_USER_HEADER: "):
        env.header("REMOTE_USER_HEADER")


# What a provider may say


def told(provider_claims, **more):
    given = SignInProvider(
        number=1,
        issuer="https://login.example.org",
        client_id="x",
        client_secret="x",
        name="Company",
        groups_claim="realm.roles",
        creates=True,
        trusts_email=False,
    )
    return sso_client.claims_of(given, {"sub": "1", **provider_claims}, more)


def test_email_is_verified_only_if_all_that_name_it_agree():
    verified = {"email": "a@example.org", "email_verified": True}
    assert told(verified).is_verified
    assert told(verified, sub="1").is_verified
    assert told({"email_verified": True, "email": "b@example.org"}, email="a@example.org").is_verified is False
    assert told(verified, email="a@example.org", email_verified=False).is_verified is False
    assert told({"email_verified": True}).is_verified is False


def test_groups_are_found_inside_and_cut_to_what_is_sensible():
    assert told({"realm": {"roles": ["b", "a", "b", 7, "x" * 201]}}).groups == ["a", "b"]
    assert told({"realm.roles": "one"}).groups == ["one"]
    assert told({"realm": "text"}).groups == []
    assert told({"_claim_names": {"realm.roles": "src1"}}).groups is None
    assert len(told({"realm": {"roles": [str(number) for number in range(9000)]}}).groups) == sso_client.MOST_GROUPS


@pytest.mark.parametrize("subject", ["", None, 7, "x" * 256, ["1"]])
def test_subject_has_to_be_a_text(subject):
    with pytest.raises(ValueError):
        told({"sub": subject})
