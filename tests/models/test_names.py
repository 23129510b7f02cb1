"""Names are one line of letters that can be seen, whichever way they come in; so are emails."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from assessments.models import Invitation, Team, Unit, User
from assessments.models.names import plain_name, validate_visible

from .. import toy
from ..accounts.second_factors import signs_in_now
from ..factories import make_membership, make_team, make_unit, make_user

HOSTILE = {
    "line break": "Ada\r\nBcc: all@example.org",
    "line separator": "Ada\u2028Lovelace",
    "tab": "Ada\tLovelace",
    "next line": "Ada\x85Lovelace",
    "override": "Ada \u202eecalevoL",
    "isolate": "Ada \u2067Lovelace\u2069",
    "arabic mark": "Ada\u061c",
    "zero width": "A\u200bda",
    "joiner": "A\u2060da",
    "soft hyphen": "A\u00adda",
    "byte order": "\ufeffAda",
    "filler": "Ada\u3164",
    "braille blank": "A\u2800da",
    "tag": "Ada\U000e0041\U000e0042",
    "variation": "Ada\ufe0f",
    "grapheme joiner": "A\u034fda",
}
HOSTILE_CASES = [pytest.param(name, id=kind) for kind, name in HOSTILE.items()]


def is_plain(name: str) -> bool:
    """Said in other words than the code says it."""
    return (
        "\n" not in name
        and all(unicodedata.bidirectional(letter) not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI"} for letter in name)
        and all(letter.isprintable() for letter in name)
        and not set(name) & set("\u034f\u115f\u3164\u2800\ufe0f\uffa0")
    )


@pytest.mark.parametrize("name", HOSTILE_CASES)
def test_what_cannot_be_seen_goes(name):
    assert not is_plain(name)
    assert is_plain(plain_name(name))
    assert plain_name(name).startswith("A")


@pytest.mark.parametrize("name", ["Ada Lovelace", "Anja Kovač", "山田 太郎", "عمر", "O’Brien-Smith", "Node.js 🚀"])
def test_what_can_be_seen_stays(name):
    assert plain_name(name) == name


@given(st.text(max_size=60))
def test_a_plain_name_is_plain_and_stays_so(text):
    name = plain_name(text)
    assert plain_name(name) == name
    assert name == " ".join(name.split())
    assert not any(unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} for letter in name)


@pytest.mark.django_db
@pytest.mark.parametrize("name", HOSTILE_CASES)
class TestWhicheverWayItComes:
    @pytest.fixture
    def admin(self):
        return make_user(is_administrator=True)

    @pytest.fixture
    def client(self, admin):
        client = Client()
        signs_in_now(client, admin)
        return client

    def test_through_the_pages(self, client, admin, name):
        client.post("/units/new/", {"name": name, "parent": ""})
        unit = Unit.objects.get()
        client.post("/teams/new/", {"name": name, "about": name, "unit": unit.pk, "time_zone": "UTC"})
        team = Team.objects.get()
        client.post(f"/teams/{team.pk}/members/", {"email": "a@example.org", "name": name, "role": "lead"})
        client.post("/accounts/new/", {"email": "b@example.org", "name": name})
        client.post("/account/", {"name": name})
        names = [unit.name, team.name, team.about, *User.objects.values_list("name", flat=True)]
        assert len(names) == 6
        assert set(names) == {plain_name(name)}

    def test_as_a_guest(self, admin, name):
        assessment = toy.start(team=make_team(), by=admin)
        token = assessment.share(by=admin)
        pledge = Client().get(reverse("link", args=[token])).context["form"].initial["pledge"]
        Client().post(reverse("link-accept", args=[token]), {"name": name, "pledge": pledge})
        assert Invitation.objects.get(is_shared=False).name == plain_name(name)

    def test_by_any_other_way(self, admin, name):
        """The advanced admin, commands, many rows at once."""
        Unit.objects.bulk_create([Unit(name=name)])
        User.objects.filter(pk=admin.pk).update(name=name)
        assert Unit.objects.get().name == User.objects.get(pk=admin.pk).name == plain_name(name)


@pytest.mark.django_db
class TestTwoThatLookTheSame:
    def test_are_one_name(self):
        client, unit = Client(), make_unit(name="Shop")
        client.force_login(make_user(is_administrator=True))
        make_team(unit=unit, name="Search")
        page = client.post("/teams/new/", {"name": "Se\u200barch", "unit": unit.pk, "time_zone": "UTC"})
        assert "This unit already has a team with this name." in page.content.decode()
        assert "A unit with this name" in client.post("/units/new/", {"name": "\u202dShop"}).content.decode()

    def test_a_name_of_nothing_is_none(self):
        client = Client()
        client.force_login(make_user(is_administrator=True))
        page = client.post("/units/new/", {"name": "\u3164\u200b", "parent": ""}).content.decode()
        assert "required" in page or "cannot be blank" in page
        assert not Unit.objects.exists()

    @pytest.mark.parametrize("email", ["ada@exam\u200bple.org", "ada@example.org\u2060", "ada@ex\u00adample.org"])
    def test_an_email_with_more_than_can_be_seen_is_refused(self, team, lead, email):
        """A mail server leaves these letters out: two accounts, or two people who are asked, with one mailbox."""
        with pytest.raises(ValidationError):
            validate_visible(email)
        client = Client()
        client.force_login(lead)
        page = client.post(f"/teams/{team.pk}/members/", {"email": email, "role": "member"}).content.decode()
        assert "invisible character" in page
        assert team.memberships.count() == 1
        make_membership(team=team)
        assessment = toy.start(team=team, by=lead)
        page = client.post(f"/assessments/{assessment.pk}/invite/", {"addresses": email})
        assert page.status_code == 422
        client.force_login(make_user(is_administrator=True))
        page = client.post("/accounts/new/", {"email": email, "name": "Ada"}).content.decode()
        assert "invisible character" in page
