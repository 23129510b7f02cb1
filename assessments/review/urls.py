"""Addresses of reviewing together."""

from django.urls import path

from . import views

urlpatterns = [
    path("i/<str:token>/review/", views.guest_review, name="guest-review"),
    path("i/<str:token>/review/now/", views.guest_now, name="guest-review-now"),
    path("assessments/<uuid:pk>/review/", views.review, name="review"),
    path("assessments/<uuid:pk>/review/now/", views.now, name="review-now"),
    path("assessments/<uuid:pk>/review/turn/", views.turn, name="review-turn"),
    path("assessments/<uuid:pk>/review/<int:criterion>/", views.agree, name="review-agree"),
]
