"""Addresses of the organisation's portfolio and plan."""

from django.urls import path

from . import views

urlpatterns = [
    path("portfolio/", views.portfolio, name="portfolio"),
    path("portfolio/export/", views.export, name="portfolio-export"),
    path("plan/", views.plan, name="plan"),
]
