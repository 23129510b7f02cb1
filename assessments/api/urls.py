"""Addresses of the API and of its documentation."""

from django.urls import path

from .documentation_views import documentation
from .service import api

urlpatterns = [
    path("api/", documentation, name="api-documentation"),
    path("api/v1/", api.urls),
]
