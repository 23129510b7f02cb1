"""Who joined after an assessment was closed does not read its comments."""

import django.utils.timezone
from django.db import migrations, models


def take_from_journal(apps, schema_editor):
    """When people joined; of those of whom the journal does not say it, it was before there was one."""
    membership = apps.get_model("assessments", "Membership")
    events = apps.get_model("assessments", "Event").objects.filter(kind="member.added", team__isnull=False)
    joined = {}
    for team, data, at in events.order_by("pk").values_list("team_id", "data", "at").iterator():
        joined[str(team), data.get("person", "")] = at
    for row in membership.objects.filter(team__isnull=False).iterator():
        row.reads_comments_since = joined.get((str(row.team_id), str(row.user_id)))
        if row.reads_comments_since:
            row.save(update_fields=["reads_comments_since"])


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0010_outbox"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="reads_comments_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(take_from_journal, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="membership",
            name="reads_comments_since",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, null=True),
        ),
    ]
