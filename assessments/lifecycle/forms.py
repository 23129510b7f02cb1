"""Forms of the assessment's life: starting, answering, moving the due day, reopening."""

import datetime
from fractions import Fraction

from django import forms
from django.conf import settings

from .. import scoring
from ..models import Edition, Questionnaire
from ..models.assessments import minutes
from ..scoring import anonymity
from ..web.form_fields import AccountField, DayField
from ..web.revised_forms import RevisedForm


class EditionChoice(forms.ModelChoiceField):
    def label_from_instance(self, edition):
        return f"{edition.name} {edition.version}"


class EditionForm(forms.Form):
    """Which edition to start with; its rules and questionnaires are asked for on the same page."""

    edition = EditionChoice(Edition.objects.none(), label="Framework", empty_label=None)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["edition"].queryset = Edition.objects.published().select_related("framework")


class StartForm(forms.Form):
    """Everything that a new assessment needs, for one edition and one team."""

    date = DayField(help_text="The day the result will stand for.")
    due = DayField(required=False, label="Answers wanted by")
    questionnaire = forms.ChoiceField(widget=forms.RadioSelect, choices=Questionnaire, initial="full")
    rule = forms.ChoiceField(widget=forms.RadioSelect, label="When is a level reached?")
    anonymous = forms.TypedChoiceField(
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        label="Who sees who said what?",
        choices=[
            ("no", "Named: the lead sees who gave which answer, everybody else sees only how the votes are spread."),
            (
                "yes",
                "Anonymous: no one using Maturity can see who gave which answer, and once answering has ended, the "
                "database no longer contains it either. Four people whom it knows have to submit: members of the team, "
                "or people invited by email. Anyone can come by the shared link more than once, so with that link "
                "alone an assessment cannot be anonymous. A question that fewer than four of them voted on counts as "
                "unanswered, and a lost personal link cannot be replaced.",
            ),
        ],
        initial="no",
        help_text="This cannot be changed later.",
    )
    facilitator = AccountField(
        required=False, label="Facilitator, by address", help_text="Leads through the review; otherwise the lead does."
    )
    as_draft = forms.BooleanField(
        required=False, label="Prepare it first: nobody can answer until I open it", help_text=""
    )

    def __init__(self, *args, team, edition, **kwargs):
        self.contents, self.team = edition.contents, team
        kwargs["initial"] = {"date": team.today(), "rule": self.contents.default_rule, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        if self.contents.quick_keys:
            full, short = len(self.contents.criteria), len(self.contents.quick_keys)
            self.fields["questionnaire"].choices = [
                ("full", f"Full: {full} questions, about {minutes(full)} minutes"),
                (
                    "short",
                    f"Short: {short} questions, about {minutes(short)} minutes. "
                    "Shown apart from full results; targets and roadmap need a full one.",
                ),
            ]
        else:
            del self.fields["questionnaire"]
        if self.contents.rules:
            self.fields["rule"].choices = [
                (rule["key"], f"{rule['name']}: {explained(rule, self.contents)}") for rule in edition.scoring["rules"]
            ]
        else:
            del self.fields["rule"]

    def clean_date(self):
        date = self.cleaned_data["date"]
        if date > self.team.today() + datetime.timedelta(days=366):
            raise forms.ValidationError("Choose a day within a year from now: it would be the newest result till then.")
        return date

    def clean(self):
        cleaned = super().clean() or {}
        date, due = cleaned.get("date"), cleaned.get("due")
        if date and due and due < date:
            self.add_error("due", "Answers cannot be wanted before the date of the assessment.")
        if cleaned.get("anonymous"):
            self._refuse_with_shared_link_alone()
        return cleaned

    def _refuse_with_shared_link_alone(self) -> None:
        """Without mail only members are invited by name."""
        members = self.team.memberships.answering().count()
        if settings.MAIL_ENABLED or members >= anonymity.LEAST:
            return
        self.add_error(
            "anonymous",
            f"An anonymous assessment needs four people whom it knows. {members} "
            f"{'person answers' if members == 1 else 'people answer'} for this team, and mail is not set up here, so "
            "everyone else would come by the shared link. Add members first, or choose a named assessment.",
        )

    def terms(self) -> dict:
        """What AssessmentQuerySet.start takes."""
        cleaned = self.cleaned_data
        return {"questionnaire": "full", "rule": "", **cleaned, "anonymous": bool(cleaned["anonymous"])}


def explained(rule: dict, contents) -> str:
    """A scoring rule in one sentence, such as `every criterion up to the level is rated at least Largely achieved`."""
    at, below = _threshold(rule["at"], contents), _threshold(rule["below"], contents)
    if rule["unit"] == "cell":
        return f"on average each dimension earns {at} at the level itself and {below} at every level under it."
    if at == below:
        return f"every criterion up to the level is rated {at}."
    return f"every criterion of the level is rated {at}, and every one under it {below}."


def _threshold(threshold: dict, contents) -> str:
    (kind, value), *_ = threshold.items()
    points = scoring.exact(value)
    for choice in contents.scales[0].choices.all() if len(contents.scales) == 1 and kind == "at_least" else []:
        if Fraction(choice.value, max(c.value for c in contents.scales[0].choices.all())) >= points:
            return f"{choice.name} or better" if points < 1 else choice.name
    return f"{'at least' if kind == 'at_least' else 'more than'} {scoring.percent(points)} % of the points"


class DueForm(RevisedForm):
    due = DayField(required=False, label="Answers wanted by")

    def __init__(self, *args, assessment, **kwargs):
        self.assessment = assessment
        super().__init__(*args, **{"initial": {"due": assessment.due, "revision": assessment.revision}, **kwargs})

    def clean_due(self):
        due = self.cleaned_data["due"]
        if due and due < self.assessment.date:
            raise forms.ValidationError("Answers cannot be wanted before the date of the assessment.")
        return due


class FacilitatorForm(RevisedForm):
    facilitator = AccountField(required=False, label="Facilitator, by address")

    def __init__(self, *args, assessment, **kwargs):
        present = assessment.facilitator.email if assessment.facilitator else ""
        stored = {"facilitator": present, "revision": assessment.revision}
        super().__init__(*args, **{"initial": stored, **kwargs})


class ReopenForm(forms.Form):
    to = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Open it for",
        choices=[
            ("open", "Answers: everyone can change theirs"),
            ("review", "Review: the answers stay, and you agree anew"),
        ],
        initial="open",
    )
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        label="Why is it opened again?",
        help_text="Everyone in the team can read this beside the result.",
    )

    def __init__(self, *args, assessment, **kwargs):
        super().__init__(*args, **kwargs)
        if assessment.anonymous:
            del self.fields["to"]

    def terms(self) -> dict:
        """What Assessment.reopen takes; what is anonymous can be opened for review only."""
        return {"to": "review", **self.cleaned_data}
