"""Addresses of the editor of drafts, for administrators."""

from django.urls import path

from . import advice_views, begin_views, draft_views, grid_views, part_views, rules_views

EDIT = "frameworks/<slug:key>/<uuid:pk>/edit/"

urlpatterns = [
    path("framework-new/", begin_views.begin_blank, name="framework-new"),
    path("framework-new/copy/", begin_views.begin_copy, name="framework-new-copy"),
    path("framework-new/table/", begin_views.begin_table, name="framework-new-table"),
    path("frameworks/<slug:key>/<uuid:pk>/draft/", draft_views.make, name="draft-make"),
    path(EDIT, part_views.head, name="draft-edit"),
    path(f"{EDIT}grid/", grid_views.grid, name="draft-grid"),
    path(f"{EDIT}rules/", rules_views.overview, name="draft-rules"),
    path(f"{EDIT}rules/text/", rules_views.text, name="draft-rules-text"),
    path(f"{EDIT}rules/scoring/", rules_views.scoring, name="draft-scoring"),
    path(f"{EDIT}rules/adviser/", advice_views.adviser, name="draft-adviser"),
    path(f"{EDIT}rules/adviser/remove/", advice_views.remove_adviser, name="draft-adviser-remove"),
    path(f"{EDIT}rules/adviser/<advice:kind>/new/", advice_views.new, name="draft-advice-new"),
    path(f"{EDIT}rules/adviser/<advice:kind>/at/<key:advice>/", advice_views.advice, name="draft-advice"),
    path(f"{EDIT}rules/adviser/<advice:kind>/at/<key:advice>/move/", advice_views.move, name="draft-advice-move"),
    path(f"{EDIT}rules/adviser/<advice:kind>/at/<key:advice>/remove/", advice_views.remove, name="draft-advice-remove"),
    path(f"{EDIT}place/", grid_views.place, name="draft-place"),
    path(f"{EDIT}undo/", grid_views.undo, name="draft-undo"),
    path(f"{EDIT}dimension/<int:part>/paste/", grid_views.paste, name="draft-paste"),
    path(f"{EDIT}criterion/<int:part>/duplicate/", grid_views.duplicate, name="draft-duplicate"),
    path(f"{EDIT}discard/", draft_views.discard, name="draft-discard"),
    path(f"{EDIT}changes/", draft_views.changes, name="draft-changes"),
    path(f"{EDIT}changes/<kind:kind>/<int:part>/", draft_views.meaning, name="draft-meaning"),
    path(f"{EDIT}impact/", draft_views.impact, name="draft-impact"),
    path(f"{EDIT}publish/", draft_views.publish, name="draft-publish"),
    path(f"{EDIT}<kind:kind>/new/", part_views.new, name="draft-new"),
    path(f"{EDIT}<kind:kind>/<int:part>/", part_views.part, name="draft-part"),
    path(f"{EDIT}<kind:kind>/<int:part>/move/", part_views.move, name="draft-move"),
    path(f"{EDIT}<kind:kind>/<int:part>/remove/", part_views.remove, name="draft-remove"),
]
