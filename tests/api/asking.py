"""Requests of programs, as tests send them."""

import json
from typing import Any

from django.test import Client

from assessments.models import ApiKey


class Program:
    """A program with a key, or without one."""

    def __init__(self, key: ApiKey | None, client: Client | None = None) -> None:
        self.client = client or Client()
        self.headers = {"Authorization": f"Bearer {key.text}"} if key else {}

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str):
        """The response; names of headers have underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers=self.headers | named,
        )

    def get(self, path: str) -> Any:
        response = self.ask(path)
        assert response.status_code == 200, response.content
        return response.json()

    def post(self, path: str, body: Any = None, **headers: str):
        return self.ask(path, "POST", body, **headers)


def problem(response, status: int) -> dict[str, Any]:
    """What is wrong, if it is said as it has to be."""
    assert response.status_code == status, (response.status_code, response.content)
    assert response.headers["Content-Type"] == "application/problem+json"
    said = response.json()
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    return said


def everything(program: Program, paths: list[str]) -> dict[str, bytes]:
    """What each address answers."""
    return {path: program.ask(path).content for path in paths}
