"""Who is in the demo organisation, and how each of its teams fares. Plain data and pure functions."""

from dataclasses import dataclass, field
from random import Random

UNITS = ["Shop", "Logistics", "Finance and risk"]
QUARTERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a team's maturity runs: where it starts, what it gains a quarter, and what happens to it on the way."""

    start: float
    gain: float
    quarters: int = QUARTERS
    #: Quarters at the end in which the team did not assess itself.
    silent: int = 0
    #: Quarter (from 0) from which on `loss` is taken off.
    falls_in: int | None = None
    loss: float = 0.0
    ceiling: float = 4.2

    def at(self, quarter: int) -> float:
        level = min(self.ceiling, self.start + self.gain * quarter)
        return max(0.1, level - (self.loss if self.falls_in is not None and quarter >= self.falls_in else 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTeam:
    name: str
    unit: str
    about: str
    course: Course
    people: list[str]
    #: Whether an assessment is open now, and which share of the questions is answered in it.
    open_now: float | None = None
    #: Whether it is in the middle of a live room.
    live_now: bool = False
    frameworks: list[str] = field(default_factory=lambda: ["mlops"])


TEAMS = [
    DemoTeam(
        name="Recommendations",
        unit="Shop",
        about="Suggests products on every page of the shop.",
        course=Course(start=0.9, gain=0.24),
        people=["Jordan Okafor", "Mira Lindqvist", "Tomás Rey", "Hana Sato", "Ben Adeyemi"],
        open_now=0.55,
        frameworks=["mlops", "devops", "ml-test-score"],
    ),
    DemoTeam(
        name="Search ranking",
        unit="Shop",
        about="Orders what people find.",
        course=Course(start=2.1, gain=0.22),
        people=["Lena Vogt", "Arjun Mehta", "Sofia Marin", "Piotr Zielinski"],
    ),
    DemoTeam(
        name="Pricing",
        unit="Shop",
        about="Proposes prices and discounts.",
        course=Course(start=1.4, gain=0.04, ceiling=1.6),
        people=["Ines Duarte", "Kofi Mensah", "Yuki Tanaka", "Emil Strand"],
    ),
    DemoTeam(
        name="Ads bidding",
        unit="Shop",
        about="Bids for advertising space.",
        course=Course(start=1.8, gain=0.2, falls_in=6, loss=1.1),
        people=["Nadia Haddad", "Oskar Nyberg", "Priya Nair", "Luca Ferri"],
    ),
    DemoTeam(
        name="Visual search",
        unit="Shop",
        about="Finds products from a photo.",
        course=Course(start=0.6, gain=0.5, quarters=2),
        people=["Mei Chen", "Jonas Weber", "Amara Diallo"],
        open_now=0.2,
    ),
    DemoTeam(
        name="Demand forecast",
        unit="Logistics",
        about="Foretells what every warehouse needs.",
        course=Course(start=1.6, gain=0.21),
        people=["Carla Nunes", "Viktor Petrov", "Sara Lund", "Daniel Osei", "Freya Holm"],
        live_now=True,
    ),
    DemoTeam(
        name="Route planning",
        unit="Logistics",
        about="Plans the daily tours.",
        course=Course(start=1.1, gain=0.16),
        people=["Marek Novak", "Elif Demir", "Paulo Costa"],
    ),
    DemoTeam(
        name="Vision inspection",
        unit="Logistics",
        about="Spots damaged parcels.",
        course=Course(start=2.6, gain=0.2),
        people=["Ida Krog", "Samir Khan", "Greta Blom", "Noah Fischer"],
        open_now=0.9,
    ),
    DemoTeam(
        name="Returns",
        unit="Logistics",
        about="Foresees what will be sent back.",
        course=Course(start=0.4, gain=0.12, silent=4),
        people=["Chloe Martin", "Ravi Iyer", "Anja Kovač"],
    ),
    DemoTeam(
        name="Fraud detection",
        unit="Finance and risk",
        about="Stops payments that look wrong.",
        course=Course(start=1.9, gain=0.25),
        people=["Tessa Brandt", "Hugo Silva", "Leila Aziz", "Matteo Greco", "Zoe Clarke"],
    ),
    DemoTeam(
        name="Churn",
        unit="Finance and risk",
        about="Tells who is about to leave.",
        course=Course(start=0.9, gain=0.02, ceiling=1.1),
        people=["Aisha Bello", "Karl Jensen", "Rosa Molina"],
    ),
    DemoTeam(
        name="Document reading",
        unit="Finance and risk",
        about="Reads invoices and contracts.",
        course=Course(start=0.5, gain=0.3),
        people=["Filip Dvořák", "Grace Owusu", "Ewa Maj", "Omar Said"],
    ),
]

COMMENTS = [
    "True for the two main models, not yet for the others.",
    "We agreed on this last quarter; the template is in the wiki.",
    "Depends on who is on duty.",
    "Works, but only one of us knows how.",
    "The new pipeline does this; the old one is switched off next month.",
    "We had an incident here in the summer.",
    "Done by hand before each release.",
    "Nobody has looked at the dashboard for weeks.",
]
NOT_APPLICABLE = [
    "Our predictions are made in a nightly batch.",
    "Outcomes are known only after months.",
    "The regulator has approved one version.",
]


def rating_position(maturity: float, level: float, steps: int, random: Random) -> int:
    """Where on a scale of `steps` choices somebody puts a criterion of this level, given how mature the area is.

    A practice is fully there when the area is a whole level beyond it, and absent when it is far below.
    """
    reached = maturity - (level - 1) + random.gauss(0, 0.16)
    share = min(1.0, max(0.0, 0.12 + 0.88 * reached))
    return min(steps - 1, int(share * steps * 0.98))
