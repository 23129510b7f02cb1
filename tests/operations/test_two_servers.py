"""Two servers on one PostgreSQL database behind nginx, with the Compose file's configuration of it."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from ..nginx import NGINX, balanced
from ..servers import ask, collect_static, manage, scratch_database, serving

pytestmark = [pytest.mark.slow(seconds=90), pytest.mark.any_database]

SIGNED_IN = """
from assessments.models import Framework, User
from django.test import Client
user = User.objects.create_superuser("ada@example.org", "a long password for tests", name="Ada")
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(user)
print(client.cookies["sessionid"].value)
print(Framework.objects.get(key="mlops").editions.published()[0].get_absolute_url())
"""
RENAME = """
from assessments.models import Framework
Framework.objects.filter(key="mlops").update(name="Renamed by another process")
"""


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_two_servers_are_like_one(tmp_path):
    static = collect_static(tmp_path / "static")
    with scratch_database() as database:
        options = {
            "DATABASE_URL": database,
            "SECRET_KEY": "the same long key for both of the servers",
            "STATIC_ROOT": str(static),
            "TRUSTED_PROXY": "127.0.0.1",
            "LINK_LIMIT_PER_ADDRESS": "3",
            "GREETING": "0",
            "MIGRATE": "0",
        }
        data = {**options, "DATA_DIR": str(tmp_path)}
        assert manage("prepare", **data).returncode == 0
        made = manage("shell", "-v", "0", "-c", SIGNED_IN, **data)
        assert made.returncode == 0, made.stderr
        session, page = made.stdout.split()
        cookie = f"sessionid={session}"
        with serving(tmp_path, **options) as one, serving(tmp_path, **options) as other:
            for server in (one, other):
                assert server.ask("/readyz").status == 200
            with balanced(tmp_path, one, other) as address:
                # One session for both, and each gets its share.
                assert {ask(address + page, Cookie=cookie).status for _ in range(6)} == {200}
                # A limit counts what both have seen.
                statuses = [ask(f"{address}/i/{n}{'t0ken' * 9}/", X_Forwarded_For="192.0.2.7").status for n in range(5)]
                assert statuses == [404, 404, 404, 429, 429]
                # What another process has renamed is so at the next request to each.
                for server in (one, other):
                    assert "Renamed" not in server.ask("/portfolio/", Cookie=cookie).text
                assert manage("shell", "-v", "0", "-c", RENAME, **data).returncode == 0
                for server in (one, other):
                    assert "Renamed by another process" in server.ask("/portfolio/", Cookie=cookie).text
                # One of them ends, and nobody notices.
                one.stop()
                assert {ask(address + page, Cookie=cookie).status for _ in range(6)} == {200}
                # Both end, and people are told so in a sentence.
                other.stop()
                for _ in range(3):
                    away = ask(address + page, Cookie=cookie)
                    assert (away.status, away.headers["retry-after"]) == (502, "5")
                    assert "Nothing that was saved is lost." in away.text
        assert not re.search("SECRET_KEY", one.output + other.output)
        # A server with another key says so, when it starts and when it is examined.
        stranger = {**data, "SECRET_KEY": "another long key, which is not the same one"}
        assert "SECRET_KEY is not the one" in manage("prepare", **stranger).stderr
        with serving(tmp_path, **{**options, "SECRET_KEY": stranger["SECRET_KEY"]}) as server:
            assert server.ask("/healthz").status == 200
            server.wait_for_output("SECRET_KEY is not the one")
        examined = manage("doctor", "--only", "database", **stranger)
        assert (examined.returncode, "SECRET_KEY is not the one" in examined.stdout) == (1, True)
        assert manage("prepare", "--new-secret-key", **stranger).stderr == ""
        assert "SECRET_KEY" not in manage("doctor", "--only", "database", **stranger).stdout


class Busy(BaseHTTPRequestHandler):
    """Has no time for one thing, as for a report that takes too long, and answers all else."""

    def do_GET(self):
        self.send_response(503 if self.path == "/report" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        """Nothing is to be read."""


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_who_has_no_time_for_one_thing_is_still_asked_for_others(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as one, ThreadingHTTPServer(("127.0.0.1", 0), Busy) as other:
        servers = [SimpleNamespace(port=server.server_address[1]) for server in (one, other)]
        for server in (one, other):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        with balanced(tmp_path, *servers) as address:
            assert {ask(f"{address}/report").status for _ in range(4)} == {503}
            assert {ask(f"{address}/teams").status for _ in range(4)} == {200}
        for server in (one, other):
            server.shutdown()
