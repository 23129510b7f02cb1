"""What people said behind a result, as far as the person who looks may know it."""

from dataclasses import dataclass
from random import SystemRandom

from django.utils.translation import gettext as _

from ..models import Rating, Result, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One person's answer to a criterion; `who` is empty if names are not shown."""

    who: str
    mine: bool
    code: str
    reason: str
    comment: str
    evidence: str

    @property
    def speaker(self) -> str:
        """Who said it, as far as that is shown."""
        if self.who:
            return self.who
        return _("You") if self.mine else _("A comment")


def voices_behind(result: Result, viewer: User, *, names: bool, hides_others: bool = False) -> dict[str, list[Voice]]:
    """By criterion key, what was said. Without names, a vote is shown only to the person who gave it.

    Empty for an earlier generation and while the assessment is open again: ratings may have changed since, and a result
    keeps no comments of its own. `hides_others`: only what the viewer said.
    """
    if not result.is_current or not result.assessment.is_closed:
        return {}
    if result.assessment.anonymous:
        return {} if hides_others else _nobodys_voices(result)
    rows = Rating.objects.filter(assessment=result.assessment_id)
    rows = rows.select_related("respondent__user", "respondent__invitation", "choice", "criterion")
    # By name only for who sees names: elsewhere any order would tell whose comments belong together.
    rows = rows.order_by("respondent__user__name" if names else "pk")
    voices: dict[str, list[Voice]] = {}
    for rating in rows:
        user = rating.respondent.user
        mine = user is not None and user.pk == viewer.pk
        if hides_others and not mine:
            continue
        shows_vote = names or mine
        if not shows_vote and not (rating.comment or rating.evidence or rating.reason):
            continue
        voice = Voice(
            who=rating.respondent.who if names else "",
            mine=mine,
            code=rating.code if shows_vote else "",
            reason=rating.reason,
            comment=rating.comment,
            evidence=rating.evidence,
        )
        voices.setdefault(rating.criterion.key, []).append(voice)
    return voices


def is_mine_alone(result: Result, voices: dict[str, list[Voice]]) -> bool:
    """Whether nobody else answered, so that the medians that others see are the votes of the person who looks."""
    said = (voice for of_criterion in voices.values() for voice in of_criterion)
    return result.respondents == 1 and any(voice.mine for voice in said)


def _nobodys_voices(result: Result) -> dict[str, list[Voice]]:
    """Comments of an anonymous assessment: in random order, without votes, none where fewer than four people voted."""
    shown = set(result.criteria.exclude(votes={}).values_list("key", flat=True))
    rows = Rating.objects.filter(assessment=result.assessment_id, criterion__key__in=shown)
    voices: dict[str, list[Voice]] = {}
    for key, reason, comment, evidence in rows.values_list("criterion__key", "reason", "comment", "evidence"):
        # A reason is shown like any comment: marked as one, it would be a vote with words to it.
        for text, link in ((reason, ""), (comment, evidence)):
            if text or link:
                voice = Voice(who="", mine=False, code="", reason="", comment=text, evidence=link)
                voices.setdefault(key, []).append(voice)
    for said in voices.values():
        SystemRandom().shuffle(said)
    return voices


def notes_behind(result: Result) -> dict[str, str]:
    """By criterion key, what the group noted when it agreed; nothing where that may have changed since."""
    if not result.is_current or not result.assessment.is_closed:
        return {}
    rows = result.assessment.agreed_ratings.values_list("criterion__key", "note", "reason")
    return {key: " – ".join(part for part in (reason, note) if part) for key, note, reason in rows}
