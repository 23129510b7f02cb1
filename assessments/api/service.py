"""The API as a whole: its addresses, and what its description says of all of them."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from . import checks, comparing, figures, organising, reading, round_commands, webhook_commands, writing
from .bodies import BodyParser
from .problems import CONTENT_TYPE, ProblemJson, answer_problems

#: The modules whose operations are on the one router: two would hide each other's methods of the same address.
OPERATIONS = (reading, writing, checks, comparing, figures, organising, round_commands, webhook_commands)

TEXT = """Programs read and change what the owner of their key can read and change, within the scopes of the key.

Send a key as `Authorization: Bearer mat_…`; keys are made in your account. Every error is `application/problem+json`.
Lists come in parts: `next` of one part is `after` of the following one. Replies have an `ETag`; send it as
`If-None-Match` to read only what has changed, and as `If-Match` to change only what nobody else has changed. Send an
`Idempotency-Key` with a command to repeat it safely. 600 calls a minute are allowed; `RateLimit` says what is left.
Nothing here tells what people answered, what they wrote, or who has answered."""
#: What can be wrong with any request, and with one that changes something.
ALWAYS = {
    "400": "The request cannot be read",
    "401": "No key that works",
    "403": "Not allowed",
    "414": "The address is too long",
    "429": "Too many calls",
    "500": "A fault of the server",
    "503": "The database is away",
}
OF_ONE = {"404": "Nothing there that the owner of the key can see"}
OF_INPUT = {"422": "A value is not as described, or cannot be taken"}
OF_COMMANDS = {
    "409": "The state of things forbids it",
    "412": "Changed since it was read",
    "413": "The body is too long",
}


class Api(NinjaAPI):
    """Describes errors as they are, and in which headers replies say more."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["ProblemJson"] = ProblemJson.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        described = schema["components"]["schemas"]
        described.update(described["ProblemJson"].pop("$defs", {}))
        scopes = self._scopes()
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                self._describe(path, method, operation)
                operation["x-scope"] = scopes[operation["operationId"]]
        return schema

    def _scopes(self) -> dict[str, str]:
        """The scope that a key needs, by operation."""
        return {
            self.get_openapi_operation_id(operation): operation.auth_callbacks[0].scope.value  # type: ignore[attr-defined]
            for bound in self._get_bound_routers()
            for view in bound.path_operations.values()
            for operation in view.operations
        }

    @staticmethod
    def _describe(path: str, method: str, operation: dict[str, Any]) -> None:
        errors = dict(ALWAYS)
        if "{" in path:
            errors |= OF_ONE
        if operation.get("parameters") or "requestBody" in operation:
            errors |= OF_INPUT
        if method != "get":
            errors |= OF_COMMANDS
        else:
            operation["responses"] |= {"304": {"description": "You have it already"}}
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemJson"}}}
        operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
        for status, description in errors.items():
            operation["responses"][status] = {"description": description, "content": content}
        if path.endswith("/file"):
            operation["responses"]["200"]["content"] = {"application/yaml": {"schema": {}}}

    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)


api = Api(
    title="Maturity",
    version="1",
    description=TEXT,
    urls_namespace="api",
    docs_url=None,
    parser=BodyParser(),
    openapi_url="/openapi.json",
)
api.add_router("", reading.router)
answer_problems(api)
