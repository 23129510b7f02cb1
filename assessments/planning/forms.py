"""Forms of what a team plans and does: targets, actions, and what is filtered."""

from collections.abc import Mapping
from typing import Any

from django import forms

from ..frameworks.adviser import Answer
from ..frameworks.adviser_form import AdviserForm
from ..models import Action, AdviserAnswers, Criterion, Target, Team, User
from ..models.frameworks import Contents
from ..web import markdown
from ..web.form_fields import DayField
from ..web.revised_forms import RevisedForm


class TargetForm(RevisedForm):
    """A level by a day, overall or in one dimension, and why."""

    part = forms.ChoiceField(label="Where", required=False)
    level = forms.TypedChoiceField(coerce=int)
    due = DayField(label="By when")
    why = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="What the team gets out of it. Everyone who sees the team can read it.",
    )

    def __init__(self, data=None, *, team: Team, contents: Contents, **kwargs):
        super().__init__(data, **kwargs)
        self.team, floor = team, contents.rungs[0].number
        dimensions = contents.dimensions if contents.edition.uses_levels else []
        self.fields["part"].choices = [("", "Overall"), *((d.key, d.name) for d in dimensions)]
        rungs = [rung for rung in contents.rungs if rung.number > floor]
        self.fields["level"].choices = [(rung.number, f"{rung.number} {rung.name}") for rung in rungs]
        self.fields["level"].label = "Level" if contents.edition.uses_levels else "Band"

    def clean_due(self):
        due = self.cleaned_data["due"]
        if due <= self.team.today():
            raise forms.ValidationError("Choose a day that is still to come.")
        return due

    def values_of(self, row: Target) -> dict[str, Any]:
        return {"part": row.dimension, "level": row.level, "due": row.due, "why": row.why}

    def terms(self) -> dict:
        """What TargetQuerySet.set takes besides team and framework."""
        data = self.cleaned_data
        terms = {"dimension": data["part"], "level": data["level"], "due": data["due"], "why": data["why"]}
        return {**terms, "seen": self.seen()}


class GiveUpForm(RevisedForm):
    """Taking a target away, as the page showed it."""


class TeamAdviserForm(RevisedForm, AdviserForm):
    """The questions of the adviser with what the team has answered to them."""

    def __init__(self, data: Any = None, *, block: Mapping[str, Any], remembered: AdviserAnswers | None) -> None:
        super().__init__(data, block=block, answers=remembered.answers if remembered else {})
        self.initial["revision"] = remembered.revision if remembered else 0

    def answers(self) -> dict[str, Answer]:
        return {key: value for key, value in self.values().items() if value is not None}

    def values_of(self, row: AdviserAnswers) -> dict[str, Any]:
        return {field.name: row.answers.get(field.name) for field in self.visible()}


def proposed(criterion: Criterion) -> str:
    """The text of an action to begin with: the next step of the framework as people would write it, without marks."""
    text = markdown.as_plain(criterion.next or criterion.statement)
    return text if len(text) <= Action.LONGEST else f"{text[: Action.LONGEST - 1].rstrip()}…"


class ActionForm(RevisedForm, forms.ModelForm):
    """A piece of work; who may own it is who belongs to the team."""

    class Meta:
        model = Action
        fields = ["text", "owner", "due", "status", "reason"]
        widgets = {"text": forms.Textarea(attrs={"rows": 3}), "reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args, team: Team, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(memberships__team=team)
        self.fields["owner"].empty_label = "nobody yet"
        self.fields["due"] = DayField(required=False, label="By when")
        self.fields["reason"].help_text = "Only where the action is dropped."

    def clean(self):
        cleaned = super().clean() or {}
        if cleaned.get("status") == Action.Status.DROPPED and not cleaned.get("reason"):
            self.add_error("reason", "Say why the action is dropped.")
        elif cleaned.get("status") != Action.Status.DROPPED:
            cleaned["reason"] = ""
        return cleaned


class StatusForm(RevisedForm):
    """Moving an action on the board; dropping one needs a reason and so the whole form."""

    status = forms.ChoiceField(choices=[(each, each.label) for each in Action.Status if each != Action.Status.DROPPED])


class RoadmapFilter(forms.Form):
    """Whose actions, and due until when; everything is optional and stands in the address."""

    owner = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="everybody")
    until = DayField(required=False, label="Due until")
    view = forms.ChoiceField(choices=[("board", "Board"), ("list", "List")], required=False, label="As")

    def __init__(self, data, *, team: Team):
        super().__init__(data)
        self.fields["owner"].queryset = User.objects.filter(memberships__team=team)


class GoalForm(forms.Form):
    """The level to be reached in the try-on, and where."""

    part = forms.ChoiceField(label="Where", required=False)
    level = forms.TypedChoiceField(coerce=int)

    def __init__(self, data, *, contents: Contents, **kwargs):
        super().__init__(data, **kwargs)
        dimensions = contents.dimensions if contents.edition.uses_levels else []
        self.fields["part"].choices = [("", "Overall"), *((d.key, d.name) for d in dimensions)]
        rungs = contents.rungs[1:]
        self.fields["level"].choices = [(rung.number, f"{rung.number} {rung.name}") for rung in rungs]
        self.fields["level"].label = "Level to reach" if contents.edition.uses_levels else "Band to reach"
