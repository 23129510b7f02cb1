"""Keys for the API in tests."""

import datetime
from collections.abc import Sequence

from django.utils import timezone

from assessments.models import ApiKey, KeyTerms, User
from assessments.models.api_keys import key_text
from assessments.models.participation import new_token

ALL_SCOPES = tuple(ApiKey.Scope.values)


def make_key(
    *,
    by: User,
    scopes: Sequence[str] = ALL_SCOPES,
    networks: Sequence[str] = (),
    name: str = "pipeline",
    days: int = 30,
) -> ApiKey:
    """A key of this person; `.text` is what a program sends."""
    token = new_token()
    expires_on = timezone.localdate() + datetime.timedelta(days=days)
    terms = KeyTerms(name=name, scopes=tuple(scopes), expires_on=expires_on, networks=tuple(networks))
    key = ApiKey.objects.make(terms, by=by, token=token)
    key.text = key_text(token)
    return key
