"""Sealing a frozen result: one signed file that says everything about it and nothing about a person."""

import json
from typing import Any

from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from .. import scoring
from ..frameworks.storing import file_of
from ..models import CriterionResult, Event, Refused, Result, SealKey, User
from ..models.writing import writing
from .canonical import canonical
from .checking import opened
from .figures import frozen_figures
from .schema import FORMAT, KIND, MAX_VOTES
from .signing import own_public_key, own_signature


def sealed_name(result: Result, *, team: bool = True) -> str:
    """What the file is called."""
    name = slugify(f"{result.team_name if team else 'result'} {result.date.isoformat()}") or "result"
    return f"{name}.maturity.json"


def can_hold_votes(result: Result) -> bool:
    """Whether a file may hold how the votes are spread: with one person who answered, these would be their answers."""
    return result.respondents > 1


def seal_result(result: Result, *, by: User | None, votes: bool = False, team: bool = True) -> bytes:
    """The sealed file of a result. `votes`: with the votes per criterion; `team`: with the team's name.

    Raises Refused for votes of a single person, and if the figures do not follow from the ratings any more.
    """
    if votes and not can_hold_votes(result):
        raise Refused(
            _("Only one person answered, so the votes would be this person’s answers. Seal it without votes.")
        )
    payload = payload_of(result, votes=votes, team=team)
    signature = {"algorithm": "ed25519", "key": own_public_key(), "value": own_signature(canonical(payload))}
    data = canonical({"payload": payload, "signature": signature}) + b"\n"
    if opened(data).differences:
        raise Refused(_("The figures of this result no longer follow from its ratings, so it cannot be sealed."))
    with writing(by):
        SealKey.objects.note(own_public_key())
        Event.record(
            "result.sealed",
            by=by,
            team=result.team,
            assessment=result.assessment,
            result=str(result.pk),
            votes=votes,
        )
    return data


def payload_of(result: Result, *, votes: bool, team: bool) -> dict[str, Any]:
    """What is signed. It has no time of sealing: the same result gives the same bytes, on every database."""
    framework = file_of(result.edition)
    instrument = framework.instrument()
    scales = {criterion.key: criterion.scale for criterion in instrument.criteria}
    criteria = list(result.criteria.order_by("order"))
    if votes and sum(sum(row.votes.values()) for row in criteria) > MAX_VOTES:
        raise Refused(_("This result has more votes than a sealed file can hold. Seal it without votes."))
    assessment: dict[str, Any] = {
        "id": str(result.assessment_id),
        "date": result.date.isoformat(),
        "questionnaire": result.questionnaire,
        "rule": result.rule,
        "anonymous": result.assessment.anonymous,
        "generation": result.generation,
        "asked": result.participants,
        "responded": result.respondents,
    }
    if team:
        assessment["team"] = result.team_name
    # Only sums were ever counted in another way. Other files stay readable for versions that know the first one only.
    if framework.framework.method == scoring.SUMS and result.semantics != scoring.FIRST_SEMANTICS:
        assessment["semantics"] = result.semantics
    return {
        "format": FORMAT,
        "kind": KIND,
        "installation": settings.SITE_URL,
        "assessment": assessment,
        "votes": votes,
        "about": _withheld(result, votes=votes, team=team),
        "framework": json.loads(framework.canonical()),
        "digest": framework.digest,
        "criteria": [_criterion(row, scales[row.key], votes=votes) for row in criteria],
        "figures": frozen_figures(result, criteria, votes=votes),
    }


def _criterion(row: CriterionResult, scale: scoring.ScoredScale, *, votes: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"key": row.key, "rating": row.rating or None, "agreed": row.is_agreed}
    if votes:
        codes = [*scale.codes, scoring.NA, scoring.DK]
        data["votes"] = [{"answer": code, "count": row.votes[code]} for code in codes if row.votes.get(code)]
    return data


def _withheld(result: Result, *, votes: bool, team: bool) -> list[str]:
    """What the file leaves out, in words. Always in English: the words are signed, and the same for everybody."""
    sentences = ["Names of people, comments and evidence are left out."]
    if not votes:
        sentences.append("Votes are left out, and with them all figures about agreement, which follow from them.")
    if not team:
        sentences.append("The name of the team is left out.")
    if result.left_out:
        sentences.append(
            f"Withheld: {result.left_out} of {result.asked} criteria of this anonymous assessment have fewer than four "
            "votes. They count as unanswered, and no figure in this file depends on their votes."
        )
    return sentences
