"""What people said behind a result, as far as the person who looks may know it."""

from dataclasses import dataclass

from .models import Rating, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One person's answer to a criterion; `who` is empty where names are not shown."""

    who: str
    mine: bool
    code: str
    reason: str
    comment: str
    evidence: str


def voices_behind(result: Result, viewer, *, names: bool) -> dict[str, list[Voice]]:
    """By criterion key, what was said. Without names a vote is told only to the person who gave it.

    Empty for an earlier generation and while the assessment is open again: ratings may have changed since, and a result
    keeps no comments of its own.
    """
    if not result.is_current or not result.assessment.is_closed or result.assessment.anonymous:
        return {}
    rows = Rating.objects.filter(assessment=result.assessment_id)
    rows = rows.select_related("respondent__user", "choice", "criterion")
    # By name only for who sees names: elsewhere the order would tell who comes first in the alphabet.
    rows = rows.order_by("respondent__user__name" if names else "respondent")
    voices: dict[str, list[Voice]] = {}
    for rating in rows:
        user = rating.respondent.user
        mine = user is not None and user.pk == viewer.pk
        told = names or mine
        if not told and not (rating.comment or rating.evidence or rating.reason):
            continue
        voice = Voice(
            who=str(user or "Somebody who has left") if names else "",
            mine=mine,
            code=rating.code if told else "",
            reason=rating.reason,
            comment=rating.comment,
            evidence=rating.evidence,
        )
        voices.setdefault(rating.criterion.key, []).append(voice)
    return voices
