"""Addresses of units, teams and members."""

from django.urls import path

from . import people_views, team_views, unit_views

urlpatterns = [
    path("accounts/add/", people_views.add_people, name="people-add"),
    path("accounts/export/", people_views.export_people, name="people-export"),
    path("units/", unit_views.units, name="units"),
    path("units/new/", unit_views.new, name="unit-new"),
    path("units/<int:pk>/", unit_views.edit, name="unit-edit"),
    path("units/<int:pk>/delete/", unit_views.delete, name="unit-delete"),
    path("units/<int:pk>/merge/", unit_views.merge, name="unit-merge"),
    path("units/<int:pk>/managers/", unit_views.add_manager, name="unit-manager-add"),
    path("units/<int:pk>/managers/<int:membership>/remove/", unit_views.remove_manager, name="unit-manager-remove"),
    path("teams/", team_views.teams, name="teams"),
    path("teams/new/", team_views.new, name="team-new"),
    path("teams/<uuid:pk>/edit/", team_views.edit, name="team-edit"),
    path("teams/<uuid:pk>/merge/", team_views.merge, name="team-merge"),
    path("teams/<uuid:pk>/members/", team_views.members, name="team-members"),
    path("teams/<uuid:pk>/members/<int:membership>/", team_views.change_role, name="member-role"),
    path("teams/<uuid:pk>/members/<int:membership>/comments/", team_views.show_comments, name="member-comments"),
    path("teams/<uuid:pk>/members/<int:membership>/remove/", team_views.remove_member, name="member-remove"),
    path("teams/<uuid:pk>/members/restore/<int:removal>/", team_views.restore_member, name="member-restore"),
]
