"""Criteria of anonymous assessments that fewer than four people voted on count as unanswered.

Results that were frozen earlier counted such votes without showing them. They are marked and worked out again from
what they show of each criterion, so that no figure depends on what they do not show.
"""

from dataclasses import replace

from django.db import migrations, models
from django.db.models import F

from assessments import scoring
from assessments.models.assessments import instrument_of
from assessments.models.frameworks import Contents
from assessments.models.results import Figures

#: Figures about votes were taken over what is shown already.
KEPT = {"agreement_exact", "agreement", "discuss"}


def work_out_again(apps, schema_editor):
    Result = apps.get_model("assessments", "Result")
    Event = apps.get_model("assessments", "Event")
    marked = Result.objects.filter(criteria__withheld=True).distinct().select_related("edition", "assessment")
    for result in marked.iterator(chunk_size=100):
        criteria = list(result.criteria.all())
        score = _score(result, criteria)
        _take(result, Figures.values_of(score.whole, result.rule))
        result.warnings = list(score.applicability_warnings)
        result.respondents = _respondents(result, criteria)
        result.worked_out_again = True
        result.save()
        for part in result.parts.all():
            of_kind = score.groups if part.kind == "group" else score.dimensions
            _take(part, Figures.values_of(of_kind[part.key], result.rule))
            part.save()
        blockers = {key: rank for rank, key in enumerate(score.whole.outcomes[result.rule].blockers)}
        for row in criteria:
            row.blocker = blockers.get(row.key)
            if row.withheld:
                # As an unanswered criterion is frozen.
                row.withheld, row.points_exact, row.points = False, "0", 0
        result.criteria.bulk_update(criteria, ["withheld", "points_exact", "points", "blocker"])
        Event.objects.create(
            kind="result.worked-out-again",
            team_id=result.team_id,
            assessment_id=result.assessment_id,
            data={"result": str(result.pk)},
        )
    anonymous = Result.objects.filter(assessment__anonymous=True)
    anonymous.update(left_out=F("asked") - F("answered") - F("not_applicable"))


def _score(result, criteria):
    """What the criteria come to by the ratings that are shown, as was counted then; the others are unanswered."""
    shown = {row.key: row.rating or None for row in criteria}
    instrument = instrument_of(result.edition, Contents(result.edition)).restricted_to(shown)
    return scoring.score(replace(instrument, semantics=scoring.FIRST_SEMANTICS), [shown])


def _respondents(result, criteria) -> int:
    """People who voted on anything that is shown."""
    shown = [row.key for row in criteria if row.votes]
    votes = result.assessment.ratings.filter(criterion__key__in=shown, answer__in=["rated", scoring.NA])
    return votes.order_by().values("respondent").distinct().count()


def _take(row, values):
    """Takes over the figures that this table has at this point of its history."""
    for field in row._meta.fields:
        if field.name in values and field.name not in KEPT:
            setattr(row, field.name, values[field.name])


class Migration(migrations.Migration):
    dependencies = [("assessments", "0007_results_in_time")]

    operations = [
        migrations.AddField(
            model_name="result",
            name="left_out",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Criteria of an anonymous assessment with fewer than four votes: they count as unanswered.",
            ),
        ),
        migrations.AddField(
            model_name="result",
            name="worked_out_again",
            field=models.BooleanField(
                default=False, help_text="Frozen when such votes still counted, and worked out again without them."
            ),
        ),
        migrations.RunPython(work_out_again, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="criterionresult", name="criterion_withheld_tells_nothing"),
        migrations.RemoveField(model_name="criterionresult", name="withheld"),
    ]
