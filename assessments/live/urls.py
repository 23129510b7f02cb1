"""Addresses of the live room."""

from django.urls import path

from . import views

urlpatterns = [
    path("live/", views.join, name="room-join"),
    path("live/<str:code>/", views.code, name="room-code"),
    path("i/<str:token>/live/", views.guest_vote, name="guest-room-vote"),
    path("i/<str:token>/live/now/", views.guest_vote_now, name="guest-room-vote-now"),
    path("assessments/<uuid:pk>/live/", views.room, name="room"),
    path("assessments/<uuid:pk>/live/now/", views.now, name="room-now"),
    path("assessments/<uuid:pk>/live/start/", views.start, name="room-start"),
    path("assessments/<uuid:pk>/live/end/", views.end, name="room-end"),
    path("assessments/<uuid:pk>/live/end-answering/", views.end_answering, name="room-end-answering"),
    path("assessments/<uuid:pk>/live/new-code/", views.renew_code, name="room-renew-code"),
    path("assessments/<uuid:pk>/live/turn/", views.turn, name="room-turn"),
    path("assessments/<uuid:pk>/live/reveal/", views.reveal, name="room-reveal"),
    path("assessments/<uuid:pk>/live/again/", views.vote_again, name="room-again"),
    path("assessments/<uuid:pk>/live/decide/<int:criterion>/", views.decide, name="room-decide"),
    path("assessments/<uuid:pk>/live/vote/", views.vote, name="room-vote"),
    path("assessments/<uuid:pk>/live/vote/now/", views.vote_now, name="room-vote-now"),
]
