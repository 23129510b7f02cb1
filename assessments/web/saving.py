"""Saving what a form says: the form says what was refused and what conflicts, and a double click makes one thing."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from ..models import Conflict, PersonGone, Refused
from ..models.submissions import Submission
from .requests import Request

Made = TypeVar("Made", bound=models.Model)

#: The field of a form that makes something; `{% once %}` writes it into the page.
TOKEN = "once"  # noqa: S105 - the name of a field


def token_for(request: HttpRequest) -> str:
    """For a page with a form that makes something; a form that is shown again keeps its own."""
    is_used = getattr(request, "form_is_used", False)
    return _token_of(request) if _token_of(request) and not is_used else secrets.token_urlsafe(16)


def _token_of(request: HttpRequest) -> str:
    return request.POST.get(TOKEN, "")[:64]


def is_stored(form: Any, save: Callable[[], Any]) -> bool:
    """Stores a valid form: `form.stored` is then what `save` returned.

    The form says what stands in the way: a refusal and a broken rule of the database as its errors, what somebody
    else has changed meanwhile as `form.conflict`.
    """
    if not form.is_valid():
        return False
    try:
        form.stored = save()
    except Conflict as conflict:
        form.conflict = conflict.stored
        return False
    except Refused as refusal:
        form.add_error(None, str(refusal))
        form.is_refused = True
        return False
    except forms.ValidationError as error:
        form.add_error(None, error)
        return False
    except IntegrityError:
        # Somebody else was quicker, with the same name for example: asked again, the form says so itself.
        form.full_clean()
        if form.is_valid():
            raise
        return False
    return True


def changed_meanwhile(request: HttpRequest, form: Any, *, what: str, back: str, overwrite: str = "") -> HttpResponse:
    """The conflict over a change that has no page of its own: both values, and what was sent once more to be confirmed.

    `what` is the change in words, `back` the page that shows what is stored, `overwrite` the label of the button.
    """
    context = {"form": form, "what": what, "action": request.get_full_path(), "back": back, "overwrite": overwrite}
    template = "components/_conflict_form.html" if getattr(request, "htmx", False) else "conflict.html"
    response = render(request, template, context, status=409)
    patch_vary_headers(response, ["HX-Request"])
    return response


def made_once(request: Request, form: Any, model: type[Made], make: Callable[[], Made]) -> Made | None:
    """What this form makes, or has made if it is sent for the second time; None while it cannot make anything.

    `make` is called only if the form is valid.
    """
    if not form.is_bound:
        return None
    by, token = request.user, _token_of(request)
    made = Submission.objects.made_before(model, by=by, token=token)
    if made is None and is_stored(form, lambda: Submission.objects.make_once(model, make, by=by, token=token)):
        made = form.stored
    if made is None:
        # The first of two clicks may have been stored while this one was checked, and its name is taken then.
        made = Submission.objects.made_before(model, by=by, token=token)
    # The page that follows may have a form for the next one.
    request.form_is_used = made is not None
    return made


@contextmanager
def refusal_as_message(request: HttpRequest) -> Iterator[None]:
    """For a button without a form: if what it does is refused, the rest is left out and the next page says why.

    A person who is gone may have no next page, so that refusal keeps its own.
    """
    try:
        yield
    except PersonGone:
        raise
    except Refused as refusal:
        messages.error(request, str(refusal))


def done_once(request: Request, row: Made, do: Callable[[], Any]) -> None:
    """Does something to a row that cannot be done twice; the second of two clicks finds it done."""

    def do_it() -> Made:
        do()
        return row

    Submission.objects.make_once(type(row), do_it, by=request.user, token=_token_of(request))
