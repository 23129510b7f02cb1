"""What people said behind a result, as far as the person who looks may know it."""

from random import SystemRandom
from typing import NamedTuple

from django.utils.translation import gettext as _

from ..models import Rating, Respondent, Result, User
from ..permissions.access import Permissions
from ..permissions.roles import Permission


class Voice(NamedTuple):
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


def said_behind(
    result: Result, viewer: User, may: Permissions, *, hides_others: bool
) -> tuple[dict[str, list[Voice]], dict[str, str]]:
    """By criterion key, what people said and what the group noted, as far as page and file may show it to the viewer.

    `hides_others`: of what people said, only what the viewer did.
    """
    if not may(Permission.SEE_VOTES):
        return {}, {}
    voices = voices_behind(result, viewer, names=may(Permission.SEE_NAMES), hides_others=hides_others)
    return voices, notes_behind(result)


def voices_behind(result: Result, viewer: User, *, names: bool, hides_others: bool = False) -> dict[str, list[Voice]]:
    """By criterion key, what was said. Without names, a vote is shown only to the person who gave it.

    Empty for an earlier generation and while the assessment is open again: ratings may have changed since, and a result
    keeps no comments of its own. `hides_others`: only what the viewer said.
    """
    if not result.is_current or not result.assessment.is_closed:
        return {}
    if result.assessment.anonymous:
        return {} if hides_others else _nobodys_voices(result)
    # Rows without their criteria and choices, which are in memory: of 3 people and 68 criteria 1.5 ms instead of 9.
    contents = result.edition.contents
    codes = {choice.pk: choice.code for scale in contents.scales for choice in scale.choices.all()}
    respondents = Respondent.objects.filter(assessment=result.assessment_id).select_related("user", "invitation")
    who_by_respondent = {respondent.pk: respondent.who for respondent in respondents}
    own = {respondent.pk for respondent in respondents if respondent.user_id == viewer.pk}
    rows = Rating.objects.filter(assessment=result.assessment_id)
    # By name only for who sees names: elsewhere any order would tell whose comments belong together.
    rows = rows.order_by("respondent__user__name" if names else "pk")
    voices: dict[str, list[Voice]] = {}
    for respondent, criterion, choice, answer, reason, comment, evidence in rows.values_list(
        "respondent_id", "criterion_id", "choice_id", "answer", "reason", "comment", "evidence"
    ):
        mine = respondent in own
        if hides_others and not mine:
            continue
        shows_vote = names or mine
        if not shows_vote and not (comment or evidence or reason):
            continue
        voice = Voice(
            who=who_by_respondent[respondent] if names else "",
            mine=mine,
            code=(codes[choice] if choice else answer) if shows_vote else "",
            reason=reason,
            comment=comment,
            evidence=evidence,
        )
        voices.setdefault(contents.criterion_by_pk[criterion].key, []).append(voice)
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
