"""Figures for tests."""

import datetime
from decimal import Decimal

from assessments.models import Measured, Measurement, Team, User


def record(team: Team, metric: str, month: str, value: str, *, by: User, framework=None, **terms) -> Measurement:
    """A figure of a month such as `2026-01`."""
    measured = Measured(
        framework=framework,
        metric=metric,
        month=datetime.date.fromisoformat(f"{month}-01"),
        value=Decimal(value),
        link=terms.pop("link", ""),
    )
    return Measurement.objects.record(measured, team=team, by=by, **terms)
