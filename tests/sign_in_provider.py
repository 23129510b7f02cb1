"""A real provider for tests: `oidc-provider-mock`, in a process of its own: importing it warns."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import replace

from assessments.accounts.providers import SignInProvider

from .servers import OPENER, ask, free_port, plain_environment


class Provider:
    def __init__(self, port: int):
        self.port = port

    @property
    def issuer(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def elsewhere(self):
        """The same people under another name, so by another issuer."""
        return f"http://localhost:{self.port}"

    def knows(self, subject: str, **claims):
        body = json.dumps(claims).encode()
        request = urllib.request.Request(
            f"{self.issuer}/users/{subject}", body, {"Content-Type": "application/json"}, method="PUT"
        )
        OPENER.open(request, timeout=30).close()

    def lets_in(self, subject: str, address: str, **form: str) -> str:
        """What the person does there; returns the address to which they are led back."""
        body = urllib.parse.urlencode(form or {"sub": subject}).encode()
        try:
            OPENER.open(urllib.request.Request(address, body), timeout=30).close()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.headers["Location"]
        raise AssertionError("the provider did not lead back")


def as_setting(provider: Provider, **changes) -> SignInProvider:
    usual = SignInProvider(
        number=1,
        issuer=provider.issuer,
        client_id="maturity",
        client_secret="a secret of the client",
        name="Company",
        groups_claim="groups",
        creates=True,
        trusts_email=False,
    )
    return replace(usual, **changes)


@contextlib.contextmanager
def running(home):
    port = free_port()
    with (home / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
            env=plain_environment(home),
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError):
                ask(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
                break
            assert process.poll() is None, (home / "provider.log").read_text()
            assert time.monotonic() < until, (home / "provider.log").read_text()
            time.sleep(0.1)
        yield Provider(port)
    finally:
        process.terminate()
        process.wait(timeout=30)
