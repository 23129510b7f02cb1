"""A small framework and small assessments for tests: 2 dimensions, levels 0 to 3, the four-step scale."""

import datetime
import itertools

from django.utils import timezone

from assessments import scoring
from assessments.models import (
    Answer,
    Assessment,
    Choice,
    Criterion,
    Dimension,
    Edition,
    Framework,
    Guest,
    Level,
    PageMark,
    Result,
    Scale,
    Symptom,
)
from assessments.models.participation import new_token

CRITERIA = ["x1 X 1", "x2 X 1", "x3 X 2", "x4 X 3", "y1 Y 1", "y2 Y 2", "y3 Y 2", "y4 Y 3"]
RULES = [
    {
        "key": "largely",
        "name": "Largely achieved",
        "unit": "criterion",
        "at": {"at_least": "2/3"},
        "below": {"at_least": "2/3"},
    },
    {
        "key": "iso33020",
        "name": "ISO/IEC 33020",
        "unit": "cell",
        "at": {"more_than": "0.50"},
        "below": {"more_than": "0.85"},
    },
    {
        "key": "fully",
        "name": "Fully achieved",
        "unit": "criterion",
        "at": {"at_least": "1"},
        "below": {"at_least": "1"},
    },
]
SYMPTOMS = [("s1", "People dread releases.", ["x1", "y1"]), ("s2", "Nobody knows.", ["x4"])]
_numbers = itertools.count(1)


def make_edition(
    *, key=None, version="1.0.0", quick=("x1", "y1"), na=("x3", "y4"), published=True, **fields
) -> Edition:
    """The toy framework of the scoring vectors as an edition."""
    key = key or f"toy-{next(_numbers)}"
    framework, _ = Framework.objects.get_or_create(key=key, defaults={"name": "Toy"})
    edition = Edition.objects.create(
        framework=framework,
        version=version,
        name="Toy",
        purpose="For tests.",
        scoring={"default_rule": "largely", "rules": RULES},
        **fields,
    )
    levels = [
        Level.objects.create(edition=edition, number=n, name=f"Step {n}", summary=f"Summary {n}") for n in range(4)
    ]
    scale = Scale.objects.create(
        edition=edition, key="nplf", order=0, other_answers=[{"code": "NA", "name": "Does not apply"}]
    )
    for value, (code, name) in enumerate([("N", "Not"), ("P", "Partly"), ("L", "Largely"), ("F", "Fully")]):
        Choice.objects.create(scale=scale, code=code, value=value, name=name, anchor=f"{name} so.")
    dimensions = {
        k: Dimension.objects.create(edition=edition, key=k, name=f"Area {k}", order=i) for i, k in enumerate("XY")
    }
    for order, row in enumerate(CRITERIA):
        key, dimension, level = row.split()
        Criterion.objects.create(
            edition=edition,
            order=order,
            key=key,
            dimension=dimensions[dimension],
            level=levels[int(level)],
            scale=scale,
            quick=key in quick,
            statement=f"Practice {key} is done.",
            evidence=f"Look at {key}.",
            next=f"Begin with {key}.",
            na="There is no such thing." if key in na else "",
        )
    for order, (key, statement, cleared_by) in enumerate(SYMPTOMS):
        Symptom.objects.create(
            edition=edition, order=order, key=key, level=0, statement=statement, cleared_by=cleared_by
        )
    if published:
        edition.publish(digest=f"sha256:{key}-{version}")
    return edition


def start(*, team, by, edition=None, **terms) -> Assessment:
    """An open assessment; everybody who answers for the team is asked."""
    terms = {"date": datetime.date(2026, 10, 14), "rule": "largely", **terms}
    return Assessment.objects.start(team=team, by=by, edition=edition or make_edition(), **terms)


def add_result(*, team, edition, date, codes="F F L N F F P N", **terms) -> Result:
    """A closed assessment of one respondent with its result, written as it would be frozen at closing."""
    at = timezone.make_aware(datetime.datetime.combine(date, datetime.time(16)))
    terms = {"rule": "largely", **terms}
    assessment = Assessment.objects.create(
        team=team, edition=edition, date=date, status=Assessment.Status.CLOSED, opened_at=at, closed_at=at, **terms
    )
    keys = [criterion.key for criterion in assessment.criteria_asked()]
    given = {key: code for key, code in zip(keys, codes.split(), strict=True) if code != "-"}
    return Result.freeze(assessment, scoring.score(assessment.instrument(), [given]), by=None)


def mark(*, page="page-1", sequence=1, version=0) -> PageMark:
    return PageMark(page=page, sequence=sequence, version=version)


def rate(assessment, who, codes: str, *, page="page-1"):
    """Gives a person's answers in the order of the framework, as in the vectors: `F F L N - DK NA N`.

    In an anonymous assessment they submit as well: without four who have, nothing of it may be looked at.
    """
    criteria = assessment.criteria_asked()
    for criterion, code in zip(criteria, codes.split(), strict=True):
        if code != "-":
            answer = Answer(code=code, reason="Not here." if code == "NA" else "")
            assessment.save_rating(by=who, criterion=criterion, answer=answer, mark=mark(page=page))
    if assessment.anonymous and set(codes.split()) != {"-"}:
        assessment.submit(by=who)


def invited(assessment, *, email="") -> tuple:
    """A person who was sent a link and has not opened it: the invitation, and its token."""
    assessment.invite(by=None, addresses=[email])
    token = assessment.make_link(assessment.participations.get(invitation__email=email))
    return assessment.invitations.get(email=email), token


def guest(assessment, *, email: str) -> Guest:
    """A person who came by a personal link and began."""
    invitation, token = invited(assessment, email=email)
    who = Guest(invitation, token)
    assessment.accept(who)
    return who


def member_by_link(assessment, user) -> Guest:
    """A member of the team, who owns their account, with the personal link to an anonymous assessment."""
    user.is_confirmed = True
    user.save(update_fields=["is_confirmed"])
    token = new_token()
    assessment.take_link(user, token=token)
    return Guest(assessment.invitations.get(user=user), token)
