"""Every address of the application: those of the packages. Answering comes first because it is asked for most."""

from django.urls import include, path

PACKAGES = (
    "questionnaire",
    "review",
    "live",
    "invitations",
    "web",
    "home",
    "accounts",
    "organisation",
    "results",
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
    "api",
    "provisioning",
)

urlpatterns = [path("", include(f"assessments.{package}.urls")) for package in PACKAGES]
