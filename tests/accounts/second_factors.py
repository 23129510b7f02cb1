"""Authenticator apps and passkeys for tests."""

import hashlib
import html
import json
import re
import secrets
import time
from dataclasses import dataclass

from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

from assessments.models import User
from assessments.models.second_factors import SecondFactors, new_secret

CODES = re.compile(r"\b(\d{4}-\d{4})\b")
SECRET = re.compile(r'<code id="secret">([A-Z2-7 ]+)</code>')
QUESTION = re.compile(r'data-asks="([^"]+)"')
SEALED = re.compile(r'name="sealed" value="([^"]+)"')


@dataclass(frozen=True)
class App:
    secret: str

    def code(self, steps: int = 0) -> str:
        """What it shows now, or this many steps of 30 seconds later."""
        return format_hotp_value(hotp_value(self.secret, int(time.time()) // 30 + steps))

    @property
    def wrong_code(self) -> str:
        right = {self.code(steps) for steps in range(-3, 30)}
        return next(code for code in ("123456", "654321", "111111", "222222") if code not in right)


def set_up_app(person: User) -> App:
    app = App(new_secret())
    assert SecondFactors(person).add_app(app.secret, step=0, is_first=False)
    return app


def recovery_codes(person: User) -> list[str]:
    return SecondFactors(person).codes.wrap().get_unused_codes()


def set_up_by_page(browser, **more) -> App:
    """Sets up an app on its page, to which the browser was led."""
    page = browser.get(reverse("two-factor-app")).content.decode()
    app = App(SECRET.search(page)[1].replace(" ", ""))
    form = {"sealed": SEALED.search(page)[1], "code": app.code()}
    assert browser.post(reverse("two-factor-app"), form | more).status_code == 302
    return app


class Device:
    """A device with one passkey, in software; `origin` is the address at which its browser is."""

    def __init__(self, origin: str = "https://testserver"):
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.owner = b""
        #: Whether it asked for a finger or a PIN.
        self.asks = True

    def _data(self, host: str, *, more: bytes = b"") -> bytes:
        flags = 0x01 | (0x04 if self.asks else 0) | (0x40 if more else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + (0).to_bytes(4, "big") + more

    def _said(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def makes(self, question: str) -> str:
        asked = json.loads(question)["publicKey"]
        self.owner = websafe_decode(asked["user"]["id"])
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        data = self._data(asked["rp"]["id"], more=bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._said("webauthn.create", asked["challenge"])
        return self._answer(clientDataJSON=said, attestationObject=attestation)

    def shows(self, question: str) -> str:
        asked = json.loads(question)["publicKey"]
        data = self._data(asked["rpId"])
        said = self._said("webauthn.get", asked["challenge"])
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=said, authenticatorData=data, signature=signature, userHandle=self.owner)

    def _answer(self, **response: bytes) -> str:
        name = websafe_encode(self.id)
        encoded = {key: websafe_encode(value) for key, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": encoded})


def question_on(page) -> str:
    """What a page asks the browser for."""
    return html.unescape(QUESTION.search(page.content.decode())[1])


def add_passkey_by_page(browser, device: Device, **more):
    """Adds a passkey on its page, to which the browser was led; the browser has to be `secure`."""
    page = browser.get(reverse("two-factor-passkey"), secure=True)
    answer = device.makes(question_on(page))
    return browser.post(reverse("two-factor-passkey"), {"name": "Laptop", "credential": answer} | more, secure=True)


def signs_in_now(browser, person: User, *, ago: int = 0) -> None:
    """Signs the person in, who has shown who they are so many seconds ago; `force_login` shows nothing."""
    browser.force_login(person)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - ago}]
    session["account_authentication_methods_user"] = user_id_to_str(person)
    session.save()


def set_up_passkey(person: User) -> Device:
    """Stores a passkey as the page does."""
    device = Device()
    browser = Client()
    signs_in_now(browser, person)
    assert add_passkey_by_page(browser, device)["Location"] == reverse("two-factor-codes")
    return device
