"""The gallery: whom a framework is for, how long it takes, how it is scored, a look inside, and what can be brought."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Edition, Team, User
from ..models.assessments import minutes
from ..models.frameworks import Contents
from ..permissions.access import teams_where
from ..permissions.roles import Permission
from .importers import NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How many questions a questionnaire has, and about how many minutes they take."""

    questions: int
    minutes: int

    @classmethod
    def of(cls, questions: int) -> Self:
        return cls(questions=questions, minutes=minutes(questions))


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionPreview:
    """A dimension with the number of its questions and the first of them."""

    name: str
    questions: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryEntry:
    """A framework that can be used. `use_url` is where it is put to use, empty for people who start nothing."""

    edition: Edition
    contents: Contents
    full: Length
    short: Length | None
    dimensions: list[DimensionPreview]
    use_url: str

    @classmethod
    def of(cls, edition: Edition, *, teams: list[Team]) -> Self:
        contents = edition.contents
        quick = len(contents.quick_keys)
        return cls(
            edition=edition,
            contents=contents,
            full=Length.of(len(contents.criteria)),
            short=Length.of(quick) if quick else None,
            dimensions=dimension_previews(contents),
            use_url=use_url(edition, teams),
        )

    @property
    def how_scored(self) -> str:
        return how_scored(self.edition)

    @property
    def is_built_in(self) -> bool:
        return self.edition.origin == Edition.Origin.BUILT_IN


def dimension_previews(contents: Contents) -> list[DimensionPreview]:
    """Dimensions that have questions."""
    asked: dict[str, list[str]] = {dimension.key: [] for dimension in contents.dimensions}
    for criterion in contents.criteria:
        asked[criterion.dimension.key].append(criterion.statement)
    return [
        DimensionPreview(name=dimension.name, questions=len(asked[dimension.key]), example=asked[dimension.key][0])
        for dimension in contents.dimensions
        if asked[dimension.key]
    ]


def how_scored(edition: Edition) -> str:
    """In one sentence, how a result follows from the answers."""
    if edition.method == Edition.Method.SUMS:
        return _("By points: the section with the fewest points decides.")
    if edition.is_rubric and edition.rubric_result == "lowest":
        return _("By a rubric: each answer is a level, and the lowest dimension decides.")
    if edition.is_rubric:
        return _("By a rubric: each answer is a level, and the mean of the dimensions counts.")
    return _("By levels: a level is reached once its questions and those of all levels below are met.")


def teams_to_start(user: User) -> list[Team]:
    """Two teams are enough to know that there is a choice."""
    return list(teams_where(user, may=Permission.START)[:2])


def use_url(edition: Edition, teams: list[Team]) -> str:
    """Where an assessment with this version is started: at once for the only team, else after choosing one."""
    if not teams or not edition.is_published:
        return ""
    if len(teams) == 1:
        return start_url(edition, teams[0])
    return reverse("framework-use", args=[edition.framework.key, edition.pk])


def start_url(edition: Edition, team: Team) -> str:
    return f"{reverse('assessment-start', args=[team.pk])}?edition={edition.pk}"


def gallery(editions: Iterable[Edition], *, user: User) -> list[GalleryEntry]:
    teams = teams_to_start(user)
    return [GalleryEntry.of(edition, teams=teams) for edition in editions]


# ---------------------------------------------------------------------- what can be brought


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtFramework:
    """A public framework, or one of the organisation's own, that an administrator can bring in."""

    kind: str
    name: str | Promise
    audience: str | Promise
    length: str | Promise
    how_scored: str | Promise
    how_brought: str | Promise

    @property
    def is_new(self) -> bool:
        """Whether it is written here and not brought in as a file."""
        return self.kind not in NAMES

    @property
    def bring_url(self) -> str:
        return reverse("framework-new") if self.is_new else f"{reverse('framework-import')}?kind={self.kind}"


#: Figures of the published files: DSOMM 4.1.0, SAMM of July 2026.
BROUGHT = (
    BroughtFramework(
        kind="dsomm",
        name=NAMES["dsomm"],
        audience=gettext_lazy("Teams that build software and want to make it secure step by step."),
        length=gettext_lazy("About 190 activities, about 70 minutes."),
        how_scored=gettext_lazy("By levels: five, in 19 areas."),
        how_brought=gettext_lazy("Its model.yaml, or a ZIP with your own activities and level names beside it."),
    ),
    BroughtFramework(
        kind="samm",
        name=NAMES["samm"],
        audience=gettext_lazy("Organisations that look at the security of their software as a whole."),
        length=gettext_lazy("90 questions, about 35 minutes."),
        how_scored=gettext_lazy("By levels: three in each of 15 practices. The index is SAMM’s own score."),
        how_brought=gettext_lazy("The ZIP that GitHub makes of its repository, as it is."),
    ),
    BroughtFramework(
        kind="ciso",
        name=gettext_lazy("A library of CISO Assistant"),
        audience=gettext_lazy("Organisations that answer to a standard of security or privacy."),
        length=gettext_lazy("As many requirements as the library has; the preview says how many."),
        how_scored=gettext_lazy("By levels, or by a rubric if the library describes its scores."),
        how_brought=gettext_lazy("Its YAML file."),
    ),
    BroughtFramework(
        kind="own",
        name=gettext_lazy("Your own framework"),
        audience=gettext_lazy("Anyone who has a rubric or a spreadsheet, or something to ask that nobody else asks."),
        length=gettext_lazy("As many questions as you write."),
        how_scored=gettext_lazy("By levels, by points or by a rubric."),
        how_brought=gettext_lazy("From nothing, as a copy of another one, or as a table from a spreadsheet."),
    ),
)
