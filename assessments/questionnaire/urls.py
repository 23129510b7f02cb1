"""Addresses of answering."""

from django.urls import URLPattern, path

from . import outside_views, views


def answering(start: str, prefix: str) -> list[URLPattern]:
    """The pages of a questionnaire below an address; names begin with the prefix."""
    pages = [
        ("to/<key:dimension>/<int:criterion>/", views.save, "answer-save"),
        ("next/", views.next_unanswered, "answer-next"),
        ("symptoms/", views.symptoms, "answer-symptoms"),
        ("done/", views.done, "answer-done"),
        ("submit/", views.submit, "answer-submit"),
        ("to/<key:dimension>/", views.dimension, "answer-dimension"),
    ]
    return [path(start + page, view, name=prefix + name) for page, view, name in pages]


urlpatterns = [
    # For members. Saving comes first because it is asked for most: every answer is a request.
    *answering("assessments/<uuid:pk>/answer/", ""),
    path("assessments/<uuid:pk>/answer/", views.begin, name="answer"),
    path("assessments/<uuid:pk>/answer/link/", views.take_link, name="answer-link"),
    # By link.
    *answering("i/<str:token>/answer/", "guest-"),
    path("i/<str:token>/answer/", views.begin, name="guest-answer"),
    # From outside the team, by link.
    path("o/<str:token>/answer/", outside_views.overview, name="outside-answer"),
    path("o/<str:token>/answer/<key:dimension>/", outside_views.dimension, name="outside-dimension"),
]
