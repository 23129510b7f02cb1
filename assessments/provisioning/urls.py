"""Addresses of SCIM 2.0."""

from django.urls import include, path

from . import views

_ADDRESSES = [
    path("ServiceProviderConfig", views.provider_config, name="scim-config"),
    path("ResourceTypes", views.resource_types, name="scim-resource-types"),
    path("ResourceTypes/<str:name>", views.resource_type, name="scim-resource-type"),
    path("Schemas", views.schemas, name="scim-schemas"),
    path("Schemas/<str:name>", views.schema, name="scim-schema"),
    path("Users", views.users, name="scim-users"),
    path("Users/<str:pk>", views.user, name="scim-user"),
    path("Groups", views.groups, name="scim-groups"),
    path("Groups/<str:pk>", views.group, name="scim-group"),
]

# Directories know them by their paths; no page leads there.
urlpatterns = [path("scim/v2/", include((_ADDRESSES, "scim")))]
