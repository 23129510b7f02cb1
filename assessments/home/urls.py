"""Addresses of the start page, the search, and the calendar of what is due."""

from django.urls import path

from . import calendar_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.find, name="search"),
    path("account/calendar/", calendar_views.own, name="calendar"),
    path("account/calendar/revoke/", calendar_views.revoke, name="calendar-revoke"),
    path("calendar/<str:token>.ics", calendar_views.feed, name="calendar-feed"),
]
