"""What a page costs besides time: database queries, and bytes on the first visit."""

import http.client
import re
from collections.abc import Iterable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries(path: str, cookie: str) -> int:
    """Number of SQL queries of a page, with the edition in memory as in a running process."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.cookies["sessionid"] = cookie
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}")
    return len(captured)


def _fetch(port: int, path: str, cookie: str | None = None) -> tuple[bytes, int]:
    """Content (uncompressed asked separately) and bytes on the wire when compressed."""
    sizes = []
    body = b""
    for encoding in ("identity", "br, gzip"):
        http_connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {"Accept-Encoding": encoding} | ({"Cookie": f"sessionid={cookie}"} if cookie else {})
        http_connection.request("GET", path, headers=headers)
        content = http_connection.getresponse().read()
        sizes.append(len(content))
        body = body or content
    return body, sizes[1]


def weight(port: int, path: str, cookie: str | None = None) -> dict[str, int]:
    """Bytes of a first visit by kind: page, style, script, font, other; everything the page and its styles refer to."""
    html, size = _fetch(port, path, cookie)
    total = {"page": size, "style": 0, "script": 0, "font": 0, "other": 0}
    wanted = list(_references(html.decode()))
    # A font is named twice, by the page ahead of time and by a style sheet, and is fetched once.
    for reference in wanted:
        content, size = _fetch(port, reference)
        kind = _kind(reference)
        total[kind] += size
        if kind == "style":
            inner = re.findall(r'url\(["\']?([^"\')]+)', content.decode())
            found = [url if url.startswith("/") else _resolve(reference, url) for url in inner]
            wanted += [url for url in found if url not in wanted]
    return total


def _references(html: str) -> Iterable[str]:
    return dict.fromkeys(re.findall(r'(?:src|href)="(/static/[^"#]+)"', html))


def _resolve(base: str, relative: str) -> str:
    parts = base.split("/")[:-1]
    for piece in relative.split("/"):
        if piece == "..":
            parts.pop()
        elif piece != ".":
            parts.append(piece)
    return "/".join(parts)


def _kind(path: str) -> str:
    for ending, kind in {".css": "style", ".js": "script", ".woff2": "font"}.items():
        if path.split("?")[0].endswith(ending):
            return kind
    return "other"
