"""Addresses of previews of a draft, for people who may edit frameworks."""

from django.urls import path

from ..frameworks.editor.urls import EDIT
from . import views

urlpatterns = [
    path(f"{EDIT}preview/", views.questionnaire, name="draft-preview"),
    path(f"{EDIT}preview/to/<key:dimension>/", views.questionnaire, name="draft-preview-dimension"),
    path(f"{EDIT}preview/result/", views.result, name="draft-preview-result"),
]
