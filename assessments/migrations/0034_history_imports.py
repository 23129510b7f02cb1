"""Earlier assessments come in from files; what a result was imported from is an installation or such a file."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0033_webhook_revision"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoryImport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(help_text="Of the file.", max_length=200)),
                (
                    "digest",
                    models.CharField(help_text="Of what the file says, so that it comes in once.", max_length=71),
                ),
                ("rule", models.CharField(blank=True, max_length=80)),
                (
                    "questionnaire",
                    models.CharField(
                        choices=[("full", "Full questionnaire"), ("short", "Short questionnaire")], max_length=5
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.edition"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["digest"],
                        name="history_import_once",
                        violation_error_message="These assessments were imported before.",
                    )
                ],
            },
        ),
        migrations.RenameField(model_name="provenance", old_name="installation", new_name="origin"),
        migrations.AlterField(
            model_name="provenance",
            name="origin",
            field=models.CharField(help_text="The other installation, or the name of a file.", max_length=200),
        ),
        migrations.AlterField(
            model_name="provenance",
            name="source",
            field=models.UUIDField(
                help_text="The assessment's id in the other installation; its own if it came in a batch."
            ),
        ),
        migrations.AlterField(
            model_name="provenance",
            name="digest",
            field=models.CharField(help_text="Of the payload of the sealed file, or of the batch.", max_length=71),
        ),
        migrations.AddField(
            model_name="provenance",
            name="batch",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="provenances",
                to="assessments.historyimport",
            ),
        ),
    ]
