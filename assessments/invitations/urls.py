"""Addresses of links by which people come in, and inviting."""

from django.urls import path

from . import link_views, outside_views, views

urlpatterns = [
    path("i/<str:token>/", link_views.link, name="link"),
    path("i/<str:token>/accept/", link_views.accept, name="link-accept"),
    path("assessments/<uuid:pk>/invite/", views.invite, name="assessment-invite"),
    path("assessments/<uuid:pk>/invite/link/", views.share, name="assessment-share"),
    path("assessments/<uuid:pk>/links/", views.show_links, name="assessment-links"),
    path("assessments/<uuid:pk>/invite/<int:invitation>/revoke/", views.revoke, name="assessment-revoke"),
    path("assessments/<uuid:pk>/invite/<int:invitation>/forget/", views.forget, name="assessment-forget"),
    path("assessments/<uuid:pk>/outside/", outside_views.invite, name="assessment-outside"),
    path("assessments/<uuid:pk>/outside/link/", outside_views.share, name="assessment-outside-share"),
    path(
        "assessments/<uuid:pk>/outside/<int:invitation>/revoke/",
        outside_views.revoke,
        name="assessment-outside-revoke",
    ),
    path("o/<str:token>/", outside_views.link, name="outside"),
    path("o/<str:token>/accept/", outside_views.accept, name="outside-accept"),
    path("assessments/<uuid:pk>/remind/", views.remind, name="assessment-remind"),
    path("assessments/<uuid:pk>/participation/", views.participation, name="assessment-participation"),
]
