"""Facts for tests."""

import datetime

from django.utils import timezone

from assessments.models import CheckState, Edition, Fact, Pushed, Team, User

from .. import toy

#: What the toy framework with checks says of them.
MEANINGS = [
    {"criterion": "x1", "source": "scorecard", "passed_at_least": "L", "failed_at_most": "P", "asks": "Is it guarded?"},
    {"criterion": "x3", "source": "scorecard", "failed_at_most": "N"},
    {"criterion": "y1", "source": "sarif", "passed_at_least": "L"},
]


def make_edition(**terms) -> Edition:
    """The toy framework with checks."""
    return toy.make_edition(blocks={"checks": MEANINGS}, **terms)


def fact(criterion="x1", outcome="failed", *, source="scorecard", ago=0.0, valid=30.0, value="", link="") -> Fact:
    """Observed `ago` days ago and valid for so many days since then."""
    observed_at = timezone.now() - datetime.timedelta(days=ago)
    return Fact(
        criterion=criterion,
        source=source,
        outcome=outcome,
        observed_at=observed_at,
        valid_until=observed_at + datetime.timedelta(days=valid),
        value=value,
        link=link,
    )


def push(team: Team, edition: Edition, *facts: Fact, by: User) -> Pushed:
    return CheckState.objects.push(facts, team=team, framework=edition.framework, by=by)
