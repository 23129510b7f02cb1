"""The journal: appended to, never changed; ids and codes only."""

import datetime
import re

import pytest
from django.db import transaction

from assessments.models import Answer, Event, Round, Team, Unit, User

from .. import toy
from ..factories import make_membership, make_team, make_unit, make_user

pytestmark = pytest.mark.django_db

#: What may stand in an event: an id, a code, a number, a date, the moment of an earlier event, a version.
ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CODE = r"[a-z][a-z0-9_.-]{0,39}"
DATE = r"\d{4}-\d\d-\d\d"
MOMENT = DATE + r"T\d\d:\d\d:\d\d(\.\d+)?\+00:00"
ALLOWED = re.compile(f"{ID}|{CODE}|{DATE}|{MOMENT}")
#: Names, addresses and free text, none of which could be mistaken for a code.
PRIVATE = ["Zenobia Quark", "zenobia@Example.org", "Team Nightingale", "Unit Albatross", "The reason is private."]


def a_whole_life():
    """Everything that is recorded, done once, with names and texts that would be seen in the journal."""
    name, address, team_name, unit_name, text = PRIVATE
    admin = make_user(is_administrator=True, name="Admin Istrator")
    unit = Unit.objects.create(name=unit_name)
    team = Team.objects.create(unit=unit, name=team_name, about=text)
    lead = make_membership(team=team, role="lead").user
    membership = team.add_member(email=address, name=name, role="viewer", by=lead)
    person = User.objects.get(pk=membership.user_id)
    team.change_role(membership, "member", by=lead, seen=0)
    assessment = toy.start(team=team, by=lead)
    criterion = assessment.criteria_asked()[0]
    answer = Answer(code="F", comment=text, evidence="https://example.org/zenobia")
    assessment.save_rating(by=person, criterion=criterion, answer=answer, mark=toy.mark())
    assessment.submit(by=person)
    assessment.set_due(datetime.date(2026, 12, 24), by=lead, seen=None)
    assessment.close(by=lead)
    assessment.reopen(by=lead, reason=text)
    assessment.close(by=lead)
    toy.start(team=team, by=lead, edition=toy.make_edition()).discard(by=lead)
    today = datetime.date.today()
    terms = {"unit": unit, "edition": assessment.edition, "opens": today, "due": today, "message": text}
    round_ = Round.objects.draft(by=admin, name=team_name, **terms)
    round_.change(by=admin, seen=None, message=name)
    round_.start(by=admin, teams=[team])
    round_ = Round.objects.get()
    round_.resume()
    round_.remind(by=admin)
    round_.extend(today + datetime.timedelta(days=3), by=admin)
    round_.close(by=admin)
    Round.objects.draft(by=admin, name=team_name, **terms).discard(by=admin)
    unit.add_manager(email="other@example.org", name=name, by=admin)
    team.remove_member(team.memberships.get(user=person), by=lead)
    return lead, person


def leaves(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def test_holds_ids_and_codes_only():
    a_whole_life()
    assert Event.objects.count() > 10
    for event in Event.objects.all():
        assert re.fullmatch(CODE, event.kind)
        for leaf in leaves(event.data):
            assert leaf is None or isinstance(leaf, bool | int) or ALLOWED.fullmatch(leaf), (event.kind, leaf)
        for private in PRIVATE:
            assert private.lower() not in str(event.data).lower()


def test_forgets_the_actor_and_nothing_else_when_a_person_is_erased():
    lead, person = a_whole_life()
    before = list(Event.objects.values_list("pk", "kind", "team", "assessment", "data"))
    key = person.pk
    assert Event.objects.filter(actor=key).exists()
    person.delete()
    assert list(Event.objects.values_list("pk", "kind", "team", "assessment", "data")) == before
    assert not Event.objects.filter(actor=key).exists()
    assert Event.objects.filter(actor=lead).exists()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda event: event.save(),
        lambda event: event.save(update_fields=["kind"]),
        lambda event: event.delete(),
        lambda event: Event.objects.all().delete(),
        lambda event: Event.objects.filter(pk=event.pk).update(kind="nothing"),
        lambda event: Event.objects.bulk_update([event], ["kind"]),
        lambda event: Event.objects.update_or_create(pk=event.pk, defaults={"kind": "nothing"}),
    ],
)
def test_is_appended_to_and_never_changed(attempt):
    event = Event.record("something.happened", by=None)
    event.kind = "something.else"
    with pytest.raises(TypeError, match="append-only"), transaction.atomic():
        attempt(event)
    assert Event.objects.get().kind == "something.happened"


def test_what_is_refused_is_not_recorded():
    team = make_team()
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead)
    kinds = list(Event.objects.values_list("kind", flat=True))
    for attempt in (
        lambda: assessment.close(by=lead),
        lambda: assessment.submit(by=lead),
        lambda: assessment.reopen(by=lead, reason="No."),
        lambda: toy.start(team=team, by=lead, edition=assessment.edition),
    ):
        with pytest.raises(Exception, match=r"\w"):
            attempt()
    assert list(Event.objects.values_list("kind", flat=True)) == kinds


def test_saving_an_answer_is_no_event():
    """Who answers what and when is nobody's business; the ratings themselves are kept."""
    team = make_team(unit=make_unit())
    lead = make_membership(team=team, role="lead").user
    assessment = toy.start(team=team, by=lead)
    before = Event.objects.count()
    toy.rate(assessment, lead, "F F L N F F P N")
    assert Event.objects.count() == before
