"""The format of a sealed file: `{payload, signature}`, described in docs/sealed-format.md."""

import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..frameworks.format.fields import SPEAKABLE
from ..frameworks.format.schema import MAX_CRITERIA

FORMAT = 1
KIND = "maturity result"
#: No assessment has more people than this.
MAX_PEOPLE = 100_000
#: All votes of a file together: to score it, each of them is looked at.
MAX_VOTES = 500_000

Line = Annotated[str, Field(strict=True, min_length=1, max_length=200), SPEAKABLE]
Sentence = Annotated[str, Field(strict=True, min_length=1, max_length=2_000), SPEAKABLE]
PartKey = Annotated[str, Field(strict=True, max_length=120)]
People = Annotated[int, Field(strict=True, ge=0, le=MAX_PEOPLE)]
Truth = Annotated[bool, Field(strict=True)]


def _day(text: str) -> str:
    datetime.date.fromisoformat(text)
    return text


class SealedPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GivenVotes(SealedPart):
    """How many people gave one answer: the code of a choice, NA or DK."""

    answer: PartKey
    count: Annotated[int, Field(strict=True, ge=1, le=MAX_PEOPLE)]


class SealedCriterion(SealedPart):
    """What one criterion was rated; null if it counts as unanswered. `votes` only where the file holds votes."""

    key: PartKey
    rating: PartKey | None
    agreed: Truth
    votes: Annotated[tuple[GivenVotes, ...], Field(fail_fast=True)] | None = None


class SealedAssessment(SealedPart):
    """Which assessment it is a result of. `team` may be left out."""

    id: Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    team: Line | None = None
    date: Annotated[str, Field(strict=True, pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_day)]
    questionnaire: Literal["full", "short"]
    rule: Annotated[str, Field(strict=True, max_length=80)]
    anonymous: Truth
    generation: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    asked: People
    responded: People
    #: How ratings become figures; named only where it makes a difference, and then not the first way.
    semantics: Literal[2] | None = None


class Payload(SealedPart):
    """Everything that is signed. `about` says in words what the file leaves out."""

    format: Literal[1]
    kind: Literal["maturity result"]
    installation: Line
    assessment: SealedAssessment
    votes: Truth
    about: Annotated[tuple[Sentence, ...], Field(fail_fast=True)]
    framework: dict[str, Any]
    digest: Line
    criteria: Annotated[tuple[SealedCriterion, ...], Field(fail_fast=True, max_length=MAX_CRITERIA)]
    figures: dict[str, Any]


class Signature(SealedPart):
    """An Ed25519 signature over the canonical text of the payload; key and value in base64."""

    algorithm: Literal["ed25519"]
    key: PartKey
    value: PartKey


class SealedFile(SealedPart):
    payload: Payload
    signature: Signature
