"""Forms of the organisation: units, teams, and who belongs to them."""

from zoneinfo import available_timezones

from django import forms

from ..models import Membership, Team, Unit
from ..models.names import PlainNameField
from ..models.teams import default_time_zone
from ..web.form_fields import PersonField
from ..web.revised_forms import RevisedForm


class UnitChoice(forms.ModelChoiceField):
    """A unit, shown at its place in the tree."""

    def __init__(self, **kwargs):
        super().__init__(Unit.objects.none(), **kwargs)

    def offer(self, units: list[Unit]):
        self.queryset = Unit.objects.filter(pk__in=[unit.pk for unit in units])
        blank = [("", self.empty_label)] if self.empty_label is not None else []
        self.choices = blank + [(unit.pk, " " * unit.depth + unit.name) for unit in units]


class UnitForm(RevisedForm, forms.ModelForm):
    parent = UnitChoice(label="Part of", required=False, empty_label="nothing: it stands at the top")

    class Meta:
        model = Unit
        fields = ["name", "parent"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        below = Unit.objects.subtree_ids([self.instance.pk]) if self.instance.pk else set()
        self.fields["parent"].offer([unit for unit in Unit.objects.as_tree() if unit.pk not in below])


class TeamForm(RevisedForm, forms.ModelForm):
    """A team. Where it belongs is said by administrators only."""

    unit = UnitChoice(empty_label=None)
    time_zone = forms.ChoiceField(help_text="In which its dates are meant.")

    class Meta:
        model = Team
        fields = ["name", "unit", "about", "time_zone"]

    def __init__(self, *args, moves: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())]
        self.fields["time_zone"].initial = default_time_zone()
        if moves:
            self.fields["unit"].offer(Unit.objects.as_tree())
        else:
            del self.fields["unit"]

    def _get_validation_exclusions(self):
        """The unit counts for the name's being free, also where the form does not ask for it."""
        return super()._get_validation_exclusions() - {"unit"}  # type: ignore[misc]


class MemberForm(forms.Form):
    """Somebody to add, by address; the name is used where the account is new."""

    email = PersonField()
    name = PlainNameField(max_length=120, required=False)
    role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in Membership.IN_TEAM], initial=Membership.Role.MEMBER
    )


class RoleForm(RevisedForm):
    ROLES = [(role.value, role.label) for role in Membership.IN_TEAM]

    role = forms.ChoiceField(choices=ROLES)


class ManagerForm(forms.Form):
    email = PersonField()
    name = PlainNameField(max_length=120, required=False)
