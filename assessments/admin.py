"""The advanced admin: accounts, units, teams, memberships and draft editions. Assessments and results are read-only.

Respondents, ratings and invitations are not registered: an administrator sees levels, never answers. Changes are
recorded in the journal like any other, with ids instead of names.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ForeignKey
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from .accounts import proofs
from .accounts.forms import gives_access
from .models import (
    Assessment,
    Choice,
    Conflict,
    Criterion,
    Dimension,
    Edition,
    Event,
    Framework,
    Group,
    Level,
    Membership,
    Result,
    Scale,
    Symptom,
    Team,
    Unit,
    User,
)
from .models.accounts import LastAdministrator
from .models.writing import hold_to_write

#: The longest search, longer than anything people type.
MOST_LETTERS = 100


class BackOffice(admin.AdminSite):
    site_title = "Maturity, advanced admin"
    site_header = "Maturity, advanced admin"
    index_title = "Advanced admin"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """There is one sign-in page, with its limits; people who are signed in without being administrators get 403."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")


site = BackOffice()


class Journalled(admin.ModelAdmin):
    """Records changes in the journal instead of the admin's own log, which would hold names.

    Every list of the advanced admin is one of these.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allows only the lookups of a list's own filters.

        Django lets an address compare every column: this could read a password hash letter by letter, or keep the
        database busy with a regular expression.
        """
        return lookup in self._lookups_of_filters()

    def _lookups_of_filters(self) -> set[str]:
        lookups = set()
        for path in map(str, self.list_filter):
            field = get_fields_from_path(self.model, path)[-1]
            if isinstance(field, ForeignKey):
                lookups |= {f"{path}__{field.target_field.name}__exact", f"{path}__isnull"}
            elif field.choices or isinstance(field, BooleanField):
                lookups |= {f"{path}__exact", f"{path}__isnull"}
            else:
                lookups |= {path, f"{path}__isnull"}
        return lookups

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Limits the search, because every word adds a condition on every searched column."""
        return super().get_search_results(request, queryset, search_term[:MOST_LETTERS])

    def _record(self, request: Any, obj: Any, verb: str) -> None:
        Event.record(f"backoffice.{verb}", by=request.user, model=obj._meta.model_name, id=str(obj.pk))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]  # the journal takes the place of Django's log
        self._record(request, obj, "added")

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]  # the journal takes the place of Django's log
        self._record(request, obj, "changed")

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:  # type: ignore[override]  # the same
        for obj in queryset:
            self._record(request, obj, "deleted")


class Kept(Journalled):
    """Rows that cannot be deleted here: only the pages of the product know what depends on them."""

    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(Kept):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SeenForm(forms.ModelForm):
    """A row opened at the revision `seen`: a save from an older page gets an error, as on the pages of the product."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.revision

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (
            self.instance.pk
            and not self.instance._state.adding
            and (cleaned.get("seen") or 0) != self.instance.revision
        ):
            raise forms.ValidationError(
                "Someone else changed this after you opened the page. Open it again to see the changes."
            )
        return cleaned


class Shared(Journalled):
    """Rows that several people edit, here and on the pages of the product."""

    form = SeenForm

    def get_object(self, request: HttpRequest, object_id: Any, from_field: str | None = None) -> Any:
        """Locks the row against other writers if it is about to be changed, and reads it as it is then."""
        row = super().get_object(request, object_id, from_field)
        if row is None or request.method != "POST":
            return row
        self.model._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first()
        return super().get_object(request, object_id, from_field)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.revision = (obj.revision or 0) + change
        super().save_model(request, obj, form, change)


class UserForm(SeenForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["is_active"] = self.instance.is_let_in

    #: Whether the administrator has just shown who they are.
    is_proven = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.is_proven and gives_access(self.instance, cleaned):
            raise forms.ValidationError("This lets somebody in. Do it on the pages of Maturity, under Accounts.")
        return cleaned


@admin.register(User, site=site)
class UserAdmin(Kept):
    list_display = ["name", "email", "is_administrator", "is_active"]
    list_filter = ["is_administrator", "is_active"]
    search_fields = ["name", "email"]
    form = UserForm
    fields = ["email", "name", "is_active", "is_administrator", "keyboard_shortcuts", "seen"]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (LastAdministrator, Conflict) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(request.get_full_path())

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.is_proven = proofs.is_recent(request, request.user)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            values = {name: form.cleaned_data[name] for name in form.fields if name != "seen"}
            obj.change_account(by=request.user, seen=form.cleaned_data["seen"] or 0, **values)
        else:
            obj.set_unusable_password()
            super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keeps administrators from locking themselves out."""
        return ["is_active", "is_administrator"] if obj is not None and obj.pk == request.user.pk else []


@admin.register(Unit, site=site)
class UnitAdmin(Shared, Kept):
    list_display = ["name", "parent"]
    search_fields = ["name"]


@admin.register(Team, site=site)
class TeamAdmin(Shared, Kept):
    list_display = ["name", "unit", "time_zone"]
    list_select_related = ["unit"]
    search_fields = ["name"]


@admin.register(Membership, site=site)
class MembershipAdmin(Shared):
    list_display = ["user", "team", "unit", "role"]
    list_select_related = ["user", "team", "unit"]
    list_filter = ["role"]
    search_fields = ["user__name", "user__email", "team__name"]
    autocomplete_fields = ["user", "team", "unit"]
    #: The kinds of events that the team's members page shows for what is done here.
    EVENTS = {"added": "member.added", "changed": "member.role", "deleted": "member.removed"}

    def _record(self, request: Any, obj: Any, verb: str) -> None:
        super()._record(request, obj, verb)
        if obj.team:
            kind = self.EVENTS[verb]
            Event.record(kind, by=request.user, team=obj.team, person=str(obj.user_id), role=obj.role)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A membership keeps its person: the comments it lets them read depend on when they joined."""
        return ["user", "team", "unit"] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        administrator: Any = request.user  # nobody else gets here
        hold_to_write(administrator, obj.user)
        obj.source = Membership.Source.HAND
        super().save_model(request, obj, form, change)
        if obj.role == Membership.Role.MANAGER:
            obj.user.begin_anew()


@admin.register(Framework, site=site)
class FrameworkAdmin(Kept):
    list_display = ["name", "key"]
    readonly_fields = ["key"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class OneEditionForm(SeenForm):
    """A part and what it refers to belong to one edition."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        edition = cleaned.get("edition") or getattr(self.instance, "edition", None)
        for name in ("dimension", "level", "scale", "group"):
            other = cleaned.get(name)
            if (
                other is not None
                and edition is not None
                and not isinstance(other, int)
                and other.edition_id != edition.pk
            ):
                self.add_error(name, "This belongs to another version.")
        return cleaned


class OfDraft(Journalled):
    """Parts of editions: those of drafts can be changed, those of published editions are read-only."""

    path = "edition"
    actions = None

    def get_object(self, request: HttpRequest, object_id: Any, from_field: str | None = None) -> Any:
        """Locks the edition against other writers if it is about to be changed, and reads the row as it is then."""
        row = super().get_object(request, object_id, from_field)
        if row is None or request.method != "POST":
            return row
        Edition.objects.select_for_update(no_key=True).filter(pk=self.edition_of(row).pk).first()
        return super().get_object(request, object_id, from_field)

    def edition_of(self, obj: Any) -> Edition:
        return obj if isinstance(obj, Edition) else obj.in_edition()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or self.edition_of(obj).is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or self.edition_of(obj).is_draft)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A part stays in its edition."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "edition"] if obj is not None and not isinstance(obj, Edition) else fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.revision = (obj.revision or 0) + 1
        super().save_model(request, obj, form, change)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only drafts, and parts of drafts, can be referred to."""
        name = db_field.remote_field.model._meta.model_name
        drafts = db_field.remote_field.model._default_manager.all()
        if name == "edition" and db_field.name == "edition":
            kwargs["queryset"] = drafts.filter(status=Edition.Status.DRAFT)
        elif name in ("dimension", "level", "scale", "group"):
            kwargs["queryset"] = drafts.filter(edition__status=Edition.Status.DRAFT)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Edition, site=site)
class EditionAdmin(OfDraft):
    list_display = ["name", "version", "origin", "status", "published_at"]
    form = SeenForm
    list_filter = ["status", "origin", "framework"]
    readonly_fields = ["framework", "status", "origin", "based_on", "digest", "published_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class PartAdmin(OfDraft):
    form = OneEditionForm
    list_filter = ["edition__status", "edition"]
    list_select_related = ["edition"]
    list_per_page = 50


@admin.register(Level, site=site)
class LevelAdmin(PartAdmin):
    list_display = ["number", "name", "edition"]


@admin.register(Group, site=site)
@admin.register(Dimension, site=site)
class NamedAdmin(PartAdmin):
    list_display = ["name", "key", "order", "edition"]


class ChoiceInline(admin.TabularInline):
    model = Choice
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or obj.edition.is_draft

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Scale, site=site)
class ScaleAdmin(PartAdmin):
    list_display = ["key", "edition"]
    inlines = [ChoiceInline]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """If choices change, the author is asked again whether the meaning is the same."""
        super().save_formset(request, form, formset, change)
        if change and formset.has_changed():
            form.instance.editorial = False
            form.instance.save(update_fields=["editorial"])


@admin.register(Criterion, site=site)
class CriterionAdmin(PartAdmin):
    list_display = ["key", "statement", "dimension", "level", "edition"]
    list_select_related = ["edition", "dimension", "level"]
    search_fields = ["key", "statement"]
    readonly_fields = ["meaning"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if {"statement", "evidence", "na"} & set(form.changed_data):
            obj.editorial = False
        super().save_model(request, obj, form, change)


@admin.register(Symptom, site=site)
class SymptomAdmin(PartAdmin):
    list_display = ["key", "statement", "level", "edition"]


@admin.register(Assessment, site=site)
class AssessmentAdmin(ReadOnly):
    list_display = ["team", "date", "edition", "status"]
    list_select_related = ["team", "edition"]
    list_filter = ["status"]
    fields = [
        "team",
        "edition",
        "date",
        "due",
        "questionnaire",
        "rule",
        "anonymous",
        "status",
        "opened_at",
        "closed_at",
    ]


@admin.register(Result, site=site)
class ResultAdmin(ReadOnly):
    list_display = ["team", "date", "framework", "level", "index", "generation", "is_current"]
    list_select_related = ["team", "framework"]
    # Without the generation, those of one assessment would stand in the order of their random ids.
    ordering = ["-date", "-closing", "-generation"]
    fields = ["team", "framework", "edition", "date", "questionnaire", "rule", "level", "best", "index", "index_best"]


@admin.register(Event, site=site)
class EventAdmin(ReadOnly):
    list_display = ["at", "kind", "actor", "team"]
    list_select_related = ["actor", "team"]
    list_filter = ["kind"]
