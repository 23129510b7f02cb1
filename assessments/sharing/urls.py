"""Addresses of shared reports, and of the pages on which links to them are made."""

from django.urls import path

from . import badge_views, maker_views, views

urlpatterns = [
    path("s/<str:token>/", views.shared, name="share"),
    path("badge/<str:token>.svg", badge_views.badge, name="badge"),
    path("results/<uuid:pk>/badge/", badge_views.make, name="result-badge"),
    path("results/<uuid:pk>/badge/off/", badge_views.turn_off, name="result-badge-off"),
    path("results/<uuid:pk>/share/", maker_views.share_result, name="result-share"),
    path("results/<uuid:pk>/share/<int:link>/revoke/", maker_views.revoke_of_result, name="result-share-revoke"),
    path("units/<int:pk>/share/", maker_views.share_portfolio, name="unit-share"),
    path("units/<int:pk>/share/<int:link>/revoke/", maker_views.revoke_of_unit, name="unit-share-revoke"),
]
