"""Requests of directories, in the forms that Microsoft Entra and Okta describe for theirs."""

import json
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from assessments.models import ApiKey, User

from ..api.keys import make_key

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class Directory:
    """A directory with a key of an administrator."""

    def __init__(self, key: ApiKey | None) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {key.text}"} if key else {}

    def ask(self, path: str, method: str = "GET", body: Any = None, **query: Any):
        text = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        return self.client.generic(
            method,
            f"/scim/v2/{path}{'?' + urlencode(query) if query else ''}",
            data=text,
            content_type="application/scim+json; charset=utf-8",
            headers=self.headers,
        )

    def get(self, path: str, **query: Any) -> Any:
        return told(self.ask(path, **query), 200)

    def post(self, path: str, body: Any) -> Any:
        response = self.ask(path, "POST", body)
        made = told(response, 201)
        assert response.headers["Location"] == made["meta"]["location"]
        return made

    def patch(self, path: str, *operations: Any):
        return self.ask(path, "PATCH", {"schemas": [PATCH], "Operations": list(operations)})

    def changed(self, path: str, *operations: Any) -> Any:
        return told(self.patch(path, *operations), 200)

    def found(self, path: str, condition: str) -> list[str]:
        """The ids that a filter finds."""
        return [row["id"] for row in self.get(path, filter=condition)["Resources"]]


def make_directory(admin: User, **key: Any) -> Directory:
    return Directory(make_key(by=admin, scopes=["scim"], name="directory", **key))


def told(response, status: int) -> Any:
    assert response.status_code == status, (response.status_code, response.content)
    assert response.headers["Content-Type"] == "application/scim+json"
    return response.json()


def refused(response, status: int, kind: str = "") -> Any:
    """What is wrong, if it is said as SCIM says it."""
    error = told(response, status)
    assert error["schemas"] == [ERROR]
    assert error["status"] == str(status)
    assert error["detail"]
    assert error.get("scimType", "") == kind
    return error


def entra_user(email: str = "ada@example.org", **other: Any) -> dict[str, Any]:
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Ada.Example@corp.example.org",
        "active": True,
        "displayName": "Ada Example",
        "emails": [{"primary": True, "type": "work", "value": email}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ada Example", "familyName": "Example", "givenName": "Ada"},
        "roles": [],
        ENTERPRISE: {"department": "Research"},
        **other,
    }


def okta_user(email: str = "ada@example.org", **other: Any) -> dict[str, Any]:
    return {
        "schemas": [USER],
        "userName": email,
        "name": {"givenName": "Ada", "familyName": "Example"},
        "emails": [{"primary": True, "value": email, "type": "work"}],
        "displayName": "Ada Example",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
        **other,
    }


def entra_group(name: str = "Developers") -> dict[str, Any]:
    return {
        "schemas": [GROUP, ENTRA_GROUP],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": name,
        "meta": {"resourceType": "Group"},
    }


def okta_group(name: str = "Developers", *members: str) -> dict[str, Any]:
    listed = [{"value": member, "display": "somebody@example.org"} for member in members]
    return {"schemas": [GROUP], "displayName": name, "members": listed}
