"""Forms for a team's targets and actions, and the filters of its roadmap and what-if."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..frameworks.adviser import Answer
from ..frameworks.adviser_form import AdviserForm
from ..models import Action, AdviserAnswers, Criterion, Target, Team, User
from ..models.framework_texts import filled
from ..models.frameworks import Contents
from ..models.plans import PlannedPath
from ..web import markdown
from ..web.filter_chips import FilterChip
from ..web.form_fields import DayField, FrameworkSelect, LinkField
from ..web.revised_forms import RevisedForm
from .roadmap import Gap, Roadmap, WantedActions


def part_choices(contents: Contents) -> list[tuple[str, str]]:
    """The whole, and the dimensions of a framework whose dimensions have levels."""
    choices = [("", _("Overall"))]
    if contents.edition.uses_levels:
        choices += [(dimension.key, dimension.name) for dimension in contents.dimensions]
    return choices


def level_choices(contents: Contents) -> list[tuple[int, str]]:
    """Every level, or band, but the lowest, at which everyone starts."""
    return [(rung.number, filled("{number} {name}", number=rung.number, name=rung.name)) for rung in contents.rungs[1:]]


class TargetForm(RevisedForm):
    """A level to reach by a date, overall or in one dimension, and why."""

    part = forms.ChoiceField(label=gettext_lazy("Part"), required=False, widget=FrameworkSelect)
    level = forms.TypedChoiceField(coerce=int, widget=FrameworkSelect)
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


def owners_of(team: Team) -> QuerySet[User]:
    """Who can own an action of a team: its people, by name."""
    return User.objects.filter(memberships__team=team).order_by("name", "pk")


class ActionForm(RevisedForm, forms.ModelForm):
    """A piece of work. Its owner belongs to the team."""

    class Meta:
        model = Action
        fields = ["text", "owner", "due", "status", "reason", "link"]
        labels = {"owner": gettext_lazy("Owner"), "status": gettext_lazy("Status")}
        widgets = {"text": forms.Textarea(attrs={"rows": 3}), "reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners_of(team)
        self.fields["owner"].empty_label = _("Unassigned")
        self.fields["due"] = DayField(required=False, label=_("Due date"))
        self.fields["reason"].help_text = _("Only if the action is cancelled.")
        self.fields["link"] = LinkField(
            required=False,
            label=_("Link"),
            help_text=_("Its issue in a tracker, or another page about it."),
            max_length=Action.LONGEST_LINK,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_cancelled = cleaned.get("status") == Action.Status.DROPPED
        if not is_cancelled:
            cleaned["reason"] = ""
        elif not cleaned.get("reason"):
            self.add_error("reason", _("Say why the action is cancelled."))
        return cleaned


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFields:
    """What a form asks about one of several gaps: whether to plan it, and as what."""

    gap: Gap
    plan: forms.BoundField
    text: forms.BoundField


class SeveralActionsForm(RevisedForm):
    """An action for each of the gaps that are chosen, with one owner and one due date for all of them."""

    owner = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        label=gettext_lazy("Owner"),
        empty_label=gettext_lazy("Unassigned"),
    )
    due = DayField(required=False, label=gettext_lazy("Due date"))

    def __init__(self, data: Mapping[str, object] | None = None, *, team: Team, gaps: Sequence[Gap]) -> None:
        super().__init__(data)
        self.gaps = gaps
        self.fields["owner"].queryset = User.objects.filter(memberships__team=team)
        for gap in gaps:
            key = gap.criterion.key
            self.fields[f"plan-{key}"] = forms.BooleanField(required=False, label=gap.criterion.statement)
            self.fields[f"text-{key}"] = forms.CharField(
                required=False,
                label=_("What to do"),
                widget=forms.Textarea(attrs={"rows": 2}),
                max_length=Action.LONGEST,
                initial=proposed(gap.criterion),
            )

    @property
    def of_gaps(self) -> list[GapFields]:
        """The fields of each gap, in their order."""
        return [
            GapFields(gap=gap, plan=self[f"plan-{gap.criterion.key}"], text=self[f"text-{gap.criterion.key}"])
            for gap in self.gaps
        ]

    @property
    def of_all(self) -> list[forms.BoundField]:
        """The fields that hold for every action."""
        return [self["owner"], self["due"]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = [gap.criterion.key for gap in self.gaps if cleaned.get(f"plan-{gap.criterion.key}")]
        if not chosen:
            raise forms.ValidationError(_("Choose at least one criterion."))
        for key in chosen:
            if f"text-{key}" in cleaned and not cleaned[f"text-{key}"]:
                self.add_error(f"text-{key}", _("Say what to do."))
        return cleaned

    def texts(self) -> dict[str, str]:
        """What to do, by the key of the criterion, for those that are chosen."""
        keys = [gap.criterion.key for gap in self.gaps]
        return {key: self.cleaned_data[f"text-{key}"] for key in keys if self.cleaned_data[f"plan-{key}"]}


class StatusForm(RevisedForm):
    """Moving an action on the board. Cancelling one needs a reason; only undoing a move brings the one it had."""

    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=Action.Status)
    reason = forms.CharField(label=gettext_lazy("Why it is cancelled"), required=False, max_length=1000)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_cancelled = cleaned.get("status") == Action.Status.DROPPED
        if not is_cancelled:
            cleaned["reason"] = ""
        elif not cleaned.get("reason"):
            self.add_error("reason", _("Say why the action is cancelled."))
        return cleaned


class OwnerAndDueForm(RevisedForm):
    """Who does an action and until when, on its card.

    `people` are those who can own it. Whoever owns it already can keep it, also after leaving the team.
    """

    owner = forms.ChoiceField(label=gettext_lazy("Owner"), required=False)
    due = DayField(label=gettext_lazy("Due date"), required=False)

    def __init__(
        self, data: Mapping[str, object] | None = None, *, action: Action, people: Iterable[User], **kwargs: Any
    ) -> None:
        super().__init__(data, auto_id=f"action-{action.pk}-%s", **kwargs)
        self.people = {str(person.pk): person for person in people}
        if action.owner:
            self.people.setdefault(str(action.owner.pk), action.owner)
        named = [(key, str(person)) for key, person in self.people.items()]
        self.fields["owner"].choices = [("", _("Unassigned")), *named]
        self.initial.update(owner=action.owner_id or "", due=action.due, revision=action.revision)

    def clean_owner(self) -> User | None:
        return self.people.get(self.cleaned_data["owner"])


class RoadmapFilter(forms.Form):
    """Which actions to show, and how. Everything is optional and is part of the address."""

    owner = forms.ChoiceField(required=False, label=gettext_lazy("Owner"))
    due = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Due"),
        choices=[("", gettext_lazy("Any time")), ("overdue", gettext_lazy("Overdue"))],
    )
    dimension = forms.ChoiceField(required=False, label=gettext_lazy("Dimension"))
    view = forms.ChoiceField(
        required=False,
        label=gettext_lazy("View"),
        choices=[("", gettext_lazy("Board")), ("list", gettext_lazy("List"))],
    )
    until = DayField(required=False, label=gettext_lazy("Due by"))

    def __init__(self, data: Mapping[str, object], *, roadmap: Roadmap) -> None:
        super().__init__(data)
        owners = [(str(owner.pk), str(owner)) for owner in roadmap.owners]
        dimensions = [(dimension.key, dimension.name) for dimension in roadmap.dimensions]
        nobody = (WantedActions.NOBODY, _("Unassigned"))
        self.fields["owner"].choices = [("", _("Everyone")), nobody, *owners]
        self.fields["dimension"].choices = [("", _("All")), *dimensions]
        # What makes no sense is shown as without a choice; only a day that somebody typed is answered.
        self.is_valid()

    def wanted(self) -> WantedActions:
        return WantedActions(
            owner=self.cleaned_data.get("owner", ""),
            overdue=self.cleaned_data.get("due") == "overdue",
            until=self.cleaned_data.get("until"),
            dimension=self.cleaned_data.get("dimension", ""),
        )

    @property
    def as_list(self) -> bool:
        return self.cleaned_data.get("view") == "list"

    def chips(self, address: Callable[..., str]) -> list[FilterChip]:
        """Of every field with choices; `address` makes the query of the page with other values."""
        chips = []
        for name in ("owner", "due", "dimension", "view"):
            field = self.fields[name]
            chip = FilterChip.of(
                name,
                str(field.label),
                field.choices,
                current=self.cleaned_data.get(name, ""),
                usual="",
                query_of=partial(_roadmap_query, address, name),
            )
            chips.append(chip)
        return chips


def _roadmap_query(address: Callable[..., str], name: str, value: str) -> str:
    return address(**{name: value})


class GoalForm(forms.Form):
    """The level to reach in a what-if, and in which part."""

    part = forms.ChoiceField(label=gettext_lazy("Part"), required=False, widget=FrameworkSelect)
    level = forms.TypedChoiceField(coerce=int, widget=FrameworkSelect)

    def __init__(self, data: Mapping[str, object], *, contents: Contents, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["part"].choices = part_choices(contents)
        self.fields["level"].choices = level_choices(contents)
        self.fields["level"].label = _("Level to reach") if contents.edition.uses_levels else _("Band to reach")


class PathForm(forms.Form):
    """The level to reach, and perhaps by when."""

    level = forms.TypedChoiceField(coerce=int, widget=FrameworkSelect)
    due = DayField(label=gettext_lazy("By"), required=False)

    def __init__(self, data: Mapping[str, object] | None, *, team: Team, contents: Contents) -> None:
        super().__init__(data)
        self.team = team
        self.fields["level"].choices = level_choices(contents)
        self.fields["level"].label = _("Level to reach") if contents.edition.uses_levels else _("Band to reach")

    def clean_due(self) -> datetime.date | None:
        due: datetime.date | None = self.cleaned_data["due"]
        if due is not None and due <= self.team.today():
            raise forms.ValidationError(_("Choose a date in the future."))
        return due


class PlanPathForm(PathForm):
    """The actions and the target of a path, from the result that the page showed."""

    due = DayField(label=gettext_lazy("By"))
    why = forms.CharField(
        label=gettext_lazy("Why"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("What the team gains. Anyone who can see the team can read it."),
    )
    result = forms.UUIDField(widget=forms.HiddenInput)

    #: Whether the state of things forbids it; the sentence is among the errors.
    is_refused = False
    stored: PlannedPath | None = None
    conflict: Target | None = None

    def __init__(self, data: Mapping[str, object] | None, *, team: Team, contents: Contents, newest: UUID) -> None:
        super().__init__(data, team=team, contents=contents)
        self.newest = newest

    def clean_result(self) -> UUID:
        result: UUID = self.cleaned_data["result"]
        if result != self.newest:
            self.is_refused = True
            raise forms.ValidationError(_("There is a newer result by now. Look at its path before you plan it."))
        return result

    @property
    def http_status(self) -> int:
        """Of the response that shows this form."""
        if self.is_refused:
            return 409
        return 422 if self.errors else 200
