"""How a draft is scored, what is noticed at low levels and what is advised: in forms, or as text."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ...models import Edition
from ...web.requests import Request
from ...web.saving import is_stored
from .advice_forms import KINDS_OF_ADVICE, adviser_of, listed
from .grid import Grid
from .part_views import editing
from .rules_form import RulesForm
from .scoring_form import ScoringForm, plain_scoring, rules_in_words


@require_safe
@editing
def overview(request: Request, edition: Edition) -> HttpResponse:
    """All of it in words, with the way to each form."""
    scoring = plain_scoring(edition)
    context = {
        "edition": edition,
        "grid": Grid.of(edition),
        "scoring": scoring,
        "rules": rules_in_words(scoring),
        "symptoms": edition.contents.symptoms,
    }
    if edition.uses_levels and "adviser" in edition.blocks:
        adviser = adviser_of(edition)
        lists = [(kind, words, listed(adviser, kind)) for kind, words in KINDS_OF_ADVICE.items()]
        context |= {"adviser": adviser, "lists": lists}
    return render(request, "frameworks/editor/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def text(request: Request, edition: Edition) -> HttpResponse:
    """The other way: as it stands in a framework file."""
    form = RulesForm(request.POST if request.method == "POST" else None, edition=edition)

    def save() -> Edition:
        parts = form.parts
        return edition.change_rules(
            by=request.user,
            seen=form.seen(),
            scoring=parts.get("scoring", {}),
            adviser=parts.get("adviser"),
            symptoms=parts.get("symptoms", []),
        )

    if is_stored(form, save):
        messages.success(request, _("Saved."))
        return redirect(request.path)
    return _page(request, "frameworks/editor/rules_text.html", edition, form)


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def scoring(request: Request, edition: Edition) -> HttpResponse:
    form = ScoringForm(request.POST if request.method == "POST" else None, edition=edition)
    if is_stored(form, lambda: edition.change_scoring(by=request.user, seen=form.seen(), scoring=form.scoring())):
        messages.success(request, _("Saved."))
        return redirect(edition.get_rules_url())
    return _page(request, "frameworks/editor/scoring.html", edition, form, rows=form.rows)


def _page(
    request: Request, template: str, edition: Edition, form: RulesForm | ScoringForm, **more: object
) -> HttpResponse:
    context = {
        "edition": edition,
        "form": form,
        "grid": Grid.of(edition),
        "revision": form.data.get("revision", edition.revision),
        "back": request.path,
        **more,
    }
    return render(request, template, context, status=form.http_status)
