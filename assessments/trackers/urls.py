"""Addresses of the issue tracker of a team."""

from django.urls import path

from . import views

urlpatterns = [
    path("teams/<uuid:pk>/tracker/", views.tracker, name="team-tracker"),
    path("teams/<uuid:pk>/tracker/remove/", views.remove, name="team-tracker-remove"),
]
