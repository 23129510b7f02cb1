"""Orders the results of one day by the first closing of their assessment, and gives exact figures any width."""

from itertools import groupby

from django.db import migrations, models

EXACT = {
    "criterionresult": ["points_exact", "rwg_exact", "share_exact"],
    "partresult": ["agreement_exact", "index_best_exact", "index_exact"],
    "result": ["agreement_exact", "alpha_exact", "index_best_exact", "index_exact"],
}
BATCH = 500


def number_closings(apps, schema_editor):
    """The first generation of a result tells when its assessment was first closed."""
    results = apps.get_model("assessments", "Result").objects.using(schema_editor.connection.alias)
    first = results.filter(generation=1).order_by("team", "created_at", "pk").values_list("team", "assessment")
    by_number = {}
    for _, rows in groupby(first, key=lambda row: row[0]):
        for number, (_, assessment) in enumerate(rows, 1):
            by_number.setdefault(number, []).append(assessment)
    # One is what they all have already.
    by_number.pop(1, None)
    for number, assessments in by_number.items():
        for start in range(0, len(assessments), BATCH):
            results.filter(assessment__in=assessments[start : start + BATCH]).update(closing=number)


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0006_confirmed_accounts"),
    ]

    operations = [
        migrations.AlterModelOptions(name="result", options={"ordering": ["-date", "-closing", "-pk"]}),
        migrations.RemoveIndex(model_name="result", name="result_line"),
        migrations.AddField(
            model_name="result",
            name="closing",
            field=models.PositiveIntegerField(
                default=1,
                help_text="Which closing of the team the first one was: orders the results of one day.",
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="result",
            index=models.Index(
                condition=models.Q(is_current=True),
                fields=["framework", "rule", "questionnaire", "team", "-date", "-closing"],
                name="result_line",
            ),
        ),
        *(
            migrations.AlterField(model_name=model, name=field, field=models.TextField(blank=True))
            for model, fields in EXACT.items()
            for field in fields
        ),
        migrations.RunPython(number_closings, migrations.RunPython.noop),
    ]
