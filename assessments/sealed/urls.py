"""Addresses of sealed files and of the keys to check them with."""

from django.urls import path

from . import importing_views, views

urlpatterns = [
    path("teams/<uuid:pk>/sealed-result/", importing_views.import_sealed, name="team-import-result"),
    path("results/<uuid:pk>/sealed/", views.sealed, name="result-sealed"),
    path(".well-known/maturity-keys.json", views.public_keys, name="sealed-keys"),
]
