"""Orders editions, targets and assessments by numbers, so that a clock that is set back turns nothing round."""

from itertools import groupby

from django.db import migrations, models

from assessments.models.edition_triggers import thawed


def number_publications(apps, schema_editor):
    using = schema_editor.connection.alias
    editions = apps.get_model("assessments", "Edition").objects.using(using)
    published = list(
        editions.exclude(published_at=None)
        .order_by("published_at", "pk")
        .values_list("pk", "framework", "published_at")
    )
    with thawed(using):
        for number, (pk, *_) in enumerate(published, 1):
            editions.filter(pk=pk).update(publication=number)
    targets = apps.get_model("assessments", "Target").objects.using(using)
    # In the order of their numbers, so that each target keeps the last one before it was set.
    for number, (_, framework, published_at) in enumerate(published, 1):
        targets.filter(framework=framework, set_at__gte=published_at).update(publication=number)


def number_assessments(apps, schema_editor):
    assessments = apps.get_model("assessments", "Assessment").objects.using(schema_editor.connection.alias)
    # Drafts have not been opened: they come last.
    opened = models.F("opened_at").asc(nulls_last=True)
    rows = assessments.order_by("team", opened, "pk").values_list("team", "pk")
    by_number = {}
    for _, of_team in groupby(rows, key=lambda row: row[0]):
        for number, (_, pk) in enumerate(of_team, 1):
            by_number.setdefault(number, []).append(pk)
    for number, keys in by_number.items():
        for start in range(0, len(keys), 500):
            assessments.filter(pk__in=keys[start : start + 500]).update(number=number)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0012_revisions")]

    operations = [
        migrations.AlterModelOptions(name="assessment", options={"ordering": ["-date", "-number"]}),
        migrations.AlterModelOptions(name="edition", options={"ordering": ["-origin", "-publication"]}),
        migrations.AlterModelOptions(name="event", options={"ordering": ["-pk"]}),
        migrations.AlterModelOptions(name="reopening", options={"ordering": ["pk"]}),
        migrations.AlterModelOptions(name="setbackreason", options={"ordering": ["pk"]}),
        migrations.RemoveConstraint(model_name="edition", name="edition_published_has_digest"),
        migrations.AddField(
            model_name="assessment",
            name="number",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="Which one of the team it is: orders those of one day."
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="publication",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="Which publication of all it was. Editions are ordered by it, as a clock can be set back.",
                null=True,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="publication",
            field=models.PositiveIntegerField(
                default=0,
                help_text="The newest publication of the framework when it was set: a later ladder asks for it again.",
            ),
        ),
        migrations.RunPython(number_publications, migrations.RunPython.noop),
        migrations.RunPython(number_assessments, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "draft"),
                    models.Q(
                        models.Q(("digest", ""), _negated=True),
                        ("publication__isnull", False),
                        ("published_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="edition_published_has_digest",
                violation_error_message="A published edition needs its digest and the time of publishing.",
            ),
        ),
    ]
