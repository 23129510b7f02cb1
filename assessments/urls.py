"""Every address of the application: those of the packages. Answering and programs come first: they ask most."""

from django.urls import include, path

PACKAGES = (
    "questionnaire",
    "results",
    "api",
    "review",
    "live",
    "invitations",
    "web",
    "home",
    "accounts",
    "organisation",
    "sealed",
    "history_import",
    "planning",
    "measurements",
    "portfolio",
    "frameworks",
    "frameworks.editor",
    "preview",
    "lifecycle",
    "sharing",
    "webhooks",
    "trackers",
    "rounds",
    "provisioning",
)

urlpatterns = [path("", include(f"assessments.{package}.urls")) for package in PACKAGES]
