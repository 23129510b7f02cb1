"""Forms for a team's targets and actions, and the filters of its roadmap and what-if."""

import datetime
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..frameworks.adviser import Answer
from ..frameworks.adviser_form import AdviserForm
from ..models import Action, AdviserAnswers, Criterion, Target, Team, User
from ..models.frameworks import Contents
from ..web import markdown
from ..web.form_fields import DayField
from ..web.revised_forms import RevisedForm


def part_choices(contents: Contents) -> list[tuple[str, str]]:
    """The whole, and the dimensions of a framework whose dimensions have levels."""
    choices = [("", _("Overall"))]
    if contents.edition.uses_levels:
        choices += [(dimension.key, dimension.name) for dimension in contents.dimensions]
    return choices


def level_choices(contents: Contents) -> list[tuple[int, str]]:
    """Every level, or band, but the lowest, at which everyone starts."""
    return [(rung.number, f"{rung.number} {rung.name}") for rung in contents.rungs[1:]]


class TargetForm(RevisedForm):
    """A level to reach by a date, overall or in one dimension, and why."""

    part = forms.ChoiceField(label=gettext_lazy("Part"), required=False)
    level = forms.TypedChoiceField(coerce=int)
    due = DayField(label=gettext_lazy("Due date"))
    why = forms.CharField(
        label=gettext_lazy("Why"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=gettext_lazy("What the team gains. Anyone who can see the team can read it."),
    )

    def __init__(
        self, data: Mapping[str, object] | None = None, *, team: Team, contents: Contents, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.team = team
        self.fields["part"].choices = part_choices(contents)
        self.fields["level"].choices = level_choices(contents)
        self.fields["level"].label = _("Level") if contents.edition.uses_levels else _("Band")

    def clean_due(self) -> datetime.date:
        due = self.cleaned_data["due"]
        if due <= self.team.today():
            raise forms.ValidationError(_("Choose a date in the future."))
        return due

    def values_of(self, row: Target) -> dict[str, object]:
        return {"part": row.dimension, "level": row.level, "due": row.due, "why": row.why}

    def terms(self) -> dict[str, Any]:
        """What TargetQuerySet.set takes besides team and framework."""
        return {
            "dimension": self.cleaned_data["part"],
            "level": self.cleaned_data["level"],
            "due": self.cleaned_data["due"],
            "why": self.cleaned_data["why"],
            "seen": self.seen(),
        }


class GiveUpForm(RevisedForm):
    """Removing a target, as the page showed it."""


class TeamAdviserForm(RevisedForm, AdviserForm):
    """The questions of the adviser, with what the team answered last."""

    def __init__(
        self,
        data: Mapping[str, object] | None = None,
        *,
        block: Mapping[str, Any],
        remembered: AdviserAnswers | None,
    ) -> None:
        answers = remembered.answers if remembered else {}
        super().__init__(data, block=block, answers=answers)
        self.initial["revision"] = remembered.revision if remembered else 0

    def answers(self) -> dict[str, Answer]:
        return {key: value for key, value in self.values().items() if value is not None}

    def values_of(self, row: AdviserAnswers) -> dict[str, object]:
        return {field.name: row.answers.get(field.name) for field in self.visible()}


def proposed(criterion: Criterion) -> str:
    """The text to start an action with: the framework's next step without Markdown, cut to what an action holds."""
    text = markdown.as_plain(criterion.next or criterion.statement)
    if len(text) <= Action.LONGEST:
        return text
    return f"{text[: Action.LONGEST - 1].rstrip()}…"


class ActionForm(RevisedForm, forms.ModelForm):
    """A piece of work. Its owner belongs to the team."""

    class Meta:
        model = Action
        fields = ["text", "owner", "due", "status", "reason"]
        labels = {"owner": gettext_lazy("Owner"), "status": gettext_lazy("Status")}
        widgets = {"text": forms.Textarea(attrs={"rows": 3}), "reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(memberships__team=team)
        self.fields["owner"].empty_label = _("Unassigned")
        self.fields["due"] = DayField(required=False, label=_("Due date"))
        self.fields["reason"].help_text = _("Only if the action is cancelled.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_cancelled = cleaned.get("status") == Action.Status.DROPPED
        if not is_cancelled:
            cleaned["reason"] = ""
        elif not cleaned.get("reason"):
            self.add_error("reason", _("Say why the action is cancelled."))
        return cleaned


class StatusForm(RevisedForm):
    """Moving an action on the board. Cancelling one needs a reason, and so the whole form."""

    status = forms.ChoiceField(
        choices=[(status, status.label) for status in Action.Status if status != Action.Status.DROPPED]
    )


class RoadmapFilter(forms.Form):
    """Whose actions to show, and due until when. Everything is optional and is part of the address."""

    owner = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        label=gettext_lazy("Owner"),
        empty_label=gettext_lazy("Everyone"),
    )
    until = DayField(required=False, label=gettext_lazy("Due by"))
    view = forms.ChoiceField(
        choices=[("board", gettext_lazy("Board")), ("list", gettext_lazy("List"))],
        required=False,
        label=gettext_lazy("View"),
    )

    def __init__(self, data: Mapping[str, object], *, team: Team) -> None:
        super().__init__(data)
        self.fields["owner"].queryset = User.objects.filter(memberships__team=team)


class GoalForm(forms.Form):
    """The level to reach in a what-if, and in which part."""

    part = forms.ChoiceField(label=gettext_lazy("Part"), required=False)
    level = forms.TypedChoiceField(coerce=int)

    def __init__(self, data: Mapping[str, object], *, contents: Contents, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["part"].choices = part_choices(contents)
        self.fields["level"].choices = level_choices(contents)
        self.fields["level"].label = _("Level to reach") if contents.edition.uses_levels else _("Band to reach")
