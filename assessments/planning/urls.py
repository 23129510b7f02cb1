"""Addresses of targets, the adviser and the roadmap."""

from django.urls import path

from . import path_views, roadmap_views, target_views

urlpatterns = [
    path("teams/<uuid:pk>/targets/", target_views.targets, name="team-targets"),
    path("teams/<uuid:pk>/targets/<int:target>/give-up/", target_views.give_up, name="target-give-up"),
    path("teams/<uuid:pk>/adviser/", target_views.adviser, name="team-adviser"),
    path("teams/<uuid:pk>/roadmap/", roadmap_views.roadmap, name="team-roadmap"),
    path("teams/<uuid:pk>/roadmap/export/", roadmap_views.export_roadmap, name="team-roadmap-export"),
    path("teams/<uuid:pk>/roadmap/calendar.ics", roadmap_views.export_calendar, name="team-roadmap-calendar"),
    path("teams/<uuid:pk>/path/", path_views.path, name="team-path"),
    path("teams/<uuid:pk>/what-if/", roadmap_views.what_if, name="team-what-if"),
    path("teams/<uuid:pk>/actions/new/", roadmap_views.new_several, name="actions-new"),
    path("teams/<uuid:pk>/actions/new/<str:criterion>/", roadmap_views.new, name="action-new"),
    path("teams/<uuid:pk>/actions/<int:action>/", roadmap_views.edit, name="action-edit"),
    path("teams/<uuid:pk>/actions/<int:action>/status/", roadmap_views.status, name="action-status"),
    path("teams/<uuid:pk>/actions/<int:action>/owner/", roadmap_views.owner_and_due, name="action-owner"),
]
