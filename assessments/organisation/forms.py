"""Forms for units, teams and their members."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Membership, Team, Unit
from ..models.names import PlainNameField
from ..models.teams import default_time_zone
from ..web.form_fields import PersonField
from ..web.revised_forms import RevisedForm
from ..web.time_zones import TimeZoneField

ROLES_IN_TEAM = [(role.value, role.label) for role in Membership.IN_TEAM]


class UnitChoice(forms.ModelChoiceField):
    """A unit, shown in its place in the tree."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Unit.objects.none(), **kwargs)

    def offer(self, units: list[Unit]) -> None:
        self.queryset = Unit.objects.filter(pk__in=[unit.pk for unit in units])
        blank = [("", self.empty_label)] if self.empty_label is not None else []
        self.choices = blank + [(unit.pk, " " * unit.depth + unit.name) for unit in units]


class UnitForm(RevisedForm, forms.ModelForm):
    parent = UnitChoice(
        label=gettext_lazy("Part of"), required=False, empty_label=gettext_lazy("Nothing: this is a top-level unit")
    )

    class Meta:
        model = Unit
        fields = ["name", "parent"]

    def __init__(self, *args: Any, parents: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].offer(parents)


class MergeForm(forms.Form):
    """Into which one; `confirm` names the one for which the page said what happens."""

    confirm = forms.CharField(required=False)

    @property
    def is_confirmed(self) -> bool:
        """Whether the one that is chosen now is the one of which the page said what happens."""
        return self.cleaned_data["confirm"] == str(self.cleaned_data["into"].pk)

    @property
    def was_changed(self) -> bool:
        """Whether another one was confirmed than is chosen now."""
        return bool(self.cleaned_data.get("confirm")) and not self.is_confirmed


class MergeUnitForm(MergeForm):
    into = UnitChoice(label=gettext_lazy("Merge into"), empty_label=None)

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        below = Unit.objects.subtree_ids([unit.pk])
        self.fields["into"].offer([other for other in Unit.objects.as_tree() if other.pk not in below])


class TeamChoice(forms.ModelChoiceField):
    """A team, with its unit."""

    def label_from_instance(self, obj: Team) -> str:
        return _("{team}, {unit}").format(team=obj, unit=obj.unit)


class MergeTeamForm(MergeForm):
    into = TeamChoice(Team.objects.none(), label=gettext_lazy("Merge into"), empty_label=None)

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = Team.objects.exclude(pk=team.pk).select_related("unit").order_by("name")


class TeamForm(RevisedForm, forms.ModelForm):
    """A team. Without `units` to choose from it stays in its own."""

    unit = UnitChoice(label=gettext_lazy("Unit"), empty_label=None)
    time_zone = TimeZoneField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "Type a city and choose. It decides when a day of this team begins, for due dates and dates of results."
        ),
    )

    class Meta:
        model = Team
        fields = ["name", "unit", "about", "time_zone"]

    def __init__(self, *args: Any, units: list[Unit] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].initial = default_time_zone()
        if units is None:
            del self.fields["unit"]
        else:
            self.fields["unit"].offer(units)

    def _get_validation_exclusions(self) -> set[str]:
        """Checks that the name is free in the unit, even if the form has no field for the unit."""
        # Private to Django, so the stubs do not know it.
        return super()._get_validation_exclusions() - {"unit"}  # type: ignore[misc]


class MemberForm(forms.Form):
    """A person to add, by email; the name is used if the account is new."""

    asks_for_proof = False

    email = PersonField()
    name = PlainNameField(label=gettext_lazy("Name"), max_length=120, required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES_IN_TEAM, initial=Membership.Role.MEMBER)


class RoleForm(RevisedForm):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES_IN_TEAM)


class ManagerForm(forms.Form):
    asks_for_proof = False

    email = PersonField()
    name = PlainNameField(label=gettext_lazy("Name"), max_length=120, required=False)
