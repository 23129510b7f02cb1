from django.db import migrations, models


class Migration(migrations.Migration):
    """The day by which answers are wanted is never before the assessment's date, not even once it was opened."""

    dependencies = [("assessments", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="assessment", name="assessment_due_after_date"),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(("due__isnull", True), ("due__gte", models.F("date")), _connector="OR"),
                name="assessment_due_after_date",
                violation_error_message="Answers cannot be wanted before the date of the assessment.",
            ),
        ),
    ]
