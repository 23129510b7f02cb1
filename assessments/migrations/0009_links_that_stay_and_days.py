"""Several links for each invitation, days where there were instants, and who counts as known."""

import django.db.models.deletion
from django.db import connection, migrations, models
from django.db.models import Q

DAYS = [("invitation", "expires_on"), ("invitation", "revoked_on"), ("participation", "submitted_on")]


def keep_days(apps, schema_editor):
    """PostgreSQL has turned instants into days with the type of the column; SQLite has kept their text."""
    if schema_editor.connection.vendor != "sqlite":
        return
    for model, field in DAYS:
        table = apps.get_model("assessments", model)._meta.db_table
        schema_editor.execute(f"UPDATE {table} SET {field} = date({field})")  # noqa: S608 - names of this file


def keep_links(apps, schema_editor):
    invitation = apps.get_model("assessments", "Invitation")
    link = apps.get_model("assessments", "InvitationLink")
    hashes = invitation.objects.exclude(token_hash=None).values_list("pk", "token_hash")
    links = [link(invitation_id=pk, token_hash=token_hash) for pk, token_hash in hashes.iterator()]
    link.objects.bulk_create(links, batch_size=1000)


def tell_who_counts(apps, schema_editor):
    """Only people who came by the shared link are unknown. Which answers are theirs cannot be told, so those count."""
    known = Q(user__isnull=False) | ~Q(invitation__email="")
    participation = apps.get_model("assessments", "Participation")
    mine = participation.objects.filter(known, assessment__anonymous=True).exclude(state="asked")
    participation.objects.filter(pk__in=mine.values("pk")).update(counts=True)
    respondent = apps.get_model("assessments", "Respondent")
    respondent.objects.filter(is_anonymous=True).update(counts=True)


def have_traces_cleared(apps, schema_editor):
    """Of anonymous answers from before traces were cleared."""
    ended = apps.get_model("assessments", "Assessment").objects.filter(anonymous=True)
    ended.filter(status__in=["review", "closed"]).update(has_traces=True)


def check_now(apps, schema_editor):
    """PostgreSQL alters no table that has rows whose references are still to be checked."""
    connection.check_constraints()


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0008_leave_out_few_votes"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="invitation", name="invitation_one_shared_link"),
        migrations.RemoveConstraint(model_name="participation", name="participation_submitted_has_time"),
        migrations.RemoveField(model_name="invitation", name="created_at"),
        migrations.RenameField(model_name="invitation", old_name="expires_at", new_name="expires_on"),
        migrations.RenameField(model_name="invitation", old_name="revoked_at", new_name="revoked_on"),
        migrations.RenameField(model_name="participation", old_name="submitted_at", new_name="submitted_on"),
        migrations.AlterField(
            model_name="invitation",
            name="expires_on",
            field=models.DateField(blank=True, help_text="The last day on which its links work.", null=True),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="revoked_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="participation",
            name="submitted_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="participation",
            name="counts",
            field=models.BooleanField(
                default=False,
                help_text="Whether it is known who this is, so that they count towards the people an anonymous one "
                "needs.",
            ),
        ),
        migrations.AddField(
            model_name="respondent",
            name="counts",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Anonymous only: whether they are among the four people who are needed. After the end all are.",
            ),
        ),
        migrations.AddField(
            model_name="assessment",
            name="has_traces",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Anonymous answering has ended, and what its old rows left in the database is to be cleared.",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_shared", True), ("revoked_on__isnull", True)),
                fields=("assessment",),
                name="invitation_one_shared_link",
                violation_error_message="There is a shared link already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "submitted"), ("submitted_on__isnull", False)),
                    models.Q(("state", "submitted"), _negated=True),
                    _connector="OR",
                ),
                name="participation_submitted_has_day",
                violation_error_message="A submitted participation needs its day.",
            ),
        ),
        migrations.CreateModel(
            name="InvitationLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="links",
                        to="assessments.invitation",
                    ),
                ),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("is_revoked", models.BooleanField(default=False)),
                ("opening_key", models.CharField(blank=True, editable=False, max_length=344)),
                ("sealed", models.CharField(blank=True, editable=False, max_length=500)),
            ],
        ),
        migrations.RunPython(keep_days, migrations.RunPython.noop),
        migrations.RunPython(keep_links, migrations.RunPython.noop),
        migrations.RunPython(tell_who_counts, migrations.RunPython.noop),
        migrations.RunPython(have_traces_cleared, migrations.RunPython.noop),
        migrations.RunPython(check_now, migrations.RunPython.noop),
        migrations.RemoveField(model_name="invitation", name="token_hash"),
    ]
