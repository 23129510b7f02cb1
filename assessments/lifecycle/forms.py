"""Forms of the assessment's life: starting, changing the due date and the facilitator, reopening."""

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django import forms
from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import scoring
from ..invitations.forms import ByEmailForm, MembersField
from ..models import Assessment, Edition, Questionnaire, Team, User
from ..models.assessments import TOO_EARLY, minutes
from ..models.framework_texts import filled, joined
from ..models.frameworks import Contents
from ..scoring import anonymity
from ..web.figures import percent
from ..web.foreign_texts import marked
from ..web.form_fields import AccountField, DayField, FrameworkSelect
from ..web.revised_forms import RevisedForm


class EditionChoice(forms.ModelChoiceField):
    widget = FrameworkSelect

    def label_from_instance(self, edition: Edition) -> str:
        return edition.titled


class EditionForm(forms.Form):
    """Which edition to start with; its rules and questionnaires are asked for on the same page."""

    edition = EditionChoice(Edition.objects.none(), label=gettext_lazy("Framework"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["edition"].queryset = Edition.objects.published().select_related("framework")


class StartForm(ByEmailForm):
    """Everything that a new assessment needs, for one edition and one team; who is asked, and what they read."""

    #: What is kept if another framework is chosen; the rest depends on the framework.
    KEPT: tuple[str, ...] = ("date", "due", "anonymous", "hides_hints", "addresses", "message", "share", "facilitator")

    date = DayField(label=gettext_lazy("Date"), help_text=gettext_lazy("The date that the result is for."))
    due = DayField(required=False, label=gettext_lazy("Due date"))
    questionnaire = forms.ChoiceField(
        widget=forms.RadioSelect, choices=Questionnaire, initial="full", label=gettext_lazy("Questionnaire")
    )
    rule = forms.ChoiceField(widget=forms.RadioSelect, label=gettext_lazy("When is a level reached?"))
    anonymous = forms.TypedChoiceField(
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        label=gettext_lazy("Who sees who gave which answer?"),
        choices=[
            (
                "no",
                gettext_lazy(
                    "Named: the lead sees who gave which answer. Everyone else sees only how the votes are spread."
                ),
            ),
            (
                "yes",
                gettext_lazy(
                    "Anonymous: no one using Maturity can see who gave which answer, and once answering has ended, the "
                    "database no longer contains it either. Four members of the team or people invited by email have "
                    "to submit. Anyone can use the shared link more than once, so with that link alone an assessment "
                    "cannot be anonymous. A question that fewer than four of them voted on counts as unanswered, and a "
                    "lost personal link cannot be replaced."
                ),
            ),
        ],
        initial="no",
        help_text=gettext_lazy("This cannot be changed later."),
    )
    hides_hints = forms.BooleanField(
        required=False,
        label=gettext_lazy("Show the level and the last answer only after a question is answered"),
        help_text=gettext_lazy("Seen first, they draw answers towards them. This cannot be changed later."),
    )
    #: Whether the page listed the members, so that those without a tick are not asked.
    picked = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)
    members = MembersField(User.objects.none(), required=False, label=gettext_lazy("Team members"))
    share = forms.BooleanField(
        required=False,
        label=gettext_lazy("Also create one link to share"),
        help_text=gettext_lazy("Anyone who has it can answer, without an account."),
    )
    message = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Message in the invitation"),
        help_text=gettext_lazy("The name of the team, your name and the due date are added."),
    )
    facilitator = AccountField(
        required=False,
        label=gettext_lazy("Facilitator’s email"),
        help_text=gettext_lazy("Leads the review. If you leave this empty, the lead does."),
    )
    as_draft = forms.BooleanField(required=False)

    def __init__(self, *args: Any, team: Team, edition: Edition, **kwargs: Any) -> None:
        self.contents = edition.contents
        self.team = team
        answering = User.objects.filter(memberships__in=team.memberships.answering(), is_active=True)
        kwargs["initial"] = {
            "date": team.today(),
            "rule": self.contents.default_rule,
            "members": list(answering.values_list("pk", flat=True)),
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        self.fields["addresses"].widget.attrs["rows"] = 2
        self.fields["members"].queryset = answering
        if self.contents.quick_keys:
            full = len(self.contents.criteria)
            short = len(self.contents.quick_keys)
            self.fields["questionnaire"].choices = [
                (
                    "full",
                    _("Full: {count} questions, about {minutes} minutes").format(count=full, minutes=minutes(full)),
                ),
                (
                    "short",
                    _(
                        "Short: {count} questions, about {minutes} minutes. Its results are shown separately; "
                        "targets and roadmaps need a full one."
                    ).format(count=short, minutes=minutes(short)),
                ),
            ]
        else:
            del self.fields["questionnaire"]
        if self.contents.rules:
            self.fields["rule"].choices = [
                (rule["key"], format_html("<span>{}</span>", marked(rule_in_words(rule, self.contents))))
                for rule in self.contents.edition.scoring["rules"]
            ]
        else:
            del self.fields["rule"]

    def clean_date(self) -> datetime.date:
        date = self.cleaned_data["date"]
        if date > self.team.today() + datetime.timedelta(days=366):
            raise forms.ValidationError(
                _("Choose a date within a year from now. Until that day, this would count as the newest result.")
            )
        return date

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        date = cleaned.get("date")
        due = cleaned.get("due")
        if date and due and due < date:
            self.add_error("due", TOO_EARLY)
        if cleaned.get("anonymous"):
            self._refuse_with_shared_link_alone()
        return cleaned

    def _refuse_with_shared_link_alone(self) -> None:
        """Without mail only members are invited by name."""
        if self.cleaned_data.get("picked"):
            members = len(self.cleaned_data.get("members", []))
        else:
            members = self.team.memberships.answering().count()
        if settings.MAIL_ENABLED or members >= anonymity.LEAST:
            return
        sentence = ngettext(
            "An anonymous assessment needs four members of the team or people invited by email. {count} person answers "
            "for this team, and email is not set up here, so everyone else would join by the shared link. Add members "
            "first, or choose a named assessment.",
            "An anonymous assessment needs four members of the team or people invited by email. {count} people answer "
            "for this team, and email is not set up here, so everyone else would join by the shared link. Add members "
            "first, or choose a named assessment.",
            members,
        )
        self.add_error("anonymous", sentence.format(count=members))

    def terms(self) -> dict:
        """What AssessmentQuerySet.start takes."""
        asked_for = ("date", "due", "questionnaire", "rule", "hides_hints", "facilitator", "message", "as_draft")
        return {
            "questionnaire": "full",
            "rule": "",
            **{name: self.cleaned_data[name] for name in asked_for if name in self.cleaned_data},
            "anonymous": bool(self.cleaned_data["anonymous"]),
            "people": self.invited()["members"] if self.cleaned_data["picked"] else None,
        }

    def invited(self) -> dict[str, list]:
        """What Assessment.invite takes."""
        members = list(self.cleaned_data.get("members", [])) if self.cleaned_data["picked"] else []
        return {"members": members, "addresses": self.cleaned_data["addresses"]}

    def has_advanced_errors(self) -> bool:
        """Whether what is folded away has to be looked at."""
        return bool({"rule", "facilitator"} & set(self.errors)) if self.is_bound else False


def rule_in_words(rule: dict, contents: Contents) -> str:
    """`Largely achieved. Every criterion up to the level: Largely or better.`"""
    return joined(". ", [rule["name"], explained(rule, contents)])


def explained(rule: dict, contents: Contents) -> str:
    """What a scoring rule asks for: `Every criterion up to the level: Largely or better.`"""
    at = _threshold(rule["at"], contents)
    below = _threshold(rule["below"], contents)
    if rule["unit"] == "cell":
        sentence = _("Average of each dimension at the level: {at}. At every level below it: {below}.")
    elif at == below:
        sentence = _("Every criterion up to the level: {at}.")
    else:
        sentence = _("Every criterion of the level: {at}. Every criterion below it: {below}.")
    return filled(sentence, at=at, below=below)


def _threshold(threshold: dict, contents: Contents) -> str:
    """By the name of a choice if there is one scale, else as a share of the points."""
    [(kind, value)] = threshold.items()
    points = scoring.exact(value)
    if kind != "at_least":
        return _("more than {percent} of the points").format(percent=percent(points))
    choices = contents.scales[0].choices.all() if len(contents.scales) == 1 else []
    most = max((choice.value for choice in choices), default=1)
    for choice in choices:
        if Fraction(choice.value, most) >= points:
            return filled(_("{choice} or better"), choice=choice.name) if points < 1 else choice.name
    return _("at least {percent} of the points").format(percent=percent(points))


class DueForm(RevisedForm):
    due = DayField(required=False, label=gettext_lazy("Due date"))

    def __init__(self, data: Mapping[str, object] | None = None, *, assessment: Assessment) -> None:
        stored = {"due": assessment.due, "revision": assessment.revision}
        super().__init__(data, initial=stored)
        self.assessment = assessment

    def clean_due(self) -> datetime.date | None:
        due = self.cleaned_data["due"]
        if due and due < self.assessment.date:
            raise forms.ValidationError(TOO_EARLY)
        if beyond := self.assessment.beyond_its_round(due):
            raise forms.ValidationError(beyond)
        return due


class FacilitatorForm(RevisedForm):
    facilitator = AccountField(required=False, label=gettext_lazy("Facilitator’s email"))

    def __init__(self, data: Mapping[str, object] | None = None, *, assessment: Assessment) -> None:
        present = assessment.facilitator.email if assessment.facilitator else ""
        stored = {"facilitator": present, "revision": assessment.revision}
        super().__init__(data, initial=stored)


class ReopenForm(forms.Form):
    to = forms.ChoiceField(
        widget=forms.RadioSelect,
        label=gettext_lazy("Reopen for"),
        choices=[
            ("open", gettext_lazy("Answers: everyone can change theirs")),
            ("review", gettext_lazy("Review: the answers stay, and you agree again")),
        ],
        initial="open",
    )
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        label=gettext_lazy("Why do you reopen it?"),
        help_text=gettext_lazy("Everyone in the team can read this beside the result."),
    )

    def __init__(self, *args: Any, assessment: Assessment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if assessment.anonymous:
            del self.fields["to"]

    def terms(self) -> dict:
        """What Assessment.reopen takes; an anonymous one can be reopened for review only."""
        return {"to": "review", **self.cleaned_data}
