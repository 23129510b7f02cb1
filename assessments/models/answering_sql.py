"""The SQL statements that run for every saved answer, written by hand.

A whole team answers at once, and building these from querysets takes several times as long as running them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from .built_once import bound
from .edition_parts import Criterion, Dimension
from .participation import Answerer, Guest, invite_hash
from .ratings import Rating, Respondent
from .teams import Membership

if TYPE_CHECKING:
    from .answering import Answering


_LOCK = "SELECT status FROM assessments_assessment WHERE id = %s"
# The person first, see `writing`.
_LOCK_FOR = "SELECT a.status FROM assessments_user u, assessments_assessment a WHERE u.id = %s AND a.id = %s"

# One row for anyone who may answer now, none for anybody else; values that do not exist yet are null.
_PLACE = """
    SELECT {columns}, p.id
    FROM {let_in} who
    LEFT JOIN assessments_respondent p ON p.assessment_id = %s AND p.{known_by} = %s
    LEFT JOIN assessments_rating r ON r.respondent_id = p.id AND r.criterion_id = %s
    WHERE {condition}
"""
_ROLES = ", ".join(f"'{role}'" for role in sorted(Membership.ANSWERING))
_MEMBER = {
    "let_in": "assessments_membership",
    "condition": f"who.team_id = %s AND who.user_id = %s AND who.role IN ({_ROLES})",
}
# A link that belongs to an account works as long as the account may answer for the team.
_GUEST = {
    "let_in": "assessments_invitation",
    "condition": f"""who.assessment_id = %s AND who.id = %s AND who.revoked_on IS NULL
    AND (who.expires_on IS NULL OR who.expires_on >= %s)
    AND EXISTS (
        SELECT 1
        FROM assessments_invitationlink l
        WHERE l.invitation_id = who.id AND l.token_hash = %s AND NOT l.is_revoked
    )
    AND (who.user_id IS NULL OR EXISTS (
        SELECT 1
        FROM assessments_membership m
        JOIN assessments_assessment a ON a.team_id = m.team_id
        JOIN assessments_user u ON u.id = m.user_id
        WHERE a.id = who.assessment_id AND m.user_id = who.user_id AND u.is_active AND m.role IN ({_ROLES})
    ))""",  # noqa: S608 - the roles are of this program
}

_ANSWERED = """
    SELECT r.criterion_id
    FROM assessments_respondent p
    JOIN assessments_rating r ON r.respondent_id = p.id
    WHERE p.assessment_id = %s AND p.{known_by} = %s AND r.answer <> ''
"""

# Every answer, and the whole rating only if the page of its dimension shows it: null columns cost nothing to read.
_ANSWERS_AROUND = """
    SELECT r.criterion_id, r.answer <> '', {columns}
    FROM assessments_respondent p
    JOIN assessments_rating r ON r.respondent_id = p.id
    LEFT JOIN assessments_criterion c ON c.id = r.criterion_id AND c.dimension_id = %s
    WHERE p.assessment_id = %s AND p.{known_by} = %s
"""

# The row of a respondent for a criterion, new or not. Its key and its assessment stay what they were.
_FIELDS = Rating._meta.concrete_fields
_COLUMNS = [field.attname for field in _FIELDS]
# When it was saved is not asked before it is saved anew.
_READ = [field for field in _FIELDS if field.attname != "saved_at"]
_KEPT = {"id", "assessment_id", "respondent_id", "criterion_id"}
_STORE = f"""
    INSERT INTO assessments_rating ({", ".join(_COLUMNS)})
    VALUES ({", ".join("%s" for _ in _COLUMNS)})
    ON CONFLICT (respondent_id, criterion_id) DO UPDATE
    SET {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS if column not in _KEPT)}
"""  # noqa: S608 - of this file and names of columns


def _fetched(statement: str, *parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [bound(value) for value in parameters])
        return cursor.fetchall()


def _rating(stored: Sequence[Any]) -> Rating:
    """A stored rating, not by `raw`, which looks at the names of the columns each time."""
    values = [field.to_python(value) for field, value in zip(_READ, stored, strict=True)]
    return Rating.from_db(connection.alias, [field.attname for field in _READ], values)


def lock(assessment: "Answering", who: Answerer) -> str | None:
    """Locks the assessment until the transaction ends and returns its status now; None if it is gone.

    Also locks the person who answers, so that they cannot be erased; None if they have been. Not in an anonymous
    assessment, where the lock would leave the number of this transaction with the person.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a lock ends with its transaction, so there must be one")
    locks = connection.features.has_select_for_no_key_update
    person = None if assessment.anonymous else who.invitation.user_id if isinstance(who, Guest) else who.pk
    if person is None:
        rows = _fetched(_LOCK + (" FOR NO KEY UPDATE" if locks else ""), assessment.pk)
    else:
        both = " FOR KEY SHARE OF u FOR NO KEY UPDATE OF a" if locks else ""
        rows = _fetched(_LOCK_FOR + both, person, assessment.pk)
    return rows[0][0] if rows else None


def place(assessment: "Answering", who: Answerer, criterion: Criterion | None = None) -> Rating | None:
    """The stored or new rating for somebody's answer to the criterion; None if they may not answer.

    Before their first answer the respondent is None.
    """
    key, value = Respondent.objects.known_by(who, anonymous=assessment.anonymous)
    # None only if the caller wants the respondent alone; such a rating is not stored.
    criterion_id: Any = criterion.pk if criterion else None
    if isinstance(who, Guest):
        kind = _GUEST
        gate = [assessment.pk, who.invitation.pk, timezone.localdate(), invite_hash(who.token)]
    else:
        kind = _MEMBER
        gate = [assessment.team_id, who.pk]
    columns = ", ".join(f"r.{field.attname}" for field in _READ)
    statement = _PLACE.format(columns=columns, known_by=key, **kind)
    rows = _fetched(statement, assessment.pk, value, criterion_id, *gate)
    if not rows:
        return None
    *stored, respondent = rows[0]
    if stored[0]:
        return _rating(stored)
    respondent_id = Respondent._meta.pk.to_python(respondent)
    return Rating(assessment_id=assessment.pk, respondent_id=respondent_id, criterion_id=criterion_id)


def answered(assessment: "Answering", who: Answerer) -> list[int]:
    """Primary keys of the criteria that somebody has answered, including with “I do not know”."""
    key, value = Respondent.objects.known_by(who, anonymous=assessment.anonymous)
    return [pk for (pk,) in _fetched(_ANSWERED.format(known_by=key), assessment.pk, value)]


def answers_around(assessment: "Answering", who: Answerer, dimension: Dimension) -> tuple[list[int], dict[int, Rating]]:
    """What `answered` tells, and somebody's ratings of the criteria of a dimension by the id of the criterion."""
    key, value = Respondent.objects.known_by(who, anonymous=assessment.anonymous)
    columns = ", ".join(f"CASE WHEN c.id IS NOT NULL THEN r.{field.attname} END" for field in _READ)
    statement = _ANSWERS_AROUND.format(columns=columns, known_by=key)
    rows = _fetched(statement, dimension.pk, assessment.pk, value)
    answered = [pk for pk, is_answered, *_ in rows if is_answered]
    return answered, {pk: _rating(stored) for pk, _, *stored in rows if stored[0]}


def store(rating: Rating) -> None:
    """Stores a rating, new or not, in the respondent's row for the criterion."""
    values = [field.get_db_prep_save(getattr(rating, field.attname), connection) for field in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, values)
    rating._state.adding = False
    rating._state.db = connection.alias
