"""Addresses of results, the team page and comparisons."""

from django.urls import path

from . import chart_views, comparison_views, export_views, map_views, report_views, team_views, views

urlpatterns = [
    path("teams/<uuid:pk>/", team_views.team, name="team"),
    path("teams/<uuid:pk>/map/", map_views.rubric_map, name="team-map"),
    path("teams/<uuid:pk>/compare/", comparison_views.compare, name="team-compare"),
    path("teams/<uuid:pk>/charts/<slug:chart>.<slug:kind>", chart_views.team_chart, name="team-chart"),
    path("results/<uuid:pk>/charts/<slug:chart>.<slug:kind>", chart_views.result_chart, name="result-chart"),
    path("teams/<uuid:pk>/export/", export_views.export, name="team-export"),
    path("results/<uuid:pk>/", views.result, name="result"),
    path("results/<uuid:pk>/report/", report_views.board_report, name="result-report"),
    path("results/<uuid:pk>/report/slides/", report_views.report_slides, name="result-slides"),
    path("results/<uuid:pk>/export/", export_views.export_result, name="result-export"),
    path("results/<uuid:pk>/setback/", comparison_views.setback, name="result-setback"),
]
