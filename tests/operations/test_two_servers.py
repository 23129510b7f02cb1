"""Two servers on one PostgreSQL database behind nginx, with the Compose file's configuration of it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from ..servers import ROOT, Server, ask, collect_static, free_port, manage, scratch_database, serving

pytestmark = [pytest.mark.slow(seconds=90), pytest.mark.any_database]
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")


@contextlib.contextmanager
def balanced(folder, one: Server, other: Server):
    """The address of nginx before both servers; only places are moved."""
    port = free_port()
    moved = {
        "server web:8000": f"server 127.0.0.1:{one.port}",
        "server web-2:8000": f"server 127.0.0.1:{other.port}",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "/tmp/": f"{folder}/",
        "/dev/stderr": f"{folder}/nginx.log",
    }
    configuration = (ROOT / "scripts" / "two-servers.conf").read_text()
    for old, new in moved.items():
        assert old in configuration
        configuration = configuration.replace(old, new)
    if os.geteuid() == 0:
        configuration = f"user root;\n{configuration}"
    (folder / "nginx.conf").write_text(configuration)
    command = [NGINX, "-p", folder, "-e", folder / "nginx.log", "-c", folder / "nginx.conf", "-g", "daemon off;"]
    with subprocess.Popen(command) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + 120
            while True:
                with contextlib.suppress(OSError):
                    ask(f"{address}/healthz")
                    break
                assert time.monotonic() < until, (folder / "nginx.log").read_text()
                time.sleep(0.05)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)


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
