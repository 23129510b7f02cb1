"""The page that describes the API, drawn from its description without any script."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..web.requests import Request
from .service import api


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedField:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    is_required: bool
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedOperation:
    """One method of one address."""

    method: str
    path: str
    summary: str
    about: str
    scope: str
    parameters: list[DescribedField]
    body: list[DescribedField]


def _kind(schema: dict[str, Any]) -> str:
    """The type of a value in a word or two."""
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if options:
        return _kind(options[0])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1].removesuffix("Json")
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("const") or schema.get("type", ""))


def described() -> dict[str, list[DescribedOperation]]:
    """The operations by what they are about."""
    schema = api.get_openapi_schema()
    by_tag: dict[str, list[DescribedOperation]] = {}
    for tag, operation in _operations(schema):
        by_tag.setdefault(tag, []).append(operation)
    return by_tag


def _operations(schema: Any) -> Iterator[tuple[str, DescribedOperation]]:
    schemas = schema["components"]["schemas"]
    for path, methods in schema["paths"].items():
        for method, details in methods.items():
            parameters = [
                DescribedField(
                    name=parameter["name"],
                    kind=_kind(parameter["schema"]),
                    is_required=parameter["required"],
                    about=parameter.get("description", ""),
                )
                for parameter in details["parameters"]
            ]
            yield (
                details["tags"][0],
                DescribedOperation(
                    method=method.upper(),
                    path=path,
                    summary=details["summary"],
                    about=details.get("description", ""),
                    scope=details["x-scope"],
                    parameters=parameters,
                    body=_body(details, schemas),
                ),
            )


def _body(details: dict[str, Any], schemas: dict[str, Any]) -> list[DescribedField]:
    content = details.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    schema = schemas[content["schema"]["$ref"].rsplit("/", 1)[-1]]
    required = schema.get("required", [])
    return [
        DescribedField(name=name, kind=_kind(field), is_required=name in required, about=field.get("description", ""))
        for name, field in schema["properties"].items()
    ]


@require_safe
def documentation(request: Request) -> HttpResponse:
    """For anyone: it says what the API can do, and nothing of what is in it."""
    context = {"operations": described(), "server": settings.SITE_URL}
    return render(request, "api/documentation.html", context)
