"""Addresses of the life of an assessment."""

from django.urls import path

from . import views

urlpatterns = [
    path("teams/<uuid:pk>/assessments/new/", views.start, name="assessment-start"),
    path("assessments/<uuid:pk>/", views.assessment, name="assessment"),
    path("assessments/<uuid:pk>/due/", views.due, name="assessment-due"),
    path("assessments/<uuid:pk>/close/", views.close, name="assessment-close"),
    path("assessments/<uuid:pk>/reopen/", views.reopen, name="assessment-reopen"),
    path("assessments/<uuid:pk>/discard/", views.discard, name="assessment-discard"),
    path("assessments/<uuid:pk>/open/", views.open_draft, name="assessment-open"),
    path("assessments/<uuid:pk>/end/", views.end_answering, name="assessment-end"),
    path("assessments/<uuid:pk>/again/", views.answer_again, name="assessment-again"),
    path("assessments/<uuid:pk>/facilitator/", views.facilitator, name="assessment-facilitator"),
]
