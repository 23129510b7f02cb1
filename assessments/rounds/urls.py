"""Addresses of rounds."""

from django.urls import path

from . import views

urlpatterns = [
    path("rounds/", views.rounds, name="rounds"),
    path("rounds/new/", views.new, name="round-new"),
    path("rounds/<uuid:pk>/", views.round_page, name="round"),
    path("rounds/<uuid:pk>/edit/", views.edit, name="round-edit"),
    path("rounds/<uuid:pk>/teams/", views.choose_teams, name="round-teams"),
    path("rounds/<uuid:pk>/resume/", views.resume, name="round-resume"),
    path("rounds/<uuid:pk>/remind/", views.remind, name="round-remind"),
    path("rounds/<uuid:pk>/remind-leads/", views.remind_leads, name="round-remind-leads"),
    path("rounds/<uuid:pk>/extend/", views.extend, name="round-extend"),
    path("rounds/<uuid:pk>/close/", views.close, name="round-close"),
    path("rounds/<uuid:pk>/discard/", views.discard, name="round-discard"),
]
