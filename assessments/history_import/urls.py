"""Addresses of earlier assessments that come in from files."""

from django.urls import path

from . import views

urlpatterns = [
    path("imported-history/", views.import_history, name="history-import"),
    path("imported-history/<uuid:pk>/", views.batch, name="history-batch"),
]
