"""What the API shows and takes. Nothing here is about people who answer: no answers, comments, names or counts."""

import datetime
import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..models import (
    Action,
    Assessment,
    CheckAtClosing,
    Edition,
    Framework,
    Issue,
    Membership,
    PartResult,
    Questionnaire,
    Result,
    Round,
    Target,
    Team,
    Unit,
    User,
    Webhook,
)
from ..models.results import Figures, as_fraction

LongText = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\x00-\x20][^\x00]*$")]
ShortText = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
Key = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]


def _written_as_day(value: object) -> object:
    """Numbers are no days, though pydantic takes them for seconds since 1970."""
    if isinstance(value, datetime.date) or (isinstance(value, str) and DAY.fullmatch(value)):
        return value
    raise ValueError("Write a day like 2026-01-31.")


DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Day = Annotated[datetime.date, BeforeValidator(_written_as_day)]
Yes = Annotated[bool, Field(strict=True)]


def written_as_number(value: object) -> object:
    """JSON does not tell 2 from 2.0, but it does from "2"."""
    if isinstance(value, str | bool):
        raise ValueError("Write a number without quotation marks.")
    return value


Level = Annotated[int, Field(ge=1, le=1000), BeforeValidator(written_as_number)]
Index = Annotated[float | None, Field(description="On the scale of the framework, as its pages show it.")]


class Shown(BaseModel):
    """What the API shows."""


class Taken(BaseModel):
    """What the API takes; a name that it does not know is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


# ---------------------------------------------------------------------- people and places


class PersonRef(Shown):
    """A person with an account."""

    id: UUID
    name: str

    @classmethod
    def of(cls, person: User | None) -> "PersonRef | None":
        return cls(id=person.pk, name=person.name) if person else None


class KeyJson(Shown):
    name: str
    scopes: list[str]
    expires_on: Day


class MeJson(Shown):
    """The owner of the key, and the key."""

    id: UUID
    name: str
    email: str
    is_administrator: bool
    key: KeyJson


class PersonJson(Shown):
    id: UUID
    name: str
    email: str
    is_active: bool
    is_administrator: bool

    @classmethod
    def of(cls, person: User) -> "PersonJson":
        return cls(
            id=person.pk,
            name=person.name,
            email=person.email,
            is_active=person.is_active,
            is_administrator=person.is_administrator,
        )


class UnitJson(Shown):
    id: int
    name: str
    parent: int | None

    @classmethod
    def of(cls, unit: Unit) -> "UnitJson":
        return cls(id=unit.pk, name=unit.name, parent=unit.parent_id)


class TeamJson(Shown):
    id: UUID
    name: str
    about: str
    unit: int
    time_zone: str

    @classmethod
    def of(cls, team: Team) -> "TeamJson":
        return cls(id=team.pk, name=team.name, about=team.about, unit=team.unit_id, time_zone=team.time_zone)


class MembershipJson(Shown):
    id: int
    person: PersonRef
    role: str

    @classmethod
    def of(cls, membership: Membership) -> "MembershipJson":
        person = membership.user
        return cls(id=membership.pk, person=PersonRef(id=person.pk, name=person.name), role=membership.role)


# ---------------------------------------------------------------------- frameworks


class FrameworkJson(Shown):
    id: int
    key: str
    name: str

    @classmethod
    def of(cls, framework: Framework) -> "FrameworkJson":
        return cls(id=framework.pk, key=framework.key, name=framework.name)


class EditionJson(Shown):
    """A version of a framework."""

    id: UUID
    framework: str
    version: str
    name: str
    status: str
    origin: str
    method: str
    digest: str

    @classmethod
    def of(cls, edition: Edition) -> "EditionJson":
        return cls(**cls.values_of(edition))

    @staticmethod
    def values_of(edition: Edition) -> dict[str, Any]:
        return {
            "id": edition.pk,
            "framework": edition.framework.key,
            "version": edition.version,
            "name": edition.name,
            "status": edition.status,
            "origin": edition.origin,
            "method": edition.method,
            "digest": edition.digest,
        }


class StepJson(Shown):
    """A level, or a band."""

    number: int
    name: str


class DimensionJson(Shown):
    key: str
    name: str
    group: str | None


class ChoiceJson(Shown):
    code: str
    name: str


class AskedJson(Shown):
    """A criterion as a version has it."""

    key: str
    statement: str
    dimension: str
    level: int | None
    is_in_short: bool
    choices: list[ChoiceJson]


class EditionContentsJson(EditionJson):
    """A version with what it asks."""

    levels: list[StepJson]
    dimensions: list[DimensionJson]
    criteria: list[AskedJson]
    rules: list[str]

    @classmethod
    def of(cls, edition: Edition) -> "EditionContentsJson":
        contents = edition.contents
        return cls(
            **cls.values_of(edition),
            levels=[StepJson(number=rung.number, name=rung.name) for rung in contents.rungs],
            dimensions=[
                DimensionJson(key=part.key, name=part.name, group=part.group.key if part.group else None)
                for part in contents.dimensions
            ],
            criteria=[
                AskedJson(
                    key=criterion.key,
                    statement=criterion.statement,
                    dimension=criterion.dimension.key,
                    level=criterion.level.number if criterion.level else None,
                    is_in_short=criterion.quick,
                    choices=[
                        ChoiceJson(code=choice.code, name=choice.name) for choice in criterion.scale.by_code.values()
                    ],
                )
                for criterion in contents.criteria
            ],
            rules=list(contents.rules),
        )


class FrameworkFileJson(Taken):
    """A framework file as text, YAML or JSON."""

    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")] = "framework.yaml"
    text: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]


class ImportedJson(EditionJson):
    """What an import made, or found: a draft that an administrator publishes in the browser."""

    is_new: bool


# ---------------------------------------------------------------------- assessments and results


class AssessmentJson(Shown):
    """What an assessment is about and where it is; not who is asked, and not how many have answered."""

    id: UUID
    team: UUID
    edition: UUID
    framework: str
    date: Day
    due: Day | None
    questionnaire: Questionnaire
    rule: str
    anonymous: bool
    status: Assessment.Status
    is_overdue: bool
    result: UUID | None

    @classmethod
    def of(cls, assessment: Assessment) -> "AssessmentJson":
        current = [result.pk for result in assessment.results.all() if result.is_current]
        return cls(
            id=assessment.pk,
            team=assessment.team_id,
            edition=assessment.edition_id,
            framework=assessment.edition.framework.key,
            date=assessment.date,
            due=assessment.due,
            questionnaire=Questionnaire(assessment.questionnaire),
            rule=assessment.rule,
            anonymous=assessment.anonymous,
            status=Assessment.Status(assessment.status),
            is_overdue=assessment.is_overdue,
            result=current[0] if current else None,
        )


class FiguresJson(Shown):
    """The figures of a whole or a part; `best` is the level if everything unanswered were met."""

    level: int | None
    best: int | None
    index: Index
    settled: int
    asked: int

    @staticmethod
    def values_of(figures: Figures, result: Result) -> dict[str, Any]:
        return {
            "level": figures.level,
            "best": figures.best,
            "index": result.index_scale.number(as_fraction(figures.index_exact)),
            "settled": figures.settled,
            "asked": figures.asked,
        }


class ResultJson(FiguresJson):
    """What an assessment came to. `few_responded` warns that few of those who were asked stand behind it."""

    id: UUID
    assessment: UUID
    team: UUID
    framework: str
    edition: UUID
    date: Day
    questionnaire: Questionnaire
    rule: str
    is_current: bool
    level_name: str
    few_responded: bool

    @classmethod
    def of(cls, result: Result) -> "ResultJson":
        return cls(**cls.values_of_result(result))

    @classmethod
    def values_of_result(cls, result: Result) -> dict[str, Any]:
        return {
            **cls.values_of(result, result),
            "id": result.pk,
            "assessment": result.assessment_id,
            "team": result.team_id,
            "framework": result.edition.framework.key,
            "edition": result.edition_id,
            "date": result.date,
            "questionnaire": Questionnaire(result.questionnaire),
            "rule": result.rule,
            "is_current": result.is_current,
            "level_name": result.level_name,
            "few_responded": bool(result.few_responded),
        }


class PartJson(FiguresJson):
    kind: PartResult.Kind
    key: str


class SettledJson(Shown):
    """What a criterion came to: the code of a choice, `NA`, or nothing; and whether it keeps the next level away."""

    key: str
    dimension: str
    rating: str
    is_agreed: bool
    is_blocker: bool


class CheckAtClosingJson(Shown):
    """What a check said when the result was frozen. `days` is for how long the outcome had been the same."""

    criterion: str
    source: str
    outcome: str
    was_valid: bool
    days: int
    contradicts: bool
    value: str
    link: str

    @classmethod
    def of(cls, row: CheckAtClosing) -> "CheckAtClosingJson":
        return cls(
            criterion=row.criterion,
            source=row.source,
            outcome=row.outcome,
            was_valid=row.was_valid,
            days=row.days,
            contradicts=row.contradicts,
            value=row.value,
            link=row.link,
        )


class ResultPartsJson(ResultJson):
    """A result with its parts, and its criteria and checks if the owner of the key may see them."""

    parts: list[PartJson]
    criteria: list[SettledJson] | None
    checks: list[CheckAtClosingJson] | None

    @classmethod
    def with_parts(cls, result: Result, *, criteria: bool) -> "ResultPartsJson":
        return cls(
            **cls.values_of_result(result),
            parts=[
                PartJson(kind=PartResult.Kind(part.kind), key=part.key, **FiguresJson.values_of(part, result))
                for part in result.parts.all()
            ],
            criteria=[
                SettledJson(
                    key=row.key,
                    dimension=row.dimension,
                    rating=row.rating,
                    is_agreed=row.is_agreed,
                    is_blocker=row.blocker is not None,
                )
                for row in result.criteria.all()
            ]
            if criteria
            else None,
            checks=[CheckAtClosingJson.of(row) for row in result.checks.all()] if criteria else None,
        )


class NewAssessment(Taken):
    """What an assessment begins with. Without `members`, everybody in the team who answers is asked."""

    edition: UUID
    date: Day | None = None
    due: Day | None = None
    questionnaire: Literal["full", "short"] = "full"
    rule: Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")] = ""
    anonymous: Yes = False
    hides_hints: Yes = False
    members: Annotated[list[UUID], Field(max_length=200)] | None = None
    addresses: Annotated[list[Annotated[str, Field(max_length=254, pattern=r"^[^\x00]*$")]], Field(max_length=200)] = []
    message: ShortText = ""
    as_draft: Yes = False


class DueChange(Taken):
    due: Day | None


class Reopen(Taken):
    """For what it is opened again, and why. Without `to`: for answers, or for review if it is anonymous."""

    to: Literal["open", "review"] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*[^\x00-\x20][^\x00]*$")]


class People(Taken):
    """Members of the team by id, and other people by email."""

    members: Annotated[list[UUID], Field(max_length=200)] = []
    addresses: Annotated[list[Annotated[str, Field(max_length=254, pattern=r"^[^\x00]*$")]], Field(max_length=200)] = []


class InvitedJson(Shown):
    """How many people this request invited, or invited again."""

    invited: int


# ---------------------------------------------------------------------- plans


class TargetJson(Shown):
    """A level to reach by a day; `dimension` is empty for the whole."""

    id: int
    team: UUID
    framework: str
    dimension: str
    level: int
    due: Day
    why: str

    @classmethod
    def of(cls, target: Target) -> "TargetJson":
        return cls(
            id=target.pk,
            team=target.team_id,
            framework=target.framework.key,
            dimension=target.dimension,
            level=target.level,
            due=target.due,
            why=target.why,
        )


class NewTarget(Taken):
    """Replaces the target for the same part and day, if there is one."""

    framework: Key
    dimension: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""
    level: Level
    due: Day
    why: LongText


class IssueJson(Shown):
    """What its tracker said at `read_at` about the issue that the link of an action leads to."""

    tracker: str
    state: str
    since: Day | None
    read_at: datetime.datetime | None

    @classmethod
    def of(cls, issue: Issue | None) -> "IssueJson | None":
        """None if its state is not known."""
        if issue is None or not issue.state:
            return None
        return cls(tracker=issue.kind, state=issue.state, since=issue.since, read_at=issue.read_at)


class ActionJson(Shown):
    id: int
    team: UUID
    framework: str
    criterion: str
    text: str
    owner: PersonRef | None
    due: Day | None
    status: str
    reason: str
    link: str
    issue: IssueJson | None

    @classmethod
    def of(cls, action: Action) -> "ActionJson":
        return cls(
            id=action.pk,
            team=action.team_id,
            framework=action.framework.key,
            criterion=action.criterion,
            text=action.text,
            owner=PersonRef.of(action.owner),
            due=action.due,
            status=action.status,
            reason=action.reason,
            link=action.link,
            issue=IssueJson.of(getattr(action, "issue", None)),
        )


ActionLink = Annotated[
    str,
    Field(max_length=Action.LONGEST_LINK, pattern=r"^[^\x00]*$", description="Begins with https:// or http://."),
]
ActionStatus = Literal["open", "doing", "done", "dropped"]


class NewAction(Taken):
    """Work towards meeting a criterion. Its owner belongs to the team."""

    framework: Key
    criterion: Key
    text: LongText
    owner: UUID | None = None
    due: Day | None = None
    status: ActionStatus = "open"
    reason: ShortText = ""
    link: ActionLink = ""


class ActionChange(Taken):
    """What is not named stays as it is."""

    text: LongText | None = None
    owner: UUID | None = None
    due: Day | None = None
    status: ActionStatus | None = None
    reason: ShortText | None = None
    link: ActionLink | None = None


class RoundJson(Shown):
    """Many teams assessed at once; the numbers are of teams that the owner of the key may see."""

    id: UUID
    name: str
    unit: int | None
    framework: str
    edition: UUID
    opens: Day
    due: Day
    state: str
    repeats: str
    teams: int
    teams_closed: int

    @classmethod
    def of(cls, row: Round) -> "RoundJson":
        return cls(
            id=row.pk,
            name=row.name,
            unit=row.unit_id,
            framework=row.edition.framework.key,
            edition=row.edition_id,
            opens=row.opens,
            due=row.due,
            state=row.state,
            repeats=row.repeats,
            teams=row.teams,
            teams_closed=row.teams_closed,
        )


class WebhookJson(Shown):
    """Where messages go; of the address only the host, and never the secret."""

    id: UUID
    team: UUID | None
    name: str
    kind: str
    host: str
    happenings: list[str]
    is_on: bool

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookJson":
        return cls(
            id=webhook.pk,
            team=webhook.team_id,
            name=webhook.name,
            kind=webhook.kind,
            host=webhook.host,
            happenings=list(webhook.happenings),
            is_on=webhook.is_on,
        )
