"""Addresses that belong to no page in particular."""

from django.urls import path

from . import home_views

urlpatterns = [
    path("favicon.ico", home_views.favicon, name="favicon"),
    path("signed-in/", home_views.signed_in, name="signed-in"),
]
