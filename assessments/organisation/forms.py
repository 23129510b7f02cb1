"""Forms for units, teams and their members."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy

from ..models import Membership, Team, Unit
from ..models.names import PlainNameField
from ..models.teams import default_time_zone
from ..web.form_fields import PersonField
from ..web.revised_forms import RevisedForm

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        below = Unit.objects.subtree_ids([self.instance.pk]) if self.instance.pk else set()
        self.fields["parent"].offer([unit for unit in Unit.objects.as_tree() if unit.pk not in below])


class TeamForm(RevisedForm, forms.ModelForm):
    """A team. Only administrators choose its unit."""

    unit = UnitChoice(label=gettext_lazy("Unit"), empty_label=None)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Decides when a day of this team begins: for due dates and the dates of results."),
    )

    class Meta:
        model = Team
        fields = ["name", "unit", "about", "time_zone"]

    def __init__(self, *args: Any, moves: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]
        self.fields["time_zone"].initial = default_time_zone()
        if moves:
            self.fields["unit"].offer(Unit.objects.as_tree())
        else:
            del self.fields["unit"]

    def _get_validation_exclusions(self) -> set[str]:
        """Checks that the name is free in the unit, even if the form has no field for the unit."""
        # Private to Django, so the stubs do not know it.
        return super()._get_validation_exclusions() - {"unit"}  # type: ignore[misc]


class MemberForm(forms.Form):
    """A person to add, by email; the name is used if the account is new."""

    email = PersonField()
    name = PlainNameField(label=gettext_lazy("Name"), max_length=120, required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES_IN_TEAM, initial=Membership.Role.MEMBER)


class RoleForm(RevisedForm):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES_IN_TEAM)


class ManagerForm(forms.Form):
    email = PersonField()
    name = PlainNameField(label=gettext_lazy("Name"), max_length=120, required=False)
