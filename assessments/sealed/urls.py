"""Addresses of sealed files and of the keys to check them with."""

from django.urls import path

from . import views

urlpatterns = [
    path("results/<uuid:pk>/sealed/", views.sealed, name="result-sealed"),
    path(".well-known/maturity-keys.json", views.public_keys, name="sealed-keys"),
]
