"""Teams with results for tests of what follows from them: closed at once, from codes in the order of the framework."""

import datetime

from assessments.models import Result, Team

from . import toy
from .factories import make_membership, make_team


class Lead:
    """A team with a lead who answers and closes."""

    def __init__(self, *, edition=None, team: Team | None = None, **fields):
        self.team = team or make_team(**fields)
        self.user = make_membership(team=self.team, role="lead").user
        self.edition = edition or toy.make_edition()

    def closes(self, codes: str, *, on: str, edition=None, **terms) -> Result:
        date = datetime.date.fromisoformat(on)
        terms = {"edition": edition or self.edition, "date": date, **terms}
        assessment = toy.start(team=self.team, by=self.user, **terms)
        toy.rate(assessment, self.user, codes)
        return assessment.close(by=self.user)


#: Codes of the toy framework by the level they give.
AT = {
    0: "F N N N F N N N",
    1: "F F L N F F P N",
    2: "F F L N F F L N",
    3: "F F F F F F F F",
}
