"""Whether a sealed file is sound: unchanged, signed by a known key, with figures that follow from its ratings."""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from .. import scoring
from ..frameworks.format.schema import PUBLISHED, FrameworkFile
from ..scoring import anonymity
from ..scoring.rescoring import KeptCriterion, rescore
from .canonical import NotCanonical, canonical, value_of_canonical
from .figures import differences, scored_figures
from .schema import FORMAT, MAX_VOTES, Payload, SealedFile
from .signing import is_signed_by

#: So many differences are listed; more help nobody.
MOST_DIFFERENCES = 10
#: A line says no more of what stands in a file, in characters.
LONGEST_LINE = 500


class Soundness(IntEnum):
    """What `manage.py verify` exits with."""

    SOUND = 0
    CHANGED = 1
    DIFFERS = 2
    UNKNOWN_KEY = 3


class Changed(ValueError):
    """The file is not what was sealed, or not a sealed file at all; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A sealed file whose signature fits its content; whose key it is, and if its figures are right, is open.

    `digest` is the SHA-256 of the text that is signed.
    """

    payload: Payload
    framework: FrameworkFile
    key: str
    digest: str

    @cached_property
    def instrument(self) -> scoring.Instrument:
        """What was asked."""
        instrument = self.framework.instrument().restricted_to({criterion.key for criterion in self.payload.criteria})
        return replace(instrument, semantics=self.semantics)

    @property
    def semantics(self) -> int:
        """How ratings became figures when the result was frozen."""
        if self.framework.framework.method != scoring.SUMS:
            return scoring.SEMANTICS
        return self.payload.assessment.semantics or scoring.FIRST_SEMANTICS

    @cached_property
    def score(self) -> scoring.Score:
        """The figures as they follow from the ratings in the file."""
        kept = {
            criterion.key: KeptCriterion(
                rating=criterion.rating,
                is_agreed=criterion.agreed,
                votes={given.answer: given.count for given in criterion.votes or ()},
            )
            for criterion in self.payload.criteria
        }
        return rescore(self.instrument, kept, by_votes=self.payload.votes)

    @cached_property
    def differences(self) -> list[str]:
        """Where the figures in the file are not those that follow from its ratings."""
        about = self.payload.assessment
        expected = scored_figures(self.score, about.rule, votes=self.payload.votes, anonymous=about.anonymous)
        found = list(differences(self.payload.figures, expected))
        for criterion in self.payload.criteria:
            rating = self.score.criteria[criterion.key].rating
            if rating != criterion.rating:
                found.append(f"criteria.{criterion.key}.rating: {criterion.rating} in the file, {rating} calculated")
        return found


def opened(data: bytes) -> Opened:
    """Reads a sealed file; raises Changed for everything that is not exactly as it was signed."""
    value = _value(data)
    try:
        file = SealedFile.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        sentence = f"It is not a sealed file of format {FORMAT}: {place or 'file'}: {first['msg']}."
        raise Changed(in_one_line(sentence)) from None
    text = canonical(value["payload"])
    if not is_signed_by(file.signature.key, text, file.signature.value):
        raise Changed("The signature does not fit: something in the file was changed.")
    payload = file.payload
    try:
        framework = FrameworkFile.model_validate(payload.framework, context=PUBLISHED)
    except ValidationError:
        raise Changed("The framework in it is not a framework that this version can read.") from None
    if framework.digest != payload.digest:
        raise Changed("The framework in it is not the one that its digest names.")
    _check_ratings(payload, framework)
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return Opened(payload=payload, framework=framework, key=file.signature.key, digest=digest)


def _value(data: bytes) -> Any:
    """The file's value. It ends with one line end, which is not part of the canonical text."""
    if not data.endswith(b"\n"):
        raise Changed("The end of the file is missing.")
    try:
        value = value_of_canonical(data[:-1])
    except NotCanonical as error:
        raise Changed(str(error)) from None
    payload = value.get("payload") if isinstance(value, dict) else None
    if isinstance(payload, dict) and payload.get("format") not in (None, FORMAT):
        raise Changed(f"It is written in another format than {FORMAT}, which a newer version of Maturity may read.")
    return value


def _check_ratings(payload: Payload, framework: FrameworkFile) -> None:
    """Raises Changed for ratings that the framework or the rules of anonymity do not allow."""
    assessment = payload.assessment
    asked = [c.key for c in framework.criteria if c.quick or assessment.questionnaire == "full"]
    if [criterion.key for criterion in payload.criteria] != asked:
        raise Changed("Its criteria are not those that the questionnaire asks.")
    instrument = framework.instrument()
    if assessment.rule not in instrument.rule_keys:
        raise Changed("Its framework does not have its scoring rule.")
    if sum(given.count for criterion in payload.criteria for given in criterion.votes or ()) > MAX_VOTES:
        raise Changed("It has more votes than this version can read.")
    codes = {c.key: {*c.scale.codes, scoring.NA} for c in instrument.criteria}
    for criterion in payload.criteria:
        votes = Counter({given.answer: given.count for given in criterion.votes or ()})
        given = set(votes) | ({criterion.rating} - {None})
        if given - codes[criterion.key] - {scoring.DK} or criterion.rating == scoring.DK:
            raise Changed(f"{criterion.key} is rated with a choice that its scale does not have.")
        if (criterion.votes is not None) != payload.votes or len(votes) != len(criterion.votes or ()):
            raise Changed(f"{criterion.key} has other votes than the file says.")
        if assessment.anonymous and 0 < votes.total() < anonymity.LEAST:
            raise Changed(f"{criterion.key} has too few votes for an anonymous assessment.")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is found about a file, in a word for programs and in lines for people.

    The lines say what stands in the file, which anybody may have made. None of it may move the cursor of a terminal,
    or begin a line of its own.
    """

    soundness: Soundness
    lines: list[str]
    opened: Opened | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", [in_one_line(line) for line in self.lines])


def in_one_line(text: str) -> str:
    """A text from a file in one line of limited length, with characters that cannot be seen as their number."""
    shown = text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def verdict(data: bytes, *, known: Collection[str]) -> Verdict:
    """Checks a file from the outside in; `known` are the public keys to trust, in base64."""
    try:
        file = opened(data)
    except Changed as error:
        return Verdict(soundness=Soundness.CHANGED, lines=["Changed.", str(error)])
    count = len(file.differences)
    if count:
        figures = ["These figures do not follow from the ratings in the file:", *file.differences[:MOST_DIFFERENCES]]
        if count > MOST_DIFFERENCES:
            figures.append(f"… and {count - MOST_DIFFERENCES} more.")
    else:
        figures = ["Every figure follows from the ratings in the file."]
    about = [*described(file), *file.payload.about]
    if file.key not in known:
        unknown = "The signature fits its key, but the key is not known here, so anyone may have made this file."
        hint = "Get the key of the installation from its address /.well-known/maturity-keys.json, and use --key."
        lines = ["Unknown key.", unknown, hint, f"Key: {file.key}", *about, *figures]
        return Verdict(soundness=Soundness.UNKNOWN_KEY, lines=lines, opened=file)
    if count:
        return Verdict(soundness=Soundness.DIFFERS, lines=["Figures differ.", *about, *figures], opened=file)
    return Verdict(soundness=Soundness.SOUND, lines=["Sound.", *about, *figures], opened=file)


def described(file: Opened) -> list[str]:
    """Which result it is, in one or two lines."""
    assessment, framework = file.payload.assessment, file.framework.framework
    team = assessment.team or "a team that is not named"
    questionnaire = "short questionnaire" if assessment.questionnaire == "short" else "full questionnaire"
    return [
        f"{team}, {assessment.date}, {framework.name} {framework.version}, {questionnaire}",
        f"Sealed by {file.payload.installation}; {assessment.responded} of {assessment.asked} people responded.",
    ]
