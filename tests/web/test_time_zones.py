"""A time zone is chosen by typing a city; the usual ones come first."""

from zoneinfo import available_timezones

import pytest

from assessments.models import Team
from assessments.web.time_zones import REGIONS, USUAL, matching, offered

from ..factories import make_unit, make_user


def test_about_forty_usual_ones_come_first_and_every_place_once():
    zones = offered()
    assert 35 <= len(USUAL) <= 45
    assert zones[: len(USUAL)] == USUAL
    assert len(zones) == len(set(zones))
    assert set(zones) <= available_timezones()
    assert {zone for zone in available_timezones() if zone.split("/")[0] in REGIONS and "/" in zone} <= set(zones)


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("  New  York ", "America/New_York"),
        ("kathmandu", "Asia/Kathmandu"),
        ("Auckl", "Pacific/Auckland"),
        ("UTC", "UTC"),
        # An old name that may be stored.
        ("US/Eastern", "US/Eastern"),
    ],
)
def test_a_city_or_a_part_of_it_is_enough(words, zone):
    assert matching(words) == [zone]


@pytest.mark.django_db
class TestForm:
    @pytest.fixture
    def post(self, client):
        client.force_login(make_user(is_administrator=True))
        unit = make_unit()
        return lambda zone: client.post("/teams/new/", {"name": "Search", "unit": unit.pk, "time_zone": zone})

    def test_the_full_name_is_stored(self, post):
        assert post("tokyo").status_code == 302
        assert Team.objects.get().time_zone == "Asia/Tokyo"

    @pytest.mark.parametrize(
        ("zone", "words"),
        [("america", "Several time zones match"), ("Atlantis", "No time zone is called"), ("", "required")],
    )
    def test_what_is_not_one_zone_gets_a_sentence_and_stays_as_typed(self, post, zone, words):
        response = post(zone)
        assert response.status_code == 422
        assert words in response.content.decode()
        assert not zone or f'value="{zone}"' in response.content.decode()
        assert not Team.objects.exists()

    def test_without_script_the_browser_has_the_list(self, post):
        page = post("x" * 70).content.decode()
        assert 'list="time_zone-offered"' in page
        assert page.index('<option value="Europe/Berlin">') < page.index('<option value="Africa/Abidjan">')
