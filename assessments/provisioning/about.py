"""What this service can do and which attributes it has, as directories ask for it."""

from typing import Any

from . import groups, people

#: Entries of a list at most, and if nothing is said.
MOST = 200
USUAL = 100
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
_RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


def provider_config(base: str) -> dict[str, Any]:
    """What is supported; `base` is the address before the names of resources."""
    no = {"supported": False}
    return {
        "schemas": [_CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "A key of an administrator with the scope “scim”, as “Authorization: Bearer mat_…”.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    return [
        {
            "schemas": [_RESOURCE_TYPE],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, schema in (("User", people.SCHEMA), ("Group", groups.SCHEMA))
    ]


def _attribute(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    usual = {
        "multiValued": False,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    case = {"caseExact": False} if kind == "string" else {}
    return {"name": name, "type": kind, **usual, **case, **more}


_READ_ONLY: dict[str, Any] = {"mutability": "readOnly"}
_MEMBER = [
    _attribute("value", mutability="immutable"),
    _attribute("display", **_READ_ONLY),
]
_USER = [
    _attribute("userName", required=True, uniqueness="server"),
    _attribute("externalId", caseExact=True),
    _attribute("displayName"),
    _attribute(
        "name",
        "complex",
        subAttributes=[_attribute("formatted"), _attribute("givenName"), _attribute("familyName")],
    ),
    _attribute("active", "boolean"),
    _attribute(
        "emails",
        "complex",
        multiValued=True,
        subAttributes=[_attribute("value"), _attribute("type"), _attribute("primary", "boolean")],
    ),
    _attribute("groups", "complex", multiValued=True, **_READ_ONLY, subAttributes=_MEMBER),
]
_GROUP = [
    _attribute("displayName", required=True, uniqueness="server"),
    _attribute("externalId", caseExact=True),
    _attribute("members", "complex", multiValued=True, subAttributes=[*_MEMBER, _attribute("type", **_READ_ONLY)]),
]


def schemas(base: str) -> list[dict[str, Any]]:
    return [
        {
            "schemas": [_SCHEMA],
            "id": schema,
            "name": name,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{schema}"},
        }
        for name, schema, attributes in (("User", people.SCHEMA, _USER), ("Group", groups.SCHEMA, _GROUP))
    ]
