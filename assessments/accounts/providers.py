"""What is known of a provider by which people sign in; the environment names them, see `SIGN_IN_PROVIDERS`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInProvider:
    """One provider. `number` is in the address that people come back to."""

    number: int
    issuer: str
    client_id: str
    client_secret: str
    name: str
    groups_claim: str
    #: Whether somebody who has no account here gets one.
    creates: bool
    #: Whether an email counts as theirs although the provider does not say that it was verified.
    trusts_email: bool
