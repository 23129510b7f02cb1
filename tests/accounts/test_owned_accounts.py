"""An account belongs to the owner of its email: not to the lead who made it, whatever rights it gets later."""

import re
from importlib import import_module

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client
from django.urls import reverse

from assessments.models import Membership, User
from assessments.models.refusals import AccountChanged
from assessments.outbox.sending import send_waiting

from ..factories import make_membership, make_team, make_unit, make_user
from .second_factors import signs_in_now

pytestmark = pytest.mark.django_db
LINK = re.compile(r"/password/set/\S+?/[^\s\"]+/")
MINE = "password-of-somebody-else"
NEW = {"email": "new@example.org", "name": "Nora"}


@pytest.fixture
def admin():
    return make_user(is_administrator=True)


def signed_in(user) -> Client:
    client = Client()
    signs_in_now(client, user)
    return client


def members_page(client, team) -> str:
    return client.post(f"/teams/{team.pk}/members/", {**NEW, "role": "member"}).content.decode()


class TestTheLinkOfANewAccount:
    """Anyone who has it owns the account."""

    @pytest.mark.parametrize("is_set_up", [True, False])
    def test_is_never_shown_to_a_lead(self, team, lead, settings, is_set_up):
        settings.MAIL_ENABLED = is_set_up
        page = members_page(signed_in(lead), team)
        assert not LINK.search(page)
        assert ("a link to set a password, to new@example.org" if is_set_up else "ask an administrator") in page
        send_waiting()
        assert [message.to for message in mail.outbox] == [["new@example.org"]] * is_set_up

    def test_goes_by_mail_alone_where_mail_is_set_up(self, team, admin, settings):
        settings.MAIL_ENABLED = True
        unit = make_unit()
        client = signed_in(admin)
        pages = [
            members_page(client, team),
            client.post("/accounts/new/", {"email": "two@example.org", "name": "Two"}).content.decode(),
            client.post(f"/units/{unit.pk}/managers/", {"email": "three@example.org"}).content.decode(),
            client.post(f"/accounts/{User.objects.get(email='two@example.org').pk}/link/").content.decode(),
        ]
        assert not [page for page in pages if LINK.search(page)]
        send_waiting()
        sent = [message.to[0] for message in mail.outbox if LINK.search(message.body)]
        assert sent == ["new@example.org", "two@example.org", "three@example.org"]

    def test_is_shown_to_administrators_without_mail(self, team, admin):
        client = signed_in(admin)
        page = members_page(client, team)
        assert Client().get(LINK.search(page)[0]).status_code == 200
        assert "No password yet" in client.get("/accounts/").content.decode()

    def test_that_was_used_says_who_owns_the_account(self, admin):
        user = make_user()
        path = LINK.search(user.set_password_link())[0]
        Client().post(path, {"password1": MINE, "password2": MINE})
        user.refresh_from_db()
        assert user.is_confirmed
        assert user.check_password(MINE)

    def test_a_password_that_is_changed_says_nothing_about_the_owner(self):
        user = make_user(password=MINE)
        new = {"password1": "another-one-of-mine", "password2": "another-one-of-mine"}
        signed_in(user).post("/account/password/", {"old": MINE, **new})
        user.refresh_from_db()
        assert user.check_password("another-one-of-mine")
        assert not user.is_confirmed


def promote_on_the_account_page(admin, user):
    fields = {"email": user.email, "name": user.name, "is_active": "on", "is_administrator": "on"}
    return signed_in(admin).post(f"/accounts/{user.pk}/", fields)


def promote_in_the_back_office(admin, user):
    fields = {"email": user.email, "name": user.name, "is_active": "on", "is_administrator": "on"}
    return signed_in(admin).post(reverse("admin:assessments_user_change", args=[user.pk]), fields)


def make_manager_on_the_page_of_the_unit(admin, user):
    return signed_in(admin).post(f"/units/{make_unit().pk}/managers/", {"email": user.email})


def make_manager_in_the_back_office(admin, user):
    fields = {"user": user.pk, "unit": make_unit().pk, "role": "manager"}
    return signed_in(admin).post(reverse("admin:assessments_membership_add"), fields)


GRANTS = [
    promote_on_the_account_page,
    promote_in_the_back_office,
    make_manager_on_the_page_of_the_unit,
    make_manager_in_the_back_office,
]


def has_more_rights(user) -> bool:
    return User.objects.get(pk=user.pk).is_administrator or user.memberships.filter(unit__isnull=False).exists()


@pytest.mark.parametrize("grant", GRANTS)
class TestMoreRights:
    def test_end_what_somebody_else_may_hold(self, admin, grant):
        """A password, a session and an open link, all from before the owner of the email was ever there."""
        user = make_user(password=MINE)
        session = signed_in(user)
        open_link = LINK.search(user.set_password_link())[0]
        assert session.get("/account/").status_code == 200
        assert session.get(open_link).status_code == 200

        grant(admin, user)

        assert has_more_rights(user)
        assert session.get("/account/").status_code == 302
        assert Client().get(open_link).status_code == 410
        assert not Client().login(username=user.email, password=MINE)

    def test_end_sessions_and_keep_the_password_of_a_confirmed_owner(self, admin, grant):
        user = make_user(password=MINE, is_confirmed=True)
        session = signed_in(user)
        grant(admin, user)
        assert has_more_rights(user)
        assert session.get("/account/").status_code == 302
        assert Client().login(username=user.email, password=MINE)


def test_who_proved_to_own_one_email_does_not_own_the_next(admin):
    """A lead adds an address of her own in somebody's name, sets its password, and waits for the correction."""
    hers = make_user(email="typo@example.org", password=MINE, is_confirmed=True)
    same = {"name": hers.name, "is_active": "on"}
    addresses = [f"/accounts/{hers.pk}/", reverse("admin:assessments_user_change", args=[hers.pk])]
    for seen, address in enumerate(addresses):
        User.objects.filter(pk=hers.pk).update(is_confirmed=True)
        changed = {**same, "email": f"owner{seen}@example.org", "revision": seen, "seen": seen}
        assert signed_in(admin).post(address, changed).status_code == 302
        assert not User.objects.get(email=changed["email"]).is_confirmed
    again = {**same, "email": "OWNER1@example.org", "revision": 2, "seen": 2}
    User.objects.filter(pk=hers.pk).update(is_confirmed=True)
    signed_in(admin).post(addresses[0], again)
    assert User.objects.get(email="OWNER1@example.org").is_confirmed

    both = {**same, "email": "boss@example.org", "is_administrator": "on", "revision": 3, "seen": 3}
    signed_in(admin).post(addresses[0], both)
    assert User.objects.get(email="boss@example.org").is_administrator
    assert not Client().login(username="boss@example.org", password=MINE)


def test_whose_password_has_ended_gets_a_link(admin, settings):
    user = make_user(password=MINE)
    page = promote_on_the_account_page(admin, user).content.decode()
    assert Client().get(LINK.search(page)[0]).status_code == 200
    other = make_user(password=MINE)
    settings.MAIL_ENABLED = True
    make_manager_on_the_page_of_the_unit(admin, other)
    send_waiting()
    assert [message.to for message in mail.outbox] == [[other.email]]


def test_an_administrator_who_becomes_a_manager_stays_signed_in(admin):
    client = signed_in(admin)
    client.post(f"/units/{make_unit().pk}/managers/", {"email": admin.email})
    assert admin.memberships.get().role == Membership.Role.MANAGER
    assert client.get("/account/").status_code == 200


def test_who_may_sign_in_again_as_an_administrator_begins_anew(admin):
    """Locked out, promoted meanwhile, let in again: the session of before is not taken up."""
    user = make_user(password=MINE)
    session = signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False, is_administrator=True)
    promote_on_the_account_page(admin, user)
    assert session.get("/account/").status_code == 302
    assert not Client().login(username=user.email, password=MINE)


def test_an_account_made_by_a_lead_is_not_the_leads_when_it_is_promoted(admin, team, lead, settings):
    """The whole attack: add an address, keep what the page answers, wait for the promotion, sign in."""
    settings.MAIL_ENABLED = True
    page = members_page(signed_in(lead), team)
    assert not LINK.search(page)
    victim = User.objects.get(email=NEW["email"])
    promote_on_the_account_page(admin, victim)
    send_waiting()
    assert [message.to for message in mail.outbox] == [["new@example.org"]]
    assert Client().post("/sign-in/", {"email": victim.email, "password": ""}).status_code == 200


class TestAPasswordThatIsChangedAtThatMoment:
    """Somebody who holds an account changes its password all the time, to have the last word when it is promoted."""

    @pytest.fixture
    def overtaken(self, admin, monkeypatch) -> list[User]:
        """The account is promoted after the present password was checked, and before the new one is stored."""
        promoted: list[User] = []
        check = User.set_password

        def be_overtaken(self, password):
            if not promoted:
                promoted.append(self)
                promote_on_the_account_page(admin, self)
            check(self, password)

        monkeypatch.setattr(User, "set_password", be_overtaken)
        return promoted

    def test_is_not_stored(self, admin, request):
        user = make_user(password=MINE)
        session = signed_in(user)
        overtaken = request.getfixturevalue("overtaken")
        fields = {"old": MINE, "password1": "mine-from-now-on", "password2": "mine-from-now-on"}
        page = session.post("/account/password/", fields)
        assert overtaken
        assert page.status_code == 409
        assert "changed a moment ago" in page.content.decode()
        assert has_more_rights(user)
        assert not Client().login(username=user.email, password="mine-from-now-on")
        assert session.get("/account/").status_code == 302

    def test_by_a_link_that_has_just_ended_is_not_stored(self, admin, request):
        user = make_user()
        path = LINK.search(user.set_password_link())[0]
        overtaken = request.getfixturevalue("overtaken")
        page = Client().post(path, {"password1": MINE, "password2": MINE})
        assert overtaken
        assert page.status_code == 409
        assert not Client().login(username=user.email, password=MINE)

    def test_by_one_link_at_the_same_time_is_stored_once(self):
        user = make_user()
        one, other = (User.objects.get(pk=user.pk) for _ in range(2))
        one.choose_password("the-first-of-two", by_link=True)
        with pytest.raises(AccountChanged):
            other.choose_password("the-second-of-two", by_link=True)
        assert Client().login(username=user.email, password="the-first-of-two")


class TestAccountsFromBefore:
    """Whoever made an account saw its link. What the journal says of that is kept with the account."""

    @pytest.fixture
    def confirmed(self):
        module = import_module("assessments.migrations.0006_confirmed_accounts")

        def names() -> set[str]:
            module.confirm_what_administrators_made(apps, None)
            return set(User.objects.filter(is_confirmed=True).values_list("name", flat=True))

        return names

    def test_are_confirmed_if_an_administrator_made_them(self, admin, team, lead, confirmed):
        team.add_member(email="a@example.org", name="By lead", role="member", by=lead)
        team.add_member(email="b@example.org", name="By administrator", role="member", by=admin)
        make_team().add_member(email="a@example.org", name="", role="member", by=admin)
        make_unit().add_manager(email="c@example.org", name="Manager", by=admin)
        User.objects.add(email="d@example.org", name="Added", is_administrator=False, by=admin)
        User.objects.add(email="e@example.org", name="Never used", is_administrator=False, by=admin)
        for user in User.objects.exclude(name="Never used"):
            user.set_password(MINE)
            user.save()
        make_user(name="Demo", is_demo=True)
        make_membership(team=team)
        assert confirmed() == {"By administrator", "Manager", "Added", "Demo"}

    def test_are_shown_to_administrators_until_a_link_was_used(self, admin):
        user = make_user(password=MINE)
        client = signed_in(admin)
        assert "Not confirmed" in client.get(f"/accounts/?q={user.email}").content.decode()
        assert "Not confirmed" in client.get(f"/accounts/{user.pk}/").content.decode()
        user.choose_password("one-by-its-owner", by_link=True)
        assert "not confirmed" not in client.get(f"/accounts/?q={user.email}").content.decode()
        assert "Not confirmed" not in client.get(f"/accounts/{user.pk}/").content.decode()

    def test_may_be_many(self, admin, confirmed):
        for n in range(30):
            User.objects.add(email=f"p{n}@example.org", name=f"P{n}", is_administrator=False, by=admin)
        User.objects.exclude(pk=admin.pk).update(password="pbkdf2_sha256$1$salt$hash")
        assert len(confirmed()) == 30
