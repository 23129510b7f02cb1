"""Every address of the application: those of the packages. Answering comes first because it is asked for most."""

from django.urls import include, path

PACKAGES = (
    "questionnaire",
    "review",
    "invitations",
    "web",
    "accounts",
    "organisation",
    "results",
    "sealed",
    "planning",
    "portfolio",
    "frameworks",
    "frameworks.editor",
    "lifecycle",
)

urlpatterns = [path("", include(f"assessments.{package}.urls")) for package in PACKAGES]
