"""The demo organisation is open to anyone: only while there is nothing else, and its accounts only together with it."""

import pytest
from django.core import mail
from django.test import Client

from assessments.models import User
from assessments.models.accounts import LastAdministrator
from assessments.outbox.sending import send_waiting

from ..factories import make_team, make_user
from .second_factors import signs_in_now

pytestmark = pytest.mark.django_db
PASSWORD = "set-for-a-demo-account"


@pytest.fixture
def demo(settings):
    settings.DEMO = True
    return make_user(is_demo=True, is_administrator=True, password=PASSWORD, is_confirmed=True)


def sign_in_by_one_click(user) -> int:
    return Client().post("/sign-in/demo/", {"email": user.email}).status_code


class TestOneClick:
    def test_signs_in_to_the_demo_organisation(self, demo):
        client = Client()
        assert demo.email in client.get("/sign-in/").content.decode()
        assert client.post("/sign-in/demo/", {"email": demo.email}).status_code == 302
        assert client.get("/account/").status_code == 200

    def test_is_not_there_without_demo(self, demo, settings):
        settings.DEMO = False
        assert demo.email not in Client().get("/sign-in/").content.decode()
        assert sign_in_by_one_click(demo) == 404

    @pytest.mark.parametrize("make", [make_user, make_team])
    def test_ends_at_the_first_real_team_or_account(self, demo, make):
        assert sign_in_by_one_click(demo) == 302
        real = make()
        page = Client().get("/sign-in/").content.decode()
        assert demo.email not in page
        assert "one-click sign-in is off" in page
        assert sign_in_by_one_click(demo) == 404
        real.delete()
        assert sign_in_by_one_click(demo) == 302

    def test_ends_when_somebody_adds_a_member_in_the_demo(self, demo):
        client, team = Client(), make_team(is_demo=True)
        client.post("/sign-in/demo/", {"email": demo.email})
        client.post(f"/teams/{team.pk}/members/", {"email": "real@example.org", "role": "member"})
        assert User.objects.filter(email="real@example.org", is_demo=False).exists()
        assert sign_in_by_one_click(demo) == 404

    def test_lets_nobody_in_as_a_real_account(self, demo):
        assert sign_in_by_one_click(make_user()) == 404

    def test_lets_nobody_in_who_is_locked_out(self, demo):
        User.objects.filter(pk=demo.pk).update(is_active=False)
        assert sign_in_by_one_click(demo) == 404


class TestWithoutDemo:
    """Whatever was done to a demo account, it stays shut."""

    @pytest.fixture
    def admin(self):
        return make_user(is_administrator=True)

    @pytest.fixture
    def session(self, demo, settings) -> Client:
        """Signed in while the demo organisation was served."""
        client = Client()
        client.force_login(demo)
        assert client.get("/account/").status_code == 200
        settings.DEMO = False
        return client

    def test_its_session_ends(self, session):
        assert session.get("/account/").status_code == 302
        assert session.get("/admin/").status_code == 302

    def test_its_password_does_not_let_in(self, demo, session):
        response = Client().post("/sign-in/", {"email": demo.email, "password": PASSWORD})
        assert "match an account that can sign in" in response.content.decode()

    def test_its_links_lead_nowhere(self, demo, session, settings):
        path = demo.set_password_link().removeprefix(settings.SITE_URL)
        client = Client()
        assert client.post(path, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 410
        assert client.get("/account/").status_code == 302

    def test_nothing_is_mailed_to_it(self, demo, session, settings):
        settings.MAIL_ENABLED = True
        assert Client().post("/password/reset/", {"email": demo.email}).status_code == 200
        assert demo.hand_over_link(shown_to=demo) == ""
        send_waiting()
        assert mail.outbox == []

    def test_no_change_of_the_account_opens_it(self, demo, session, admin):
        client = Client()
        signs_in_now(client, admin)
        fields = {"email": "renamed@example.org", "name": "Real", "is_active": "on", "is_administrator": "on"}
        # The email is another one, so the account loses its password, and the page shows a link to set a new one.
        assert client.post(f"/accounts/{demo.pk}/", fields).status_code == 200
        demo.refresh_from_db()
        assert (demo.email, demo.is_administrator) == ("renamed@example.org", True)
        demo.choose_password(PASSWORD, by_link=True)
        assert not Client().login(username="renamed@example.org", password=PASSWORD)

    def test_it_is_not_the_other_administrator_who_may_sign_in(self, demo, session, admin):
        with pytest.raises(LastAdministrator):
            admin.change_account(by=admin, seen=None, is_administrator=False)
