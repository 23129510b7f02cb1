"""What a page was drawn from goes with it."""

import gc
import weakref

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string


class Thing:
    pass


@pytest.fixture
def request_of_nobody(rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    return request


@pytest.fixture
def _no_circles_are_found():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_circles_are_found")
def test_what_a_page_was_drawn_from_goes_as_soon_as_it_is_drawn(request_of_nobody):
    thing = Thing()
    still_there = weakref.ref(thing)
    context = {"thing": thing}
    assert "Go to your teams" in render_to_string("404.html", context, request_of_nobody)
    assert context["thing"] is thing
    del context, thing
    assert still_there() is None


def test_a_template_that_is_not_there_is_told_as_that(request_of_nobody):
    with pytest.raises(TemplateDoesNotExist, match="nowhere"):
        get_template("nowhere.html")
