"""Addresses of signing in, passwords and accounts."""

from django.urls import path

from . import sign_in_views, views

urlpatterns = [
    path("setup/", sign_in_views.setup, name="setup"),
    path("sign-in/", sign_in_views.sign_in, name="sign-in"),
    path("sign-in/demo/", sign_in_views.demo, name="sign-in-demo"),
    path("sign-out/", sign_in_views.sign_out, name="sign-out"),
    path("password/reset/", sign_in_views.password_reset, name="password-reset"),
    path("password/set/<uidb64>/<token>/", sign_in_views.password_set, name="password-set"),
    path("account/", views.own, name="account"),
    path("account/password/", views.password, name="password-change"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/new/", views.new, name="account-new"),
    path("accounts/<uuid:pk>/", views.edit, name="account-edit"),
    path("accounts/<uuid:pk>/link/", views.link, name="account-link"),
    path("accounts/<uuid:pk>/delete/", views.erase, name="account-erase"),
]
