"""What groups of a provider give here: the rules, and what they would give to each person by their last groups."""

from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from ..models import GroupRule, Identity, ProvisionedGroup, ProvisionedPerson, Team, Unit
from ..models.names import PlainNameField
from ..models.single_sign_on import PROVISIONED_ID, PROVISIONED_NAME
from ..permissions.access import site_permission
from ..permissions.roles import Permission
from ..web.requests import Request
from ..web.saving import is_stored, made_once
from . import proofs
from .forms import ProvenForm

PER_PAGE = 100


class GroupRuleForm(ProvenForm):
    """A rule: which group, at which provider, and what it gives."""

    is_refused = False
    value = PlainNameField(
        label=gettext_lazy("Group"),
        max_length=200,
        help_text=gettext_lazy("As the provider writes it: a name, a path or an id."),
    )
    issuer = forms.ChoiceField(
        label=gettext_lazy("Said by"),
        required=False,
        help_text=gettext_lazy("A rule counts for groups of this kind alone. An id is safer than a name."),
    )
    team = forms.ModelChoiceField(
        Team.objects.select_related("unit").order_by("name", "pk"),
        label=gettext_lazy("Team"),
        required=False,
        empty_label=gettext_lazy("None"),
        help_text=gettext_lazy("For leads, members and viewers."),
    )
    unit = forms.ModelChoiceField(
        Unit.objects.order_by("name", "pk"),
        label=gettext_lazy("Unit"),
        required=False,
        empty_label=gettext_lazy("None"),
        help_text=gettext_lazy("For unit managers."),
    )

    class Meta:
        model = GroupRule
        fields = ["value", "issuer", "role", "team", "unit"]
        labels = {"role": gettext_lazy("Gives")}

    field_order = ["value", "issuer", "role", "team", "unit"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = _kinds_of_groups()
        self._only = next(iter(kinds), "") if len(kinds) < 2 else None
        if self._only is not None and self.instance.issuer in {"", self._only}:
            del self.fields["issuer"]
            return
        offered = list(kinds.items())
        if len(settings.SIGN_IN_PROVIDERS) > 1 or (self.instance.pk and not self.instance.issuer):
            offered.insert(0, ("", _("Every provider")))
        if self.instance.issuer not in {"", *kinds}:
            # A provider that is named no more.
            offered.append((self.instance.issuer, self.instance.issuer))
        cast(forms.ChoiceField, self.fields["issuer"]).choices = offered

    def gives_access(self, cleaned: dict[str, Any]) -> bool:
        return cleaned.get("role") == GroupRule.ADMINISTRATOR

    def clean(self) -> dict[str, Any]:
        """Keeps only the place that the role needs: without script, the page cannot hide the other one."""
        cleaned = super().clean()
        if "issuer" not in self.fields and not self.instance.pk:
            # So the rule does not grow when another provider comes.
            self.instance.issuer = self._only or ""
        role = cleaned.get("role")
        if role in {GroupRule.ADMINISTRATOR, "manager"}:
            cleaned["team"] = None
        if role and role != "manager":
            cleaned["unit"] = None
        if role == "manager" and not cleaned.get("unit") and "unit" not in self.errors:
            self.add_error("unit", _("Choose the unit that they manage."))
        if role in {"lead", "member", "viewer"} and not cleaned.get("team") and "team" not in self.errors:
            self.add_error("team", _("Choose the team in which they have this role."))
        return cleaned


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Somebody who has signed in by a provider, and what the rules give to them by the groups they had then."""

    identity: Identity
    given: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedPreview:
    """A group that a directory provisions, with the number of its `people`, and what the rules give to them."""

    group: ProvisionedGroup
    given: list[str]


def _kinds_of_groups() -> dict[str, str]:
    """By issuer, what can say groups: providers, and the directory once it has sent a group."""
    names = {provider.issuer: provider.name for provider in settings.SIGN_IN_PROVIDERS}
    if ProvisionedGroup.objects.exists():
        names[PROVISIONED_ID] = _("Provisioning (SCIM), by externalId")
        names[PROVISIONED_NAME] = _("Provisioning (SCIM), by name")
    return names


def _add(rule: GroupRule, request: Request) -> GroupRule:
    add = partial(GroupRule.objects.add, rule, by=request.user)
    ProvisionedGroup.objects.change_rules([rule], add, by=request.user)
    return rule


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
def groups(request: Request) -> HttpResponse:
    """The rules, a form for another one, and what all of them would give to whom."""
    is_proven = proofs.is_recent(request, request.user)
    form = GroupRuleForm(request.POST if request.method == "POST" else None, is_proven=is_proven)
    rule = made_once(request, form, GroupRule, lambda: _add(form.instance, request))
    if rule is not None:
        ProvisionedPerson.objects.follow(by=request.user)
        messages.success(request, _("Added. It counts at once for provisioned groups, else when somebody signs in."))
        return redirect("account-groups")
    rules = list(GroupRule.objects.select_related("team", "unit"))
    page = Paginator(Identity.objects.select_related("user"), PER_PAGE).get_page(request.GET.get("page"))
    names = _kinds_of_groups()
    for known in rules:
        known.provider_name = names.get(known.issuer, known.issuer) or _("Every provider")
    previews = [
        Preview(
            identity=identity,
            given=list(
                dict.fromkeys(rule.given for rule in rules if rule.applies_to(identity.issuer, identity.groups))
            ),
        )
        for identity in page
    ]
    provisioned = [
        ProvisionedPreview(group=group, given=group.given_by(rules))
        for group in ProvisionedGroup.objects.annotate(people=Count("members"))
    ]
    context = {"form": form, "rules": rules, "previews": previews, "page": page, "provisioned": provisioned}
    return render(request, "accounts/groups.html", context, status=422 if form.errors else 200)


@require_POST
@site_permission(Permission.MANAGE_ACCOUNTS)
def remove_identity(request: Request, pk: UUID, identity: int) -> HttpResponse:
    """Takes an identity from an account, so that another one of the same provider can have it."""
    row = Identity.objects.filter(pk=identity, user=pk).first()
    if row is None:
        raise Http404
    row.remove(by=request.user)
    messages.success(request, _("Removed. The next to sign in by this provider with the email of the account gets it."))
    return redirect("account-edit", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@site_permission(Permission.MANAGE_ACCOUNTS)
def change_rule(request: Request, rule: int) -> HttpResponse:
    """Puts another rule in the place of one; the second of two clicks finds it done."""
    before = GroupRule.objects.filter(pk=rule).first()
    if before is None and request.method != "POST":
        raise Http404
    before = before or GroupRule(pk=rule)
    data = request.POST if request.method == "POST" else None
    form = GroupRuleForm(data, instance=copy(before), is_proven=proofs.is_recent(request, request.user))

    def replace() -> None:
        after = form.instance
        ProvisionedGroup.objects.change_rules(
            [before, after], partial(before.replace, after, by=request.user), by=request.user
        )

    if is_stored(form, replace):
        ProvisionedPerson.objects.follow(by=request.user)
        messages.success(request, _("Changed. It counts at once for provisioned groups, else when somebody signs in."))
        return redirect("account-groups")
    status = 409 if form.is_refused else 422
    return render(request, "accounts/group_rule.html", {"form": form}, status=status if form.errors else 200)


@require_POST
@site_permission(Permission.MANAGE_ACCOUNTS)
def remove_rule(request: Request, rule: int) -> HttpResponse:
    """Removes a rule; the second of two clicks finds it done."""
    row = GroupRule.objects.filter(pk=rule).first()
    if row is not None:
        ProvisionedGroup.objects.change_rules([row], partial(row.remove, by=request.user), by=request.user)
        ProvisionedPerson.objects.follow(by=request.user)
    messages.success(
        request,
        _("Removed. What provisioned groups have by it ends now; others keep it until they sign in again."),
    )
    return redirect("account-groups")
