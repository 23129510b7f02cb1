"""Addresses of frameworks and their versions, and importing."""

from django.urls import path

from . import import_views, translation_views, views

LANGUAGES = "frameworks/<slug:key>/<uuid:pk>/languages/"

urlpatterns = [
    path("frameworks/", views.frameworks, name="frameworks"),
    path("frameworks/<slug:key>/", views.framework, name="framework"),
    path("frameworks/<slug:key>/<uuid:pk>/", views.edition, name="edition"),
    path("frameworks/<slug:key>/<uuid:pk>/use/", views.use, name="framework-use"),
    path("frameworks/<slug:key>/<uuid:pk>/compare/", views.compare, name="edition-compare"),
    path("frameworks/<slug:key>/<uuid:pk>/file/", import_views.export, name="edition-export"),
    path("frameworks/<slug:key>/criteria/<key:criterion>/", views.criterion, name="criterion-history"),
    path(LANGUAGES, translation_views.translations, name="translations"),
    path(f"{LANGUAGES}file/", translation_views.upload, name="translation-upload"),
    path(f"{LANGUAGES}<slug:language>/", translation_views.translation, name="translation"),
    path(f"{LANGUAGES}<slug:language>/check/", translation_views.check, name="translation-check"),
    path(f"{LANGUAGES}<slug:language>/remove/", translation_views.remove, name="translation-remove"),
    path(f"{LANGUAGES}<slug:language>/file/", translation_views.download, name="translation-file"),
    path("framework-import/", import_views.import_framework, name="framework-import"),
]
