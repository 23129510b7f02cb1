"""Translating a framework in the browser and by files, for administrators."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Conflict, Edition, Refused, Translation
from ..models.translations import TextsChanged
from ..permissions.access import get_edition, site_permission
from ..permissions.roles import Permission
from ..web.foreign_texts import language_name
from ..web.requests import Request
from .editor.part_views import refused
from .format.files import FrameworkFileError
from .import_views import shown
from .translating import DONE, Coverage, bring_file, file_of_translation
from .translation_file import reads_translation
from .translation_forms import LanguageForm, TranslationForm, TranslationUploadForm

PER_PAGE = 25


def translating(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """For administrators: passes the edition. Answers with 409 if its state forbids what was asked."""

    @site_permission(Permission.EDIT_FRAMEWORKS)
    @wraps(view)
    def wrapped(request: Request, key: str, pk: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        edition = get_edition(request, key, pk)
        try:
            return view(request, edition, *args, **kwargs)
        except Refused as refusal:
            return refused(request, edition, refusal)

    return wrapped


def _get_translation(edition: Edition, language: str) -> Translation:
    translation = edition.translations.filter(language=language).first()
    if translation is None:
        raise Http404
    translation.edition = edition
    return translation


def _page_of(edition: Edition, language: str) -> str:
    return reverse("translation", args=[edition.framework.key, edition.pk, language])


@require_http_methods(["GET", "HEAD", "POST"])
@translating
def translations(request: Request, edition: Edition) -> HttpResponse:
    """The languages of a version, and how far each is; begins another one."""
    form = LanguageForm(request.POST if request.method == "POST" else None, own=edition.language)
    if form.is_valid():
        translation = Translation.objects.begin(edition, form.cleaned_data["language"], by=request.user)
        return redirect(_page_of(edition, translation.language))
    return _languages(request, edition, form=form, status=422 if form.is_bound else 200)


def _languages(request: Request, edition: Edition, *, status: int, **context: Any) -> HttpResponse:
    coverages = []
    for translation in edition.translations.all():
        translation.edition = edition
        coverages.append((language_name(translation.language), Coverage.of(translation)))
    context = {
        "edition": edition,
        "own": language_name(edition.language),
        "coverages": coverages,
        "form": LanguageForm(own=edition.language),
        "upload": TranslationUploadForm(),
    } | context
    return render(request, "frameworks/translations.html", context, status=status)


@require_POST
@translating
def upload(request: Request, edition: Edition) -> HttpResponse:
    """Stores the texts of a file, which is for this version or for one before it."""
    form = TranslationUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _languages(request, edition, upload=form, status=422)
    file = form.cleaned_data["file"]
    try:
        brought = bring_file(reads_translation(file.read(), name=file.name), edition, by=request.user)
    except FrameworkFileError as error:
        return _languages(request, edition, problems=[shown(problem) for problem in error.problems], status=422)
    except Refused as refusal:
        return _languages(request, edition, refusal=str(refusal), status=422)
    sentence = ngettext("The file has {count} text for this version.", "The file has {count} texts for this version.",
                        brought.texts)  # fmt: skip
    messages.success(request, sentence.format(count=brought.texts))
    if brought.unknown:
        sentence = ngettext(
            "This version has no place for {count} text of the file: {places}",
            "This version has no place for {count} texts of the file: {places}",
            len(brought.unknown),
        )
        messages.warning(request, sentence.format(count=len(brought.unknown), places=", ".join(brought.unknown[:5])))
    return redirect(_page_of(edition, brought.translation.language))


@require_http_methods(["GET", "HEAD", "POST"])
@translating
def translation(request: Request, edition: Edition, language: str) -> HttpResponse:
    """Source and translation side by side: first what is stale, then what is missing."""
    if request.method == "POST":
        return _save(request, edition, _get_translation(edition, language))
    coverage = Coverage.of(_get_translation(edition, language))
    rows = coverage.first_to_do()
    shows_all = "all" in request.GET or not any(row.state != DONE for row in rows)
    page = Paginator([row for row in rows if shows_all or row.state != DONE], PER_PAGE).get_page(
        request.GET.get("page")
    )
    form = TranslationForm(rows=list(page), language=language)
    return _translation_page(request, coverage, form, page=page, shows_all=shows_all)


def _translation_page(request: Request, coverage: Coverage, form: TranslationForm, **context: Any) -> HttpResponse:
    translation = coverage.translation
    status = 409 if form.changed_elsewhere or context.get("conflict") else 422 if form.is_bound else 200
    context |= {
        "edition": translation.edition,
        "translation": translation,
        "coverage": coverage,
        "form": form,
        "name": language_name(translation.language),
        "url": _page_of(translation.edition, translation.language),
    }
    return render(request, "frameworks/translation.html", context, status=status)


def _save(request: Request, edition: Edition, translation: Translation) -> HttpResponse:
    coverage = Coverage.of(translation)
    # The page sends what it showed, which may be in another order by now.
    rows = [row for row in coverage.rows if f"was-{row.key}" in request.POST]
    form = TranslationForm(request.POST, rows=rows, language=translation.language)
    if not form.is_valid():
        return _translation_page(request, coverage, form)
    entered = form.entered()
    try:
        translation.change(entered, seen=form.seen(), by=request.user)
    except TextsChanged as conflict:
        conflict.stored.edition = edition
        coverage = Coverage.of(conflict.stored)
        now = {row.place: row for row in coverage.rows}
        form = TranslationForm(request.POST, rows=[now[row.place] for row in rows], language=translation.language)
        form.changed_elsewhere = conflict.places
        return _translation_page(request, coverage, form)
    message = ngettext("Saved {count} text.", "Saved {count} texts.", len(entered)).format(count=len(entered))
    messages.success(request, message if entered else _("Nothing was changed."))
    return redirect(request.get_full_path())


@require_POST
@translating
def check(request: Request, edition: Edition, language: str) -> HttpResponse:
    """Readers see the translation from now on, or no longer."""
    translation = _get_translation(edition, language)
    is_checked = request.POST.get("checked") == "yes"
    revision = request.POST.get("revision", "")
    try:
        seen = int(revision) if revision.isdecimal() and len(revision) < 9 else -1
        translation.say_checked(is_checked, seen=seen, by=request.user)
    except Conflict as conflict:
        conflict.stored.edition = edition
        coverage = Coverage.of(conflict.stored)
        form = TranslationForm(rows=coverage.first_to_do()[:PER_PAGE], language=language)
        return _translation_page(request, coverage, form, conflict=str(conflict))
    told = _("Readers of {language} see this translation.") if is_checked else _("Readers no longer see it.")
    messages.success(request, told.format(language=language_name(language)))
    return redirect(_page_of(edition, language))


@require_POST
@translating
def remove(request: Request, edition: Edition, language: str) -> HttpResponse:
    translation = edition.translations.filter(language=language).first()
    # Of two clicks, the second finds it gone.
    if translation is not None:
        translation.remove(by=request.user)
    messages.success(request, _("Removed the translation into {language}.").format(language=language_name(language)))
    return redirect("translations", edition.framework.key, edition.pk)


@require_safe
@translating
def download(request: Request, edition: Edition, language: str) -> HttpResponse:
    """The translation as a file."""
    translation = _get_translation(edition, language)
    text = file_of_translation(edition, translation.language)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    name = f"{edition.framework.key}-{translation.language}.yaml"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
