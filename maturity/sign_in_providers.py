"""Reads from the environment by which providers people sign in."""

from urllib.parse import urlsplit

from assessments.accounts.providers import SignInProvider

from . import environment as env

#: So many can be named.
MOST = 9


def sign_in_providers() -> list[SignInProvider]:
    """`OIDC_ISSUER` and so on, then `OIDC_2_ISSUER` to `OIDC_9_ISSUER`."""
    prefixes = {1: "OIDC", **{number: f"OIDC_{number}" for number in range(2, MOST + 1)}}
    found = [_provider(number, prefix) for number, prefix in prefixes.items() if env.text(f"{prefix}_ISSUER")]
    issuers = [provider.issuer for provider in found]
    for provider in found:
        if issuers.count(provider.issuer) > 1:
            env.refuse(f"{prefixes[provider.number]}_ISSUER", f"{provider.issuer} is named twice.")
    return found


def _provider(number: int, prefix: str) -> SignInProvider:
    issuer = env.text(f"{prefix}_ISSUER").rstrip("/")
    try:
        parts = urlsplit(issuer)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or len(issuer) > 500:
        env.refuse(f"{prefix}_ISSUER", f"{issuer!r} is not an address such as https://login.example.org/realms/staff.")
    if parts.scheme == "http" and not env.is_loopback(host):
        env.refuse(f"{prefix}_ISSUER", "must begin with https://, or anyone on the way could sign in as anyone.")
    client_id = env.text(f"{prefix}_CLIENT_ID")
    if not client_id:
        env.refuse(f"{prefix}_CLIENT_ID", f"is missing; {prefix}_ISSUER needs it.")
    return SignInProvider(
        number=number,
        issuer=issuer,
        client_id=client_id,
        client_secret=env.text(f"{prefix}_CLIENT_SECRET"),
        name=env.text(f"{prefix}_NAME") or host,
        groups_claim=env.text(f"{prefix}_GROUPS_CLAIM", "groups"),
        creates=env.boolean(f"{prefix}_CREATE", True),
        trusts_email=env.boolean(f"{prefix}_TRUST_EMAIL", False),
    )
