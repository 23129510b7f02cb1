"""Addresses of the issue tracker of a team."""

from django.urls import path

from . import views

urlpatterns = [
    path("teams/<uuid:pk>/tracker/", views.tracker, name="team-tracker"),
    path("teams/<uuid:pk>/tracker/remove/", views.remove, name="team-tracker-remove"),
    path("teams/<uuid:pk>/tracker/token/remove/", views.remove_token, name="team-tracker-token-remove"),
    path("teams/<uuid:pk>/actions/<int:action>/issue/", views.create_issue, name="action-issue"),
]
