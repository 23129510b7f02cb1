"""What the page of a team and that of a result are drawn from, in one small query or two.

Whether a page is as it was can be told from a few columns, without reading and drawing what is on it: results are
frozen, so which of them count is enough; of everything else here is what may change. Written by hand, as building it
from querysets takes several times as long as running it. A test holds the tables that each page reads against these.
"""

from uuid import UUID

from django.db import connection

from ..models import User
from ..models.built_once import bound
from ..models.installation import current_generation

#: Each row is a kind and five texts or nulls.
_TEAM_PAGE = """
    SELECT 'team', CAST(t.revision AS text), t.name, t.about, t.time_zone, u.name
    FROM assessments_team t
    JOIN assessments_unit u ON u.id = t.unit_id
    WHERE t.id = %(team)s
UNION ALL
    SELECT 'result', CAST(r.id AS text), CAST(r.is_current AS text), CAST(r.edition_id AS text),
        a.status || ' ' || r.former_team, p.origin
    FROM assessments_result r
    JOIN assessments_assessment a ON a.id = r.assessment_id
    LEFT JOIN assessments_provenance p ON p.assessment_id = a.id
    WHERE r.team_id = %(team)s
UNION ALL
    SELECT 'under way', CAST(a.id AS text), CAST(a.revision AS text), a.status, CAST(a.due AS text), p.state
    FROM assessments_assessment a
    LEFT JOIN assessments_participation p ON p.assessment_id = a.id AND p.user_id = %(user)s
    WHERE a.team_id = %(team)s AND a.status <> 'closed'
UNION ALL
    SELECT 'reopened', CAST(o.id AS text), CAST(o.at AS text), o.reason, '', ''
    FROM assessments_reopening o
    JOIN assessments_assessment a ON a.id = o.assessment_id
    WHERE a.team_id = %(team)s
UNION ALL
    SELECT 'fell', CAST(s.id AS text), CAST(s.at AS text), s.text, '', ''
    FROM assessments_setbackreason s
    JOIN assessments_result r ON r.id = s.result_id
    WHERE r.team_id = %(team)s
UNION ALL
    SELECT 'target', CAST(g.id AS text), CAST(g.revision AS text), CAST(g.level AS text), CAST(g.due AS text),
        g.dimension
    FROM assessments_target g
    WHERE g.team_id = %(team)s
UNION ALL
    SELECT 'action', CAST(n.id AS text), CAST(n.revision AS text), n.status, n.criterion, ''
    FROM assessments_action n
    WHERE n.team_id = %(team)s
UNION ALL
    SELECT 'figure', CAST(m.id AS text), CAST(m.revision AS text), '', '', ''
    FROM assessments_measurement m
    WHERE m.team_id = %(team)s
UNION ALL
    SELECT 'edition', CAST(e.id AS text), e.status, CAST(e.publication AS text), '', ''
    FROM assessments_edition e
    WHERE e.framework_id IN (SELECT framework_id FROM assessments_result WHERE team_id = %(team)s)
"""

_RESULT_PAGE = """
WITH shown AS (SELECT id, team_id, assessment_id, framework_id FROM assessments_result WHERE id = %(result)s)
    SELECT 'team', CAST(t.revision AS text), t.name, t.time_zone, u.name, ''
    FROM assessments_team t
    JOIN assessments_unit u ON u.id = t.unit_id
    WHERE t.id IN (SELECT team_id FROM shown)
UNION ALL
    SELECT 'result', CAST(r.id AS text), CAST(r.is_current AS text), r.former_team, '', ''
    FROM assessments_result r
    WHERE r.team_id IN (SELECT team_id FROM shown)
UNION ALL
    SELECT 'assessment', CAST(a.revision AS text), a.status, CAST(a.answers_removed_on AS text),
        CAST(a.comments_removed_on AS text), p.origin
    FROM assessments_assessment a
    LEFT JOIN assessments_provenance p ON p.assessment_id = a.id
    WHERE a.id IN (SELECT assessment_id FROM shown)
UNION ALL
    SELECT 'reopened', CAST(o.id AS text), CAST(o.result_id AS text), CAST(o.at AS text), o.reason,
        u.name || ' ' || u.email
    FROM assessments_reopening o
    LEFT JOIN assessments_user u ON u.id = o.by_id
    WHERE o.assessment_id IN (SELECT assessment_id FROM shown)
UNION ALL
    SELECT 'fell', CAST(s.id AS text), CAST(s.at AS text), s.text, u.name, u.email
    FROM assessments_setbackreason s
    JOIN assessments_result r ON r.id = s.result_id
    LEFT JOIN assessments_user u ON u.id = s.by_id
    WHERE r.assessment_id IN (SELECT assessment_id FROM shown)
UNION ALL
    SELECT 'target', CAST(g.id AS text), CAST(g.revision AS text), CAST(g.level AS text), CAST(g.due AS text),
        g.dimension
    FROM assessments_target g
    WHERE g.team_id IN (SELECT team_id FROM shown) AND g.framework_id IN (SELECT framework_id FROM shown)
UNION ALL
    SELECT 'figure', CAST(m.id AS text), CAST(m.revision AS text), '', '', ''
    FROM assessments_measurement m
    WHERE m.team_id IN (SELECT team_id FROM shown)
UNION ALL
    SELECT 'outside', CAST(o.id AS text), '', '', '', ''
    FROM assessments_outsidepart o
    WHERE o.result_id IN (SELECT id FROM shown)
UNION ALL
    SELECT 'edition', CAST(e.id AS text), e.status, CAST(e.publication AS text), '', ''
    FROM assessments_edition e
    WHERE e.framework_id IN (SELECT framework_id FROM shown)
UNION ALL
    SELECT 'person', CAST(p.id AS text), CAST(p.user_id AS text), u.name || ' ' || u.email, i.name, i.email
    FROM assessments_respondent p
    LEFT JOIN assessments_user u ON u.id = p.user_id
    LEFT JOIN assessments_invitation i ON i.id = p.invitation_id
    WHERE p.assessment_id IN (SELECT assessment_id FROM shown)
UNION ALL
    SELECT 'agreed', CAST(g.id AS text), CAST(g.revision AS text), g.note, g.reason, ''
    FROM assessments_agreedrating g
    WHERE g.assessment_id IN (SELECT assessment_id FROM shown)
"""

#: What people said, which retention and leaving take away again. By itself, as there are many of these.
_SAID = """
    SELECT CAST(s.id AS text), CAST(s.respondent_id AS text), s.choice_id, s.answer, s.reason, s.comment, s.evidence
    FROM assessments_rating s
    WHERE s.assessment_id IN (SELECT assessment_id FROM assessments_result WHERE id = %(result)s)
    ORDER BY s.id
"""

State = list[tuple[str | None, ...]]


def team_page_state(team: UUID, viewer: User) -> tuple[str, State, str]:
    """The same values as long as the page of the team has the same on it for people with the same roles, on one day.

    It is to be asked for before anything is read for the page: what changes in between is then on a page that the next
    state has another name for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TEAM_PAGE, {"team": bound(team), "user": bound(viewer.pk)})
        rows = sorted(cursor.fetchall(), key=repr)
    # Frameworks are drawn as the memory of this process has them, and it has them by the generation.
    return str(team), rows, str(current_generation())


def result_page_state(result: UUID) -> tuple[str, State, State, str]:
    """The same for the page of a result. What a person may know of the answers is for the page to add."""
    with connection.cursor() as cursor:
        cursor.execute(_RESULT_PAGE, {"result": bound(result)})
        rows = sorted(cursor.fetchall(), key=repr)
        cursor.execute(_SAID, {"result": bound(result)})
        said = cursor.fetchall()
    return str(result), rows, said, str(current_generation())
