"""Addresses of signing in, passwords and accounts."""

from django.urls import path

from . import (
    first_link_views,
    group_views,
    key_views,
    mail_views,
    passkey_views,
    second_factor_views,
    session_views,
    sign_in_views,
    sso_views,
    views,
)

#: Names by which allauth finds pages.
_NAMES = [
    path("sign-in/", sign_in_views.sign_in, name="account_login"),
    path("sign-in/", sign_in_views.sign_in, name="account_inactive"),
    path("sign-in/", sign_in_views.sign_in, name="socialaccount_login_cancelled"),
    path("sign-in/", sign_in_views.sign_in, name="socialaccount_login_error"),
    path("sign-out/", sign_in_views.sign_out, name="account_logout"),
    path("account/", views.own, name="account_reauthenticate"),
]

urlpatterns = [
    path("setup/", sign_in_views.setup, name="setup"),
    path("sign-in/", sign_in_views.sign_in, name="sign-in"),
    path("sign-in/demo/", sign_in_views.demo, name="sign-in-demo"),
    path("sign-in/link/<uidb64>/<token>/", sign_in_views.by_link, name="sign-in-link"),
    path("sign-in/passkey/", passkey_views.sign_in, name="sign-in-passkey"),
    path("sign-in/second-factor/", second_factor_views.ask, name="second-factor"),
    path("sso/<int:number>/", sso_views.start, name="sso-start"),
    path("sso/<int:number>/back/", sso_views.back, name="sso-back"),
    path("sign-out/", sign_in_views.sign_out, name="sign-out"),
    path("password/reset/", sign_in_views.password_reset, name="password-reset"),
    path("password/set/<uidb64>/<token>/", sign_in_views.password_set, name="password-set"),
    path("account/", views.own, name="account"),
    path("account/password/", views.password, name="password-change"),
    path("account/data/", views.own_data, name="account-own-data"),
    path("account/keys/", key_views.own_keys, name="api-keys"),
    path("account/keys/<int:key>/revoke/", key_views.revoke_own_key, name="api-key-revoke"),
    path("account/sessions/", session_views.own_sessions, name="sessions"),
    path("account/sessions/end/", session_views.end_other_sessions, name="sessions-end"),
    path("account/sessions/<slug:session>/end/", session_views.end_own_session, name="session-end"),
    path("account/two-factor/", second_factor_views.overview, name="two-factor"),
    path("account/two-factor/app/", second_factor_views.app, name="two-factor-app"),
    path("account/two-factor/passkeys/add/", passkey_views.add, name="two-factor-passkey"),
    path("account/two-factor/passkeys/<int:factor>/", passkey_views.rename, name="two-factor-passkey-name"),
    path("account/two-factor/codes/", second_factor_views.codes, name="two-factor-codes"),
    path("account/two-factor/codes/new/", second_factor_views.new_codes, name="two-factor-codes-new"),
    path("account/two-factor/confirm/", second_factor_views.confirm, name="two-factor-confirm"),
    path("account/two-factor/<int:factor>/remove/", second_factor_views.remove, name="two-factor-remove"),
    path("account/delete/", views.erase_own, name="account-own-erase"),
    path("mails/stop/<str:token>/", mail_views.stop, name="mails-stop"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/new/", views.new, name="account-new"),
    path("accounts/groups/", group_views.groups, name="account-groups"),
    path("accounts/groups/<int:rule>/", group_views.change_rule, name="account-group"),
    path("accounts/groups/<int:rule>/remove/", group_views.remove_rule, name="account-group-remove"),
    path("accounts/links/", first_link_views.first_links, name="people-links"),
    path("accounts/<uuid:pk>/", views.edit, name="account-edit"),
    path("accounts/<uuid:pk>/link/", views.link, name="account-link"),
    path("accounts/<uuid:pk>/data/", views.data, name="account-data"),
    path("accounts/<uuid:pk>/sessions/end/", session_views.end_sessions, name="account-sessions-end"),
    path("accounts/<uuid:pk>/keys/<int:key>/revoke/", key_views.revoke_key, name="account-key-revoke"),
    path(
        "accounts/<uuid:pk>/identities/<int:identity>/remove/",
        group_views.remove_identity,
        name="account-identity-remove",
    ),
    path(
        "accounts/<uuid:pk>/second-factor/remove/", second_factor_views.take_away, name="account-second-factor-remove"
    ),
    path("accounts/<uuid:pk>/delete/", views.erase, name="account-erase"),
    *_NAMES,
]
