"""Addresses of the start page."""

from django.urls import path

from . import home_views

urlpatterns = [
    path("", home_views.home, name="home"),
    path("favicon.ico", home_views.favicon, name="favicon"),
    path("signed-in/", home_views.signed_in, name="signed-in"),
]
