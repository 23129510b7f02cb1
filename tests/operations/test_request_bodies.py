"""What a request may carry: refused by its announced length before anything reads it, for every URL and anyone."""

import contextlib
import http.client
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from assessments.frameworks.import_forms import MAX_UPLOAD, OWN_FORMAT

from ..factories import make_membership, make_user
from ..servers import collect_static, prepare_folder, serving

pytestmark = [pytest.mark.any_database, pytest.mark.slow]

HUGE = 200_000_000


class Unreadable:
    """A body that must not be read."""

    def read(self, *args):
        raise AssertionError("the body was read")

    readline = __iter__ = read


def routes(patterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern.url_patterns, route)


#: Each route with something where a variable stands, what stands before the views, and what leads nowhere.
PATHS = [*sorted({f"/{route}" for route in routes(get_resolver().url_patterns)}), "/healthz", "/static/js/app.js", "//"]


def send(client, method, path, **environment):
    return client.generic(method, path, **{"wsgi.input": Unreadable(), "REQUEST_METHOD": method, **environment})


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_long_bodies_are_refused_unread_by_every_url(client, method, content_type):
    assert len(PATHS) > 100
    for path in PATHS:
        response = send(client, method, path, CONTENT_LENGTH=str(HUGE), CONTENT_TYPE=content_type)
        assert response.status_code == 413, path
        assert response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "environment",
    [
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "many"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "9" * 5000},
    ],
    ids=["chunked", "word", "negative", "thousands-of-digits"],
)
def test_bodies_of_unknown_length_are_refused_unread_by_every_url(client, environment):
    for path in PATHS:
        assert send(client, "POST", path, **environment).status_code == 411, path


@pytest.mark.parametrize(
    "path,longest", [("/sign-in/", 300_000), ("/framework-import/", 9_000_000), ("/framework-import", 300_000)]
)
def test_each_path_has_its_limit(client, db, path, longest):
    body = b"x" * longest
    assert client.generic("POST", path, body, content_type="text/plain").status_code not in {411, 413}
    assert client.generic("POST", path, body + b"x", content_type="text/plain").status_code == 413


@pytest.mark.parametrize("role", [None, "lead"])
def test_only_an_administrator_has_a_framework_file_read(client, db, team, role):
    """The token against forged requests is looked for afterwards, as it is in the same body."""
    if role:
        client.force_login(make_membership(team=team, role=role).user)
    environment = {"CONTENT_LENGTH": "4900000", "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    response = send(client, "POST", reverse("framework-import"), **environment)
    assert response.status_code == (403 if role else 302)


def test_framework_file_is_not_taken_from_a_forged_request(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(is_administrator=True))
    file = SimpleUploadedFile("framework.yaml", b"x")
    response = client.post(reverse("framework-import"), {"file": file, "kind": OWN_FORMAT, "label": ""})
    assert response.status_code == 403
    assert "plan" not in (response.context or {})
    token = client.get(reverse("framework-import")).context["csrf_token"]
    file = SimpleUploadedFile("framework.yaml", b"x")
    form = {"file": file, "kind": OWN_FORMAT, "label": "", "csrfmiddlewaretoken": str(token)}
    assert client.post(reverse("framework-import"), form).status_code == 422


def test_largest_framework_file_comes_through_and_stays_in_memory(client, db, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    client.force_login(make_user(is_administrator=True))
    file = io.BytesIO(b"# " + b"x" * (MAX_UPLOAD - 2))
    file.name = "framework.yaml"
    response = client.post(reverse("framework-import"), {"file": file, "kind": OWN_FORMAT, "label": ""})
    assert response.context["form"].errors == {}


@pytest.fixture(scope="module")
def static_root(tmp_path_factory):
    return collect_static(tmp_path_factory.mktemp("static") / "files")


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "announced"])
def test_served_it_fills_neither_memory_nor_disk(tmp_path, static_root, chunked):
    """With gunicorn: the answer comes while the body is still being sent."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    block = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"a" * 1_000_000
    sent = []

    def blocks():
        for _ in range(60):
            sent.append(len(block))
            yield block
            assert not list(temporary.iterdir())

    prepare_folder(tmp_path)
    with serving(tmp_path, TMPDIR=str(temporary), STATIC_ROOT=str(static_root), GREETING="0") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        if not chunked:
            headers["Content-Length"] = str(60 * len(block))
        # The server may have answered and closed before everything is sent.
        with contextlib.suppress(OSError):
            connection.request("POST", "/sign-in/", blocks(), headers, encode_chunked=chunked)
        assert connection.getresponse().status == (411 if chunked else 413)
        connection.close()
    assert sum(sent) < 30_000_000
