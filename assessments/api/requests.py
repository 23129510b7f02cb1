"""Who asks: the key of a request, its scope, and how many calls it has left."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from ..models import ApiCalls, ApiKey, LinkGuess
from ..models.api_keys import Address, CallCount
from ..models.installation import learn
from ..web.requests import Request
from .problems import ApiProblem

#: Calls of one key in a minute.
LIMIT = 600


class ApiRequest(Request):
    """A request with a key; `user` is its owner."""

    key: ApiKey
    calls: CallCount


def _address(request: HttpRequest) -> Address | None:
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class KeyAuth(HttpBearer):
    """Lets in whoever sends a key with this scope. Neither sessions nor cookies count."""

    def __init__(self, scope: ApiKey.Scope) -> None:
        self.scope = scope
        super().__init__()

    def authenticate(self, request: ApiRequest, token: str) -> ApiKey | None:  # type: ignore[override]
        key = ApiKey.objects.genuine(token)
        if key is None:
            is_guess = not ApiKey.objects.was_genuine(token)
            if is_guess and request.client_network and not LinkGuess.objects.record(request.client_network):
                raise ApiProblem(429, _("Too many keys that do not exist. Wait a quarter of an hour."))
            return None
        if not key.works_from(_address(request)):
            return None
        learn(key.installation_generation)  # type: ignore[attr-defined]
        request.key, request.user = key, key.owner
        request.calls = ApiCalls.objects.add(key)
        if request.calls.calls > LIMIT:
            wait = str(request.calls.seconds_left)
            sentence = _("This key has made {limit} calls in a minute. Wait {seconds} seconds.")
            detail = sentence.format(limit=LIMIT, seconds=wait)
            raise ApiProblem(429, detail, headers={"Retry-After": wait})
        key.note_use()
        if not key.allows(self.scope):
            sentence = _("This key does not have the scope “{scope}”.")
            raise ApiProblem(403, sentence.format(scope=self.scope.value))
        return key


READ = KeyAuth(ApiKey.Scope.READ)
TEAMS = KeyAuth(ApiKey.Scope.TEAMS)
METRICS = KeyAuth(ApiKey.Scope.METRICS)
ORGANISATION = KeyAuth(ApiKey.Scope.ORGANISATION)
WEBHOOKS = KeyAuth(ApiKey.Scope.WEBHOOKS)
CHECKS = KeyAuth(ApiKey.Scope.CHECKS)
FRAMEWORKS = KeyAuth(ApiKey.Scope.FRAMEWORKS)


def note_limit(request: HttpRequest, response: HttpResponse) -> None:
    """Says in the headers how many calls the key has left."""
    calls: CallCount | None = getattr(request, "calls", None)
    if calls is not None:
        response.headers["RateLimit-Policy"] = f'"calls";q={LIMIT};w=60'
        response.headers["RateLimit"] = f'"calls";r={max(0, LIMIT - calls.calls)};t={calls.seconds_left}'


def address_of(path: str) -> str:
    """An absolute address, from SITE_URL and never from a request."""
    return settings.SITE_URL + path
