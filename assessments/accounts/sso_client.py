"""Talking to a provider by OpenID Connect. Imported only when somebody signs in so: its libraries take memory."""

import logging
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property

from ..models.single_sign_on import Claims
from .providers import SignInProvider

log = logging.getLogger("maturity")

#: Everything that goes wrong if a provider is away or answers in another way than it should.
_FAILURES = (requests.RequestException, OAuth2Error, ValueError, KeyError, TypeError, AttributeError)
#: No more groups of a person are kept, and no longer names.
MOST_GROUPS = 500
LONGEST_GROUP = 200


class ProviderFailed(Exception):
    """The provider cannot be reached, or what came back from it is not to be trusted."""


class Cancelled(Exception):
    """The person did not sign in at the provider, or the provider did not let them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who came back from a provider. `noted` is what was handed to `lead_there`, `page` where they want to be.

    `methods` are those by which they signed in there, and `auth_time` is when, in seconds since 1970; 0 if the provider
    does not say.
    """

    claims: Claims
    methods: list[str]
    auth_time: int
    page: str
    noted: Mapping[str, Any]


class _Conversation(OpenIDConnectOAuth2Adapter):
    """allauth's client for one provider. It never looks up an account: what is found out is returned."""

    def __init__(self, request: HttpRequest, provider: SignInProvider) -> None:
        self.named = provider
        super().__init__(request, str(provider.number))

    @cached_property
    def app(self) -> SocialApp:
        return SocialApp(
            provider="openid_connect",
            provider_id=str(self.named.number),
            name=self.named.name[:40],
            client_id=self.named.client_id,
            secret=self.named.client_secret,
            settings={"server_url": self.named.issuer, "oauth_pkce_enabled": True},
        )

    def get_provider(self) -> "_Provider":
        return _Provider(self.request, app=self.app, conversation=self)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        # Never from the host that a request names.
        return settings.SITE_URL + reverse("sso-back", args=[self.named.number])

    @property
    def openid_config(self) -> dict[str, Any]:
        config = super().openid_config
        if str(config["issuer"]).rstrip("/") != self.named.issuer:
            raise OAuth2Error(f"the provider calls itself {config['issuer']!r}, not {self.named.issuer!r}")
        if urlsplit(self.named.issuer).scheme == "https" and not config["token_endpoint"].startswith("https://"):
            raise OAuth2Error("the provider wants to hand over tokens without encryption")
        return config

    def claims(self, state: Mapping[str, Any]) -> "tuple[dict[str, Any], dict[str, Any]]":
        """What the code in the request is exchanged for: the ID token and what the user info endpoint says."""
        client = self.get_client(self.request, self.app)
        verifier = state["pkce_code_verifier"]
        answer = self.get_access_token_data(self.request, self.app, client, pkce_code_verifier=verifier)
        id_token = self._decode_id_token(self.app, answer["id_token"])
        more = self._fetch_user_info(answer["access_token"]) if "userinfo_endpoint" in self.openid_config else {}
        if not secrets.compare_digest(str(id_token.get("nonce", "")).encode(), state["data"]["nonce"].encode()):
            raise OAuth2Error("the ID token was not made for this sign-in")
        if more and more.get("sub") != id_token["sub"]:
            raise OAuth2Error("the ID token and the user info are about different people")
        return id_token, more


class _Provider(OpenIDConnectProvider):
    def __init__(self, request: HttpRequest, app: SocialApp, conversation: _Conversation) -> None:
        self.conversation = conversation
        super().__init__(request, app=app)

    def get_oauth2_adapter(self, request: HttpRequest) -> _Conversation:
        return self.conversation


def lead_there(
    request: HttpRequest, provider: SignInProvider, *, page: str, asks: bool = False, **noted: Any
) -> HttpResponse:
    """Sends the browser to the provider; `page` is where the person wants to be afterwards. Raises ProviderFailed.

    If it `asks`, the provider is told to have the person sign in there again. `noted` comes back with them.
    """
    # The library checks the state and has a code exchanged by PKCE; that the token is for this sign-in, the nonce says.
    noted["nonce"] = secrets.token_urlsafe(24)
    more = {"nonce": noted["nonce"]} | ({"prompt": "login", "max_age": "0"} if asks else {})
    try:
        there = _Conversation(request, provider).get_provider()
        return there.redirect(request, "login", next_url=page, data=noted, auth_params=more)
    except _FAILURES as error:
        raise _failed(provider, error) from error


def come_back(request: HttpRequest, provider: SignInProvider) -> Arrival:
    """What the provider says about whoever came back.

    The state in the address counts once, and only in the browser that was sent there. Raises ProviderFailed and
    Cancelled.
    """
    state = statekit.unstash_state(
        request, provider_id=str(provider.number), state_id=request.GET.get("state", ""), raises=False
    )
    if state is None or "code" not in request.GET:
        raise Cancelled
    try:
        id_token, more = _Conversation(request, provider).claims(state)
        claims = claims_of(provider, id_token, more)
    except _FAILURES as error:
        raise _failed(provider, error) from error
    methods = id_token.get("amr")
    return Arrival(
        claims=claims,
        methods=[str(method) for method in methods] if isinstance(methods, list) else [],
        auth_time=_seconds(id_token.get("auth_time")),
        page=state.get("next") or "",
        noted=state["data"],
    )


def _seconds(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def _failed(provider: SignInProvider, error: Exception) -> ProviderFailed:
    log.warning("Signing in with %s failed: %s: %s", provider.name, error.__class__.__name__, error)
    return ProviderFailed()


def claims_of(provider: SignInProvider, id_token: Mapping[str, Any], more: Mapping[str, Any]) -> Claims:
    """Raises KeyError or ValueError if a claim is missing that has to be there, or is not what it should be."""
    subject = id_token["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise ValueError("the subject is not a text of 1 to 255 characters")
    email = _text(more, "email") or _text(id_token, "email")
    said = [
        source.get("email_verified") for source in (more, id_token) if _text(source, "email").lower() == email.lower()
    ]
    is_verified = any(word in (True, "true") for word in said) and not any(word in (False, "false") for word in said)
    return Claims(
        issuer=provider.issuer,
        subject=subject,
        email=email if len(email) <= 254 else "",
        is_verified=bool(email) and (is_verified or provider.trusts_email),
        name=(_text(more, "name") or _text(id_token, "name"))[:120],
        groups=_groups(provider.groups_claim, id_token, more),
    )


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    return "".join(letter for letter in value if letter.isprintable()).strip() if isinstance(value, str) else ""


def _groups(claim: str, id_token: Mapping[str, Any], more: Mapping[str, Any]) -> list[str] | None:
    """The groups; None if the provider has too many to tell, as Microsoft Entra says by `_claim_names`."""
    for source in (more, id_token):
        value = _inside(source, claim)
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list):
            names = [name for name in value if isinstance(name, str) and len(name) <= LONGEST_GROUP]
            return sorted(set(names))[:MOST_GROUPS]
    elsewhere = [source.get("_claim_names") for source in (more, id_token)]
    return None if any(isinstance(names, dict) and claim in names for names in elsewhere) else []


def _inside(source: Mapping[str, Any], claim: str) -> Any:
    """The claim, also where Keycloak has it inside of others: `realm_access.roles`."""
    if claim in source:
        return source[claim]
    value: Any = source
    for part in claim.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
