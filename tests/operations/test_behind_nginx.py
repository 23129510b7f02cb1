"""README's configuration of nginx, in a real nginx in front of a real server."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from assessments.frameworks.import_forms import OWN_FORMAT
from maturity import settings

from ..servers import ROOT, collect_static, free_port, manage, prepare_folder, serving

pytestmark = pytest.mark.any_database

SITE = "maturity.example.org"
TOKEN = "t0ken" * 9
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def configuration() -> str:
    (block,) = re.findall(r"^    server \{.*?^    \}$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return block


def test_longest_body_fits():
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", configuration())
    assert int(megabytes) * 2**20 >= max(settings.BODY_LIMIT, *settings.BODY_LIMITS.values())


@contextlib.contextmanager
def nginx(folder: Path, upstream: int):
    """README's block, its port, its files and the port behind it moved. The access log that is on by default stays."""
    port = free_port()
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={SITE}"]
    command += ["-keyout", str(folder / "maturity.key"), "-out", str(folder / "maturity.pem")]
    subprocess.run(command, check=True, capture_output=True)
    moved = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        "/etc/ssl/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
    }
    server = configuration()
    for old, new in moved.items():
        assert old in server
        server = server.replace(old, new)
    temporary = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # As root nginx would work as somebody who cannot read the folder of the test.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/start.log error;\n"
        f"events {{}}\nhttp {{\n{temporary}\naccess_log {folder}/access.log;\n{server}\n}}\n"
    )
    command = [NGINX, "-p", str(folder), "-e", f"{folder}/start.log", "-c", f"{folder}/nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            until = time.monotonic() + 120
            while not (folder / "pid").exists() or not (folder / "pid").read_text().strip():
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.05)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)


def ask(port: int, method: str, path: str, body=None, headers=None, client="127.0.0.5"):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context, source_address=(client, 0))
    with contextlib.closing(connection):
        # The answer may come, and the connection end, while the body is being sent.
        with contextlib.suppress(OSError):
            connection.request(method, path, body, {"Host": SITE, **(headers or {})})
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read().decode()


PREPARE = """
from assessments.models import User
user = User.objects.create_superuser("ada@example.org", "a long password for tests", name="Ada")
from django.test import Client
client = Client(HTTP_HOST="maturity.example.org")
client.force_login(user)
print(client.cookies["__Host-sessionid"].value)
"""


@pytest.fixture(scope="module")
def static_root(tmp_path_factory):
    return collect_static(tmp_path_factory.mktemp("static") / "files")


@pytest.mark.slow
@pytest.mark.skipif(not NGINX or not shutil.which("openssl"), reason="nginx and openssl are not installed")
def test_imports_pass_and_nothing_longer_and_no_log_has_a_secret(tmp_path, static_root):
    folder = tmp_path / "nginx"
    folder.mkdir()
    variables = {
        "SITE_URL": f"https://{SITE}",
        "TRUSTED_PROXY": "127.0.0.1",
        "STATIC_ROOT": str(static_root),
        "ACCESS_LOG": "1",
        "GREETING": "0",
        "LINK_LIMIT_PER_ADDRESS": "3",
    }
    prepare_folder(tmp_path)
    with serving(tmp_path, **variables) as server, nginx(folder, server.port) as port:
        made = manage("shell", "-v", "0", "-c", PREPARE, DATA_DIR=str(tmp_path), SITE_URL=f"https://{SITE}")
        assert made.returncode == 0, made.stderr
        cookies = {"Cookie": f"__Host-sessionid={made.stdout.strip()}"}

        # A file of 3 MB is read.
        status, headers, page = ask(port, "GET", "/framework-import/", headers=cookies)
        assert status == 200
        (csrf,) = re.findall(r"__Host-csrftoken=(\w+)", headers["Set-Cookie"])
        (field,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page))
        form = {
            "Cookie": f"{cookies['Cookie']}; __Host-csrftoken={csrf}",
            "Referer": f"https://{SITE}/framework-import/",
        }
        multipart = {**form, "Content-Type": "multipart/form-data; boundary=x"}
        parts = [
            f'name="csrfmiddlewaretoken"\r\n\r\n{field}',
            f'name="kind"\r\n\r\n{OWN_FORMAT}',
            'name="label"\r\n\r\n',
        ]
        parts.append('name="file"; filename="f.yaml"\r\n\r\n# ' + "x" * 2_950_000)
        body = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--x--\r\n"
        status, _, page = ask(port, "POST", "/framework-import/", body.encode(), multipart)
        # Its format would have it split, and the sentence about that says that the file was read.
        assert status == 422
        assert "f.yaml, line 1" in re.sub(r"<[^>]+>", "", page)

        # And nothing longer.
        for path in ("/framework-import/", f"/i/{TOKEN}/answer/"):
            status, _, _ = ask(
                port, "POST", path, b"x" * 200_000_000, {"Content-Type": "multipart/form-data; boundary=x"}
            )
            assert status == 413
        # nginx knows the length of what it has read to its end.
        assert ask(port, "POST", "/sign-in/", iter([b"x" * 1000] * 3))[0] == 403

        # What the client writes about its address is not believed: all of these count as one.
        statuses = [
            ask(port, "GET", f"/i/{n}{TOKEN}/", headers={"X-Forwarded-For": f"203.0.113.{n}"})[0] for n in range(5)
        ]
        assert statuses == [404, 404, 404, 429, 429]
        assert ask(port, "GET", f"/i/{TOKEN}/", client="127.0.0.6")[0] == 404

        # Paths with a secret, also in the address of the page that a file is asked from, and while the server is away.
        ask(port, "GET", f"/i/{TOKEN}/answer/")
        ask(port, "GET", "/static/nowhere.css", headers={"Referer": f"https://{SITE}/i/{TOKEN}/"})
        server.stop()
        assert ask(port, "GET", f"/i/{TOKEN}/answer/")[0] == 502
    logs = [path.read_text() for path in folder.glob("*.log")] + [server.output]
    assert not any(TOKEN in log for log in logs)
    assert "/i/…/answer/" in server.output
