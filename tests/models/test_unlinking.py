"""Once anonymous answering has ended, neither a row nor a byte of the database leads from an answer to a person."""

import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from assessments.models import (
    Assessment,
    Guest,
    Invitation,
    InvitationLink,
    Participation,
    Rating,
    Respondent,
    unlinking,
)
from assessments.models.participation import new_token

from .. import toy
from ..factories import make_membership, make_team, make_user

pytestmark = pytest.mark.slow

#: x1 and x2 have enough votes of people who count, y1 only with those who came by the shared link, y2 has three.
CODES = ["F L - - F F - -", "L F - - F L - -", "N F - - F P - -", "F P - - - - - -"]
SHARED = ["F F - - N - - -", "L L - - P - - -"]
MODELS = [Respondent, Rating, Participation, Invitation, InvitationLink]


def wait_until_cleared(assessment: Assessment) -> None:
    """On a busy server another transaction can delay it; then `send_due` does it within moments."""
    until = time.monotonic() + 120
    while Assessment.objects.get(pk=assessment.pk).has_traces:
        assert time.monotonic() < until
        call_command("send_due")


def wait_until_counted_as_gone() -> None:
    """Until PostgreSQL counts no dead rows: on a busy server its counts come later than what they count."""
    until = time.monotonic() + 120
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_user_tables WHERE n_dead_tup > 0 AND relid = ANY(%s::regclass[])",
                [unlinking.TABLES],
            )
            if cursor.fetchone() == (0,):
                return
        assert time.monotonic() < until


def answered() -> Assessment:
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    members = [lead, *(make_membership(team=team, role="member").user for _ in range(3))]
    assessment = toy.start(team=team, by=lead, anonymous=True)
    guests = [toy.member_by_link(assessment, user) for user in members]
    shared = Invitation.objects.genuine(assessment.share(by=lead))
    for _ in SHARED:
        token = new_token()
        guests.append(Guest(assessment.enter(shared, token=token), token))
    symptoms = assessment.edition.contents.symptoms
    for n, (guest, codes) in enumerate(zip(guests, CODES + SHARED, strict=True)):
        toy.rate(assessment, guest, codes, page=f"page-{n}")
        assessment.save_symptoms(by=guest, answers={symptoms[0]: True, symptoms[1]: True if n > 1 else None})
    return assessment


@pytest.mark.django_db
class TestRows:
    def test_what_fewer_than_four_people_who_count_have_said_is_gone(self):
        assessment = answered()
        assessment.end_answering(by=assessment.created_by)
        kept = {"x1", "x2"}
        assert set(assessment.ratings.values_list("criterion__key", flat=True)) == kept
        assert {symptom.key for symptom, *_ in assessment.symptoms_found()} == {"s1"}
        assert {key for said in assessment.counting_votes() for key in said} == kept
        assert len(assessment.counting_votes()) == 6

    def test_nothing_is_left_of_whom_it_is_counted_for(self):
        assessment = answered()
        assert sorted(assessment.respondents.values_list("counts", flat=True)) == [False] * 2 + [True] * 4
        assessment.end_answering(by=assessment.created_by)
        assert set(assessment.respondents.values_list("counts", "secret_hash", "user", "invitation")) == {
            (True, None, None, None)
        }
        assert set(InvitationLink.objects.values_list("opening_key", "sealed")) == {("", "")}

    def test_closing_without_a_review_does_the_same_and_freezes_the_same(self):
        ended, closed = answered(), answered()
        ended.end_answering(by=ended.created_by)
        results = [each.close(by=each.created_by) for each in (ended, closed)]
        told = [sorted(result.criteria.values_list("key", "rating", "blocker")) for result in results]
        assert told[0] == told[1]
        assert [result.respondents for result in results] == [6, 6]

    def test_people_keep_their_state_and_their_links(self):
        assessment = answered()

        def stored():
            links = InvitationLink.objects.order_by("pk").values_list("pk", "token_hash")
            return list(links), list(assessment.participations.order_by("pk").values())

        before = stored()
        assessment.end_answering(by=assessment.created_by)
        assert stored() == before


@pytest.mark.django_db(transaction=True)
class TestWhatIsLeft:
    def test_ending_clears_it_at_once(self):
        assessment = answered()
        assessment.end_answering(by=assessment.created_by)
        assessment.refresh_from_db()
        assert not assessment.has_traces

    @pytest.mark.parametrize("pooler", [False, True])
    def test_nothing_is_set_on_a_connection_that_a_pooler_gives_to_somebody_else(self, pooler, monkeypatch):
        assessment = answered()
        monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", pooler)
        with CaptureQueriesContext(connection) as queries:
            assessment.end_answering(by=assessment.created_by)
        said = [query["sql"] for query in queries if query["sql"].startswith(("SET ", "RESET "))]
        assert bool(said) == (connection.vendor == "postgresql" and not pooler), said
        assessment.refresh_from_db()
        assert not assessment.has_traces

    def test_a_named_assessment_leaves_nothing_to_clear(self, django_assert_num_queries):
        assessment = toy.start(team=make_team(), by=make_user())
        toy.rate(assessment, make_membership(team=assessment.team).user, "F F F F F F F F")
        assessment.end_answering(by=assessment.created_by)
        with django_assert_num_queries(1):
            assert unlinking.clear_traces(Assessment.objects.all())

    def test_somebody_who_still_reads_from_before_delays_it_and_the_mail_service_repeats_it(self, settings):
        settings.MAIL_ENABLED = False
        assessment = answered()
        reader = connections.create_connection("default")
        try:
            cursor = reader.cursor()
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ" if connection.vendor == "postgresql" else "BEGIN")
            cursor.execute("SELECT count(*) FROM assessments_rating")
            assessment.end_answering(by=assessment.created_by)
            assessment.refresh_from_db()
            assert assessment.has_traces
            call_command("send_due")
            assessment.refresh_from_db()
            assert assessment.has_traces
            cursor.execute("COMMIT")
        finally:
            reader.close()
        call_command("send_due")
        assessment.refresh_from_db()
        assert not assessment.has_traces

    def test_no_byte_of_it_is_in_the_files_of_sqlite_or_in_dead_rows_of_postgresql(self):
        assessment = answered()
        secrets = list(assessment.respondents.values_list("secret_hash", flat=True))
        ids = [pk.hex for pk in assessment.respondents.values_list("pk", flat=True)]
        assessment.end_answering(by=assessment.created_by)
        wait_until_cleared(assessment)
        if connection.vendor == "sqlite":
            path = Path(connection.settings_dict["NAME"])
            content = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
            assert not [each for each in secrets + ids if each.encode() in content]
            assert assessment.respondents.first().pk.hex.encode() in content
            return
        wait_until_counted_as_gone()
        with connection.cursor() as cursor:
            for model in MODELS:
                cursor.execute(f"SELECT count(DISTINCT xmin::text) FROM {model._meta.db_table}")
                assert cursor.fetchone() == (1,)
