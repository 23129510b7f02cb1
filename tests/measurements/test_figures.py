"""The page of a team's figures: one by hand, several as lines, correcting, removing, exporting."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from assessments.measurements import definitions
from assessments.measurements.reading import read_month, read_value
from assessments.models import Conflict, Event, Measured, Measurement

from .. import toy
from ..factories import make_membership, make_team
from .making import record

pytestmark = pytest.mark.django_db

METRICS = {metric.key: metric for metric in definitions.BUILT_IN}
BLOCK = [
    {"key": "pace", "name": "Pace", "kind": "choice", "ask": "How fast?", "values": {"1": "slow", "2": "fast"}},
    {"key": "rework", "name": "Rework", "kind": "percent", "ask": "What share is rework?"},
]


@pytest.fixture
def lead():
    return make_membership(team=make_team(name="Search"), role="lead")


@pytest.fixture
def page(lead, client):
    client.force_login(lead.user)
    return f"/teams/{lead.team.pk}/figures/"


def values(team) -> list[tuple[str, str, Decimal]]:
    rows = team.measurements.order_by("metric", "month")
    return [(row.metric, f"{row.month:%Y-%m}", row.value) for row in rows]


class TestReading:
    @pytest.mark.parametrize("text", ["2026-10", "2026-10-31", " 2026-10 "])
    def test_months(self, text):
        assert read_month(text, today=datetime.date(2026, 10, 1)) == datetime.date(2026, 10, 1)

    @pytest.mark.parametrize("text", ["", "2026-13", "10/2026", "October", "2026-11", "1999-12", "0000-01"])
    def test_no_months(self, text):
        with pytest.raises(ValidationError):
            read_month(text, today=datetime.date(2026, 10, 31))

    @pytest.mark.parametrize(
        ("text", "value"), [("52", "52"), ("12,5", "12.5"), ("12.5 %", "12.5"), ("0", "0"), ("1.23456", "1.235")]
    )
    def test_values(self, text, value):
        assert read_value(text, METRICS["change-failure-rate"]) == Decimal(value)

    @pytest.mark.parametrize("text", ["", "-1", "101", "NaN", "Infinity", "1e3", "1,234.5", "a", "٣", "1" * 40])
    def test_no_values(self, text):
        with pytest.raises(ValidationError):
            read_value(text, METRICS["change-failure-rate"])


class TestBands:
    @pytest.mark.parametrize(
        ("metric", "value", "band"),
        [
            ("lead-time", "23.9", "Elite"),
            ("lead-time", "24", "High"),
            ("lead-time", "168", "High"),
            ("lead-time", "168.1", "Medium"),
            ("lead-time", "731", "Low"),
            ("deployment-frequency", "31", "Elite"),
            ("deployment-frequency", "30", "High"),
            ("deployment-frequency", "4", "High"),
            ("deployment-frequency", "1", "Medium"),
            ("deployment-frequency", "0", "Low"),
            ("change-failure-rate", "5", "Elite"),
            ("change-failure-rate", "15.1", "Low"),
            ("recovery-time", "1", "High"),
            ("recovery-time", "24", "Medium"),
        ],
    )
    def test_the_limit_of_the_better_band_decides(self, metric, value, band):
        assert METRICS[metric].band_of(Decimal(value)).name == band

    def test_no_band_is_made_up_for_reliability(self):
        assert METRICS["reliability"].band_of(Decimal(99)) is None


class TestByHand:
    def test_a_value_is_stored_with_who_and_when(self, client, page, lead):
        sent = {"metric": "lead-time", "month": "2026-01", "value": "52,5", "link": "example.org/board", "revision": 0}
        assert client.post(page, sent).status_code == 302
        row = Measurement.objects.get()
        assert (row.value, row.link, row.by) == (Decimal("52.5"), "https://example.org/board", lead.user)
        assert (row.source, row.framework, row.at.date() >= datetime.date(2026, 1, 1)) == ("hand", None, True)
        assert "52.5 hours" in client.get(page).content.decode()
        assert "High: a day to a week" in client.get(page).content.decode()

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"value": "fast"}, "Write the value as a number"),
            ({"month": "2026"}, "Write the month as year and month"),
            ({"month": "2999-01"}, "This month has not begun yet."),
            ({"value": "-3"}, "The value cannot be negative."),
            ({"link": "javascript:alert(1)"}, "Enter a link"),
            ({"metric": "nonsense"}, "Select a valid choice"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_lost(self, client, page, wrong, sentence):
        sent = {"metric": "lead-time", "month": "2026-01", "value": "52", "link": "https://example.org/kept", **wrong}
        response = client.post(page, sent)
        assert response.status_code == 422
        content = response.content.decode()
        assert sentence in content
        assert (wrong.get("link") or "https://example.org/kept") in content
        assert not Measurement.objects.exists()

    def test_a_correction_replaces_it_and_stands_in_the_journal(self, client, page, lead):
        record(lead.team, "lead-time", "2026-01", "52", by=lead.user)
        chosen = client.get(f"{page}?metric=lead-time&month=2026-01").content.decode()
        assert 'value="52"' in chosen
        assert "Correct a value" in chosen
        sent = {"metric": "lead-time", "month": "2026-01", "value": "40", "link": "", "revision": 1}
        assert client.post(page, sent).status_code == 302
        assert values(lead.team) == [("lead-time", "2026-01", 40)]
        event = Event.objects.get(kind="measurement.corrected")
        assert event.data == {"metric": "lead-time", "month": "2026-01", "value": "40.000", "before": "52.000"}

    def test_the_same_again_changes_nothing(self, lead):
        for _ in range(2):
            record(lead.team, "lead-time", "2026-01", "52", by=lead.user)
        assert Event.objects.filter(kind__startswith="measurement").count() == 1

    def test_removing_is_in_the_journal(self, client, page, lead):
        row = record(lead.team, "lead-time", "2026-01", "52", by=lead.user)
        assert client.post(f"{page}{row.pk}/remove/", {"revision": 7}).status_code == 409
        assert client.post(f"{page}{row.pk}/remove/", {"revision": 1}).status_code == 302
        assert not Measurement.objects.exists()
        assert Event.objects.get(kind="measurement.removed").data["value"] == "52.000"

    @pytest.mark.parametrize("asked", ["metric=a/b/c&month=2026-01", "month=x", "metric=x"])
    def test_an_address_that_means_no_value_offers_a_new_one(self, client, page, asked):
        response = client.get(f"{page}?{asked}")
        assert response.status_code == 200
        assert "Enter a value" in response.content.decode()

    def test_a_figure_of_another_team_cannot_be_removed_here(self, client, page, lead):
        other = make_membership(team=make_team(), role="lead")
        row = record(other.team, "lead-time", "2026-01", "52", by=other.user)
        assert client.post(f"{page}{row.pk}/remove/", {"revision": 1}).status_code == 404


class TestOfAFramework:
    @pytest.fixture
    def edition(self, lead):
        edition = toy.make_edition(key="toy", blocks={"metrics": BLOCK})
        toy.start(team=lead.team, by=lead.user, edition=edition)
        return edition

    def test_its_metrics_are_offered_with_their_answers(self, client, page, edition):
        sent = {"metric": "toy/pace", "month": "2026-01", "value": "2", "link": ""}
        assert client.post(page, sent).status_code == 302
        content = client.get(page).content.decode()
        assert "Pace (Toy)" in content
        assert "2: fast" in content

    def test_another_number_is_no_answer(self, client, page, edition):
        response = client.post(page, {"metric": "toy/pace", "month": "2026-01", "value": "1.5", "link": ""})
        assert "1: slow; 2: fast" in response.content.decode()

    def test_what_it_no_longer_has_is_shown_under_its_key(self, client, page, lead, edition):
        record(lead.team, "gone", "2026-01", "3", by=lead.user, framework=edition.framework)
        assert "gone (Toy)" in client.get(page).content.decode()

    def test_only_of_frameworks_that_the_team_uses(self, client, page):
        toy.make_edition(key="other", blocks={"metrics": BLOCK})
        assert "other/pace" not in client.get(page).content.decode()


class TestLines:
    def add(self, client, page, text, **more):
        return client.post(f"{page}add/", {"text": text, **more})

    def confirm(self, client, page, text):
        preview = self.add(client, page, text)
        seen = preview.context["form"].initial["seen"]
        return self.add(client, page, text, seen=seen, confirm="yes")

    def test_the_preview_says_what_each_line_does_and_stores_nothing(self, client, page, lead):
        record(lead.team, "lead-time", "2026-01", "60", by=lead.user)
        record(lead.team, "lead-time", "2026-02", "50", by=lead.user)
        text = "lead-time\t2026-01\t52\nlead-time\t2026-02\t50\nreliability\t2026-01\t99.9\nreliability\t2026-13\t9"
        response = self.add(client, page, text)
        kinds = [(line.number, line.kind) for line in response.context["plan"].lines]
        assert kinds == [(1, "change"), (2, "known"), (3, "new"), (4, "problem")]
        assert response.status_code == 422
        assert "Replaces 60 hours." in response.content.decode()
        assert Measurement.objects.count() == 2

    def test_good_lines_are_saved_and_bad_ones_stay_in_the_form(self, client, page, lead):
        text = "metric,month,value\nlead-time,2026-01,52\nlead-time,soon,4\nspeed,2026-01,4"
        response = self.confirm(client, page, text)
        assert response.status_code == 422
        assert values(lead.team) == [("lead-time", "2026-01", 52)]
        form = response.context["form"]
        assert form.initial["text"] == "metric,month,value\nlead-time,soon,4\nspeed,2026-01,4"
        assert "“speed” is not a metric of this team" in response.content.decode()

    def test_all_good_leads_to_the_page(self, client, page, lead):
        text = "value;month;metric;comment\n52;2026-01;Lead time for changes;Good.\n12,5;2026-01;change-failure-rate;"
        assert self.confirm(client, page, text).status_code == 302
        assert values(lead.team) == [
            ("change-failure-rate", "2026-01", Decimal("12.5")),
            ("lead-time", "2026-01", 52),
        ]
        assert set(Measurement.objects.values_list("source", flat=True)) == {"file"}
        assert Event.objects.filter(kind="measurement.recorded").count() == 2

    def test_two_lines_for_one_month_are_not_decided_by_chance(self, client, page, lead):
        response = self.add(client, page, "lead-time,2026-01,52\nlead-time,2026-01,53\nlead-time,2026-01,52")
        assert [line.kind for line in response.context["plan"].lines] == ["new", "problem", "known"]

    def test_what_changed_since_the_preview_is_asked_again(self, client, page, lead):
        text = "lead-time,2026-01,52"
        seen = self.add(client, page, text).context["form"].initial["seen"]
        record(lead.team, "lead-time", "2026-01", "60", by=lead.user)
        assert self.add(client, page, text, seen=seen, confirm="yes").status_code == 409
        assert values(lead.team) == [("lead-time", "2026-01", 60)]

    def test_a_file_in_the_encoding_of_a_spreadsheet(self, client, page):
        file = SimpleUploadedFile("figures.csv", "metric;month;value\nlead-time;2026-01;1,5\n".encode("utf-16"))
        response = client.post(f"{page}add/", {"file": file})
        assert [line.kind for line in response.context["plan"].lines] == ["new"]

    @pytest.mark.parametrize("end", ["\n", "\x0b"])
    def test_too_many_lines(self, client, page, end):
        response = self.add(client, page, f"lead-time,2026-01,1{end}" * 2_001)
        assert "more than 2000 lines" in response.content.decode()
        assert response.context["plan"] is None

    def test_no_text_and_no_file(self, client, page):
        assert "Paste at least one line" in self.add(client, page, " \n").content.decode()
        file = SimpleUploadedFile("figures.csv", b"\x00\x01\x02")
        assert "is not text" in client.post(f"{page}add/", {"file": file}).content.decode()

    def test_the_export_comes_in_again_and_changes_nothing(self, client, page, lead):
        record(lead.team, "lead-time", "2026-01", "52", by=lead.user, link="https://example.org/?a=1,2")
        record(lead.team, "reliability", "2026-02", "99.95", by=lead.user)
        exported = b"".join(client.get(f"{page}export/").streaming_content)
        response = client.post(f"{page}add/", {"file": SimpleUploadedFile("figures.csv", exported)})
        assert [line.kind for line in response.context["plan"].lines] == ["known", "known"]

    def test_many_lines_are_one_transaction_of_few_statements(self, lead, django_assert_max_num_queries):
        months = [datetime.date(2000 + n // 12, n % 12 + 1, 1) for n in range(300)]
        wanted = [Measured(framework=None, metric="lead-time", month=month, value=Decimal(1)) for month in months]
        # SQLite takes so many values in one statement only.
        with django_assert_max_num_queries(16):
            assert Measurement.objects.record_many(wanted, team=lead.team, by=lead.user, source="file") == 300


class TestInTheDatabase:
    def test_one_value_a_month_whatever_way_it_comes(self, lead):
        row = record(lead.team, "lead-time", "2026-01", "52", by=lead.user)
        row.pk = None
        row._state.adding = True
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()

    def test_a_month_is_its_first_day(self):
        with pytest.raises(ValueError, match="first day"):
            Measured(framework=None, metric="lead-time", month=datetime.date(2026, 1, 2), value=Decimal(52))

    def test_a_stale_page_meets_a_conflict(self, lead):
        record(lead.team, "lead-time", "2026-01", "52", by=lead.user)
        with pytest.raises(Conflict):
            record(lead.team, "lead-time", "2026-01", "53", by=lead.user)


def test_a_merged_team_hands_its_figures_over_where_the_other_has_none(lead):
    other = make_membership(team=make_team(), role="lead")
    record(lead.team, "lead-time", "2026-01", "52", by=lead.user)
    record(lead.team, "lead-time", "2026-02", "50", by=lead.user)
    record(other.team, "lead-time", "2026-01", "10", by=other.user)
    lead.team.merge_into(other.team, by=lead.user)
    assert values(other.team) == [("lead-time", "2026-01", 10), ("lead-time", "2026-02", 50)]
