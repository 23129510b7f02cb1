"""Addresses of webhooks."""

from django.urls import path

from . import views

urlpatterns = [
    path("webhooks/", views.of_organisation, name="webhooks"),
    path("teams/<uuid:pk>/webhooks/", views.of_team, name="team-webhooks"),
    path("webhooks/<uuid:pk>/", views.webhook, name="webhook"),
    path("webhooks/<uuid:pk>/edit/", views.edit, name="webhook-edit"),
    path("webhooks/<uuid:pk>/test/", views.test, name="webhook-test"),
    path("webhooks/<uuid:pk>/off/", views.turn_off, name="webhook-off"),
    path("webhooks/<uuid:pk>/on/", views.turn_on, name="webhook-on"),
    path("webhooks/<uuid:pk>/delete/", views.delete, name="webhook-delete"),
    path("webhooks/<uuid:pk>/again/<int:delivery>/", views.send_again, name="webhook-again"),
]
