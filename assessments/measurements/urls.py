"""Addresses of a team's figures."""

from django.urls import path

from . import views

urlpatterns = [
    path("teams/<uuid:pk>/figures/", views.figures, name="team-figures"),
    path("teams/<uuid:pk>/figures/add/", views.add, name="team-figures-add"),
    path("teams/<uuid:pk>/figures/export/", views.export, name="team-figures-export"),
    path("teams/<uuid:pk>/figures/<int:figure>/remove/", views.remove, name="team-figure-remove"),
]
