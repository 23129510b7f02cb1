from django.db import migrations, models

#: What the journal calls the first thing that happens to an account.
BEGINNINGS = ["account.first", "account.added", "manager.added", "member.added"]


def confirm_what_administrators_made(apps, schema_editor):
    """Until now anyone who made an account saw its link. Only administrators are trusted to have passed it on.

    Of an account that the journal does not name nothing is known, so it is not confirmed.
    """
    user = apps.get_model("assessments", "User")
    events = apps.get_model("assessments", "Event").objects.filter(kind__in=BEGINNINGS).order_by("pk")
    made_by_administrator: dict[str, bool] = {}
    for data, is_administrator in events.values_list("data", "actor__is_administrator").iterator():
        made_by_administrator.setdefault(data.get("person", ""), bool(is_administrator))

    with_password = user.objects.exclude(password__startswith="!")  # noqa: S106 - what no password looks like
    confirmed = [pk for pk in with_password.values_list("pk", flat=True) if made_by_administrator.get(str(pk))]
    for start in range(0, len(confirmed), 500):
        user.objects.filter(pk__in=confirmed[start : start + 500]).update(is_confirmed=True)
    user.objects.filter(is_demo=True).update(is_confirmed=True)


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0005_progress"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_confirmed",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="user",
            name="session_generation",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(confirm_what_administrators_made, migrations.RunPython.noop),
    ]
