"""Addresses of the organisation's portfolio and plan."""

from django.urls import path

from . import report_views, views

urlpatterns = [
    path("portfolio/", views.portfolio, name="portfolio"),
    path("portfolio/report/", report_views.portfolio_report, name="portfolio-report"),
    path("portfolio/report/slides/", report_views.portfolio_slides, name="portfolio-slides"),
    path("portfolio/charts/<slug:chart>.<slug:kind>", views.portfolio_chart, name="portfolio-chart"),
    path("portfolio/export/", views.export, name="portfolio-export"),
    path("plan/", views.plan, name="plan"),
]
