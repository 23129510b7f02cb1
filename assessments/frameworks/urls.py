"""Addresses of frameworks and their versions, and importing."""

from django.urls import path

from . import import_views, views

urlpatterns = [
    path("frameworks/", views.frameworks, name="frameworks"),
    path("frameworks/<slug:key>/", views.framework, name="framework"),
    path("frameworks/<slug:key>/<uuid:pk>/", views.edition, name="edition"),
    path("frameworks/<slug:key>/<uuid:pk>/compare/", views.compare, name="edition-compare"),
    path("frameworks/<slug:key>/<uuid:pk>/file/", import_views.export, name="edition-export"),
    path("frameworks/<slug:key>/criteria/<key:criterion>/", views.criterion, name="criterion-history"),
    path("framework-import/", import_views.import_framework, name="framework-import"),
]
