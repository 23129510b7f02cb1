"""What the long run works on, and how its database is asked about afterwards. Run by `manage.py shell`."""

#: Needs TEAMS and MEMBERS; prints what the people need as JSON.
SEED = """
import json
from django.test import Client
from assessments.models import Edition, Membership, Team, Unit, User

edition = Edition.objects.published().get(framework__key="devops")

def person(name, team=None, role="member", **rights):
    user = User.objects.create_user(f"{name}@example.org", name=name, **rights)
    if team:
        Membership.objects.create(user=user, team=team, role=role)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    return {"user": str(user.pk), "session": client.cookies["sessionid"].value, "team": team and str(team.pk)}

unit = Unit.objects.create(name="Long run")
teams = []
for n in range(TEAMS):
    team = Team.objects.create(unit=unit, name=f"Team {n}")
    lead = person(f"lead{n}", team, "lead")
    teams.append({"lead": lead, "members": [person(f"member{n}-{m}", team) for m in range(MEMBERS)]})
criteria = [(c.dimension.key, c.pk) for c in edition.criteria.select_related("dimension")]
print(json.dumps({
    "teams": teams,
    "readers": [person("reader", is_administrator=True), person("guest")],
    "edition": str(edition.pk), "framework": edition.framework.key,
    "criterion": edition.criteria.first().key, "criteria": criteria,
}))
"""

#: Prints what is stored, as JSON; needs nothing.
STORED = """
import json
from assessments.models import Action, Assessment, Rating, Result
ratings = Rating.objects.filter(answer="rated").values_list(
    "assessment_id", "respondent__user_id", "criterion_id", "choice__code"
)
print(json.dumps({
    "answers": [[str(a), str(u), c, code] for a, u, c, code in ratings],
    "assessments": [[str(pk), str(team)] for pk, team in Assessment.objects.values_list("pk", "team")],
    "results": [[str(pk), str(a)] for pk, a in Result.objects.values_list("pk", "assessment")],
    "actions": list(Action.objects.values_list("text", flat=True)),
}))
"""

#: Of each result, by its address: a digest of all its rows.
FROZEN = """
SELECT '/results/' || r.id || '/', md5(concat(r.*::text,
  (SELECT string_agg(p.*::text, '|' ORDER BY p.id) FROM assessments_partresult p WHERE p.result_id = r.id),
  (SELECT string_agg(c.*::text, '|' ORDER BY c.id) FROM assessments_criterionresult c WHERE c.result_id = r.id)))
FROM assessments_result r
"""
