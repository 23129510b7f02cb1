"""What the work of some demo teams comes to, month by month for a year: for some it follows the levels, for one not."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from ..models import Framework, Measured, Measurement, Team
from ..web.dates import shifted

MONTHS = 13
LINK = "https://dashboards.demo.example/delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A metric of a demo team: its value a year ago, what it is multiplied by each month, and its decimals."""

    team: str
    metric: str
    start: float
    monthly: float = 1.0
    places: int = 0
    framework: str = ""


TRENDS = [
    Trend(team="Recommendations", metric="deployment-frequency", start=6, monthly=1.08),
    Trend(team="Recommendations", metric="lead-time", start=120, monthly=0.93),
    Trend(team="Recommendations", metric="change-failure-rate", start=16, monthly=0.96, places=1),
    Trend(team="Recommendations", metric="recovery-time", start=20, monthly=0.94, places=1),
    Trend(team="Recommendations", metric="reliability", start=99.4, places=2),
    Trend(team="Recommendations", metric="rework-rate", start=22, monthly=0.98, places=1, framework="devops"),
    # The levels of these two rise, and their lead time does not follow.
    Trend(team="Search ranking", metric="lead-time", start=210, monthly=1.005),
    Trend(team="Search ranking", metric="deployment-frequency", start=4, monthly=1.03),
    Trend(team="Fraud detection", metric="lead-time", start=300, monthly=1.0),
    Trend(team="Fraud detection", metric="change-failure-rate", start=9, monthly=0.94, places=1),
    Trend(team="Fraud detection", metric="reliability", start=99.9, places=2),
    Trend(team="Demand forecast", metric="deployment-frequency", start=2, monthly=1.06),
    Trend(team="Demand forecast", metric="recovery-time", start=30, monthly=0.97),
]


def write_figures(*, today: datetime.date, seed: int) -> None:
    """Up to the month before today. The same seed and day give the same figures."""
    random = Random(seed)  # noqa: S311 - made-up data
    teams = {team.name: team for team in Team.objects.filter(is_demo=True)}
    frameworks = {framework.key: framework for framework in Framework.objects.all()}
    this_month = today.replace(day=1)
    several: dict[str, list[Measured]] = {}
    for trend in TRENDS:
        for back in range(MONTHS, 0, -1):
            value = trend.start * trend.monthly ** (MONTHS - back)
            # A share close to the whole moves by what is missing.
            away = random.uniform(0.94, 1.06)
            value = 100 - (100 - value) * away if trend.metric == "reliability" else value * away
            measured = Measured(
                framework=frameworks.get(trend.framework),
                metric=trend.metric,
                month=shifted(this_month, -back),
                value=Decimal(f"{value:.{trend.places}f}"),
                link=LINK,
            )
            several.setdefault(trend.team, []).append(measured)
    for name, measured_here in several.items():
        team = teams[name]
        lead = team.memberships.get(role="lead").user
        Measurement.objects.record_many(measured_here, team=team, by=lead, source=Measurement.Source.FILE)
