"""The application served the way it is deployed: the start script, gunicorn, static files, health checks."""

import contextlib
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from .. import servers
from ..servers import ROOT, collect_static, manage, plain_environment, prepare_folder, scratch_database, serving
from .test_deployment_files import compose, make_secrets, of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serving"), pytest.mark.any_database]


def copy_build_context(target):
    """What .dockerignore lets into the image."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    for name in [line[1:] for line in lines if line.startswith("!")]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target / name)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The folder /app of the image: the build context and the static files collected in it."""
    folder = tmp_path_factory.mktemp("image") / "app"
    copy_build_context(folder)
    collect_static(folder / "staticfiles", folder=folder)
    return folder


def image_environment(image, data):
    """The image's ENV, its folders and port moved to where this machine has them."""
    pairs = dict(pair.split("=", 1) for argument in of("ENV") for pair in argument.split())
    moved = {"DATA_DIR": str(data), "STATIC_ROOT": str(image / "staticfiles"), "HOST": "127.0.0.1"}
    assert pairs["DATA_DIR"] == "/data"
    assert pairs["STATIC_ROOT"] == "/app/staticfiles"
    return {name: value for name, value in pairs.items() if name not in {"PATH", "PORT"}} | moved


@pytest.fixture(scope="module")
def container(image, tmp_path_factory):
    """A running server out of the image, on SQLite, on an empty database."""
    data = tmp_path_factory.mktemp("data")
    with serving(data, folder=image, ACCESS_LOG="1", **image_environment(image, data)) as server:
        yield server


def run_check(command, server):
    """Runs a health check of the Compose file or the Dockerfile against `server` instead of its own container."""
    # Containers have a time to start, in which checks may fail; this waits for the first answer.
    server.ask("/healthz")
    moved = [part.replace("http://127.0.0.1:8000", server.address) for part in command]
    environment = plain_environment(server.log.parent)
    return subprocess.run(moved, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def web_check(server):
    kind, *command = compose()["services"]["web"]["healthcheck"]["test"]
    assert kind == "CMD"
    return run_check(command, server)


# Out of the image, on SQLite


def test_image_holds_all_that_the_server_needs(container):
    answer = container.ask("/sign-in/")
    # An empty database: nobody can sign in before the first administrator is made.
    assert answer.status in {200, 302}
    assert container.ask("/setup/").status == 200


def test_health_checks_succeed_on_a_running_server(container):
    (check,) = of("HEALTHCHECK")
    command = re.findall(r'"([^"]+)"', check)
    assert run_check(command, container).returncode == 0
    assert web_check(container).returncode == 0


def test_health_check_fails_where_nothing_listens(container):
    address = f"http://127.0.0.1:{servers.free_port()}/healthz"
    done = subprocess.run([sys.executable, "scripts/probe.py", address], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode != 0


def test_server_prints_the_code_for_the_first_administrator(container):
    container.wait_for_output("with this code: ")
    assert "/setup/" in container.output
    assert re.search(r"with this code: \S{6,}", container.output)


@pytest.mark.parametrize("path", ["/setup/", "/nowhere/", "/healthz", "/readyz"])
def test_every_page_carries_the_security_headers(container, path):
    headers = container.ask(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store, private"


def static_files(server):
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', server.ask("/setup/").text)
    assert any(path.endswith(".css") for path in found)
    assert any(path.endswith(".js") for path in found)
    return found


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_static_files_are_compressed_and_kept_for_years(container, coding):
    for path in static_files(container):
        answer = container.ask(path, Accept_Encoding=coding)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "max-age=315360000, public, immutable", path
        assert "content-security-policy" in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
        if path.endswith((".css", ".js")):
            assert answer.headers["content-encoding"] == coding, path


def test_foreign_name_is_refused(container):
    assert container.ask("/setup/", Host="evil.example.org").status == 400


def test_access_log_shows_neither_queries_nor_tokens(container):
    container.ask("/password/set/NGE0ZmY1MjktYjQ5Zi00ZDQ3/c9x2v1-0123456789abcdef0123456789abcdef/?next=query-words")
    container.wait_for_output('"GET /password/set/…/…/"')
    assert "query-words" not in container.output
    assert "0123456789abcdef" not in container.output


def files_below(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_server_writes_into_its_data_folder_only(image, tmp_path):
    data, home = tmp_path / "data", tmp_path / "home"
    data.mkdir()
    home.mkdir()
    before = files_below(image)
    with serving(tmp_path, folder=image, **image_environment(image, data), HOME=str(home)) as server:
        server.ask("/setup/")
        rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.glob("maturity.sqlite3*")}
    assert files_below(image) == before
    assert not files_below(home)
    # The files beside it come and go with the connections; SQLite gives them the rights of the database.
    assert "maturity.sqlite3" in rights
    assert set(rights.values()) == {0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_second_start_keeps_data_and_key(image, tmp_path):
    environment = image_environment(image, tmp_path)

    def count(table):
        with contextlib.closing(sqlite3.connect(tmp_path / "maturity.sqlite3")) as database:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    with serving(tmp_path, folder=image, **environment):
        key = (tmp_path / "secret-key").read_text()
        editions = count("assessments_edition")
        make_account = "from assessments.models import User; User.objects.create_superuser('ada@example.org', 'x')"
        assert manage("shell", "-c", make_account, DATA_DIR=str(tmp_path)).returncode == 0
    with serving(tmp_path, folder=image, **environment) as server:
        assert count("assessments_user") == 1
        assert count("assessments_edition") == editions > 0
        assert (tmp_path / "secret-key").read_text() == key
        assert server.ask("/sign-in/").status == 200


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_server_stops_cleanly(image, tmp_path, stop_signal):
    prepare_folder(tmp_path)
    with serving(tmp_path, folder=image, **image_environment(image, tmp_path)) as server:
        assert server.ask("/healthz").status == 200
        assert server.stop(stop_signal) == 0
    assert "Traceback" not in server.output


def test_what_is_running_when_the_server_is_stopped_is_answered(image, tmp_path):
    prepare_folder(tmp_path)
    with (
        serving(tmp_path, folder=image, **image_environment(image, tmp_path)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=120) as client,
    ):
        head = "POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        client.sendall(f"{head}Content-Length: 10\r\n\r\nemail".encode())
        # Answered after it, so the first one is being read.
        assert server.ask("/healthz").status == 200
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(OSError):  # noqa: PT012 - until it takes nobody new
            while True:
                server.ask("/healthz")
        client.sendall(b"=a%40b")
        assert client.recv(12) in {b"HTTP/1.1 403", b"HTTP/1.1 302"}
        assert server.process.wait(timeout=120) == 0


def test_a_worker_that_has_grown_too_large_is_replaced_and_everybody_is_answered(image, tmp_path):
    prepare_folder(tmp_path)
    limited = {"WORKER_MEMORY_MB": "1", "WEB_WORKERS": "2"}
    with (
        serving(tmp_path, folder=image, **image_environment(image, tmp_path), **limited) as server,
        ThreadPoolExecutor(4) as people,
    ):
        answers = list(people.map(server.ask, ["/healthz"] * 12))
        assert {answer.status for answer in answers} == {200}
        server.wait_for_output("is replaced: WORKER_MEMORY_MB allows 1.")
    assert "Traceback" not in server.output


def test_demo_accounts_are_printed_and_listed(image, tmp_path):
    with serving(tmp_path, folder=image, **image_environment(image, tmp_path), DEMO="1") as server:
        server.wait_for_output("one click signs in")
        server.wait_for_output(" more\n")
        addresses = re.findall(r"^  (\S+@\S+)", server.output, re.MULTILINE)
        assert addresses
        assert addresses[0] in server.ask("/sign-in/").text
    greeting = manage("greet", DATA_DIR=str(tmp_path), DEMO="0").stdout
    assert "Start with DEMO=1" in greeting
    assert addresses[0] not in greeting


def test_demo_is_refused_on_a_real_database(tmp_path):
    prepare_folder(tmp_path)
    make_account = "from assessments.models import User; User.objects.create_superuser('ada@example.org', 'x')"
    assert manage("shell", "-c", make_account, DATA_DIR=str(tmp_path)).returncode == 0
    done = manage("prepare", DATA_DIR=str(tmp_path), DEMO="1")
    assert done.returncode == 1
    assert "DEMO=0" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_ready_before_migrations(image, tmp_path):
    with serving(tmp_path, folder=image, **image_environment(image, tmp_path), MIGRATE="0", GREETING="0") as server:
        assert server.ask("/healthz").status == 200
        answer = server.ask("/readyz")
        assert answer.status == 503
        assert "migrations are not applied" in answer.text
        check = web_check(server)
        assert check.returncode != 0
        assert "migrations are not applied" in check.stderr


# Behind a proxy

SECURE = {"SITE_URL": "https://maturity.example.org", "GREETING": "0"}
FORWARDED = {"Host": "maturity.example.org", "X_Forwarded_Proto": "https", "X_Forwarded_For": "192.0.2.7"}


def test_forwarded_headers_are_believed_from_the_trusted_proxy_only(image, tmp_path):
    prepare_folder(tmp_path)
    environment = image_environment(image, tmp_path)
    with serving(tmp_path, folder=image, **environment, **SECURE, TRUSTED_PROXY="127.0.0.1", ACCESS_LOG="1") as server:
        answer = server.ask("/setup/", **FORWARDED)
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert "includeSubDomains" not in answer.headers["strict-transport-security"]
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-csrftoken=")
        assert {"Secure", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
    subdomains = {"TRUSTED_PROXY": "127.0.0.1", "HSTS_SUBDOMAINS": "1"}
    with serving(tmp_path, folder=image, **environment, **SECURE, **subdomains) as server:
        answer = server.ask("/setup/", **FORWARDED)
        assert "includeSubDomains" in answer.headers["strict-transport-security"]
    with serving(tmp_path, folder=image, **environment, **SECURE) as server:
        assert "strict-transport-security" not in server.ask("/setup/", **FORWARDED).headers


# PostgreSQL, as the Compose file has it


@pytest.fixture(scope="module")
def postgres():
    with scratch_database() as address:
        yield address


@pytest.fixture(scope="module")
def composed(postgres, image, tmp_path_factory):
    """The Compose file's web service: its environment, the secrets as files; only places are moved."""
    folder = tmp_path_factory.mktemp("compose")
    make_secrets(folder)
    told = compose()["services"]["web"]["environment"]
    environment = {
        name: value.replace("/run/secrets/", f"{folder}/secrets/").replace("${SITE_URL:-", "").rstrip("}")
        for name, value in told.items()
        if value is not None
    }
    assert environment["DATABASE_URL"] == "postgresql://maturity@database:5432/maturity"
    environment |= image_environment(image, folder) | {"DATABASE_URL": postgres}
    with serving(folder, folder=image, **environment, MATURITY_USER="") as server:
        yield server


def test_compose_server_is_healthy_on_postgresql(composed, postgres):
    assert web_check(composed).returncode == 0
    assert composed.ask("/setup/").status == 200
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM assessments_edition").fetchone()[0] > 0
    assert not (composed.log.parent / "maturity.sqlite3").exists()
    assert not (composed.log.parent / "secret-key").exists()


def test_health_check_of_the_database_succeeds(composed, postgres):
    kind, *command = compose()["services"]["database"]["healthcheck"]["test"]
    assert kind == "CMD"
    place = psycopg.conninfo.conninfo_to_dict(postgres)
    moved = {
        "host": place["host"],
        "port": place.get("port", "5432"),
        "username": place["user"],
        "dbname": place["dbname"],
    }
    assert set(moved) == {part.removeprefix("--").partition("=")[0] for part in command[1:]}
    parts = [command[0], *(f"--{name}={value}" for name, value in moved.items())]
    assert subprocess.run(parts, capture_output=True, check=False).returncode == 0
    parts = [f"--port={servers.free_port()}" if part.startswith("--port") else part for part in parts]
    assert subprocess.run(parts, capture_output=True, check=False).returncode != 0


def test_lost_database_makes_the_server_unready_and_its_return_ready_again(composed, postgres):
    name = postgres.rpartition("/")[2]
    servers.psql("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", name)
    try:
        with psycopg.connect(servers.POSTGRES.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        answer = composed.ask("/readyz")
        assert answer.status == 503
        assert "database does not answer" in answer.text
        page = composed.ask("/sign-in/")
        assert page.status == 503
        assert page.headers["content-type"].startswith("text/html")
        # Neither waits for a limit of time to be over; on a busy machine one of them may take as long.
        assert min(answer.seconds, page.seconds) < 5
        assert composed.ask("/healthz").status == 200
        assert web_check(composed).returncode != 0
    finally:
        servers.psql("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true", name)
    until = time.monotonic() + 120
    while composed.ask("/readyz").status != 200:
        assert time.monotonic() < until, composed.output
        time.sleep(0.2)


def test_start_without_a_database_says_so(tmp_path):
    address = f"postgresql://nobody@127.0.0.1:{servers.free_port()}/maturity"
    done = manage("prepare", DATA_DIR=str(tmp_path), DATABASE_URL=address)
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def prepare_twice_at_once(folder, **variables):
    command = [sys.executable, "manage.py", "prepare"]
    environment = plain_environment(folder, DATA_DIR=str(folder), **variables)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    running = [subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) for _ in range(2)]
    return [(process.communicate(timeout=120)[0], process.returncode) for process in running]


def test_two_servers_may_start_at_once_on_sqlite(tmp_path):
    for output, code in prepare_twice_at_once(tmp_path):
        assert code == 0, output


def test_two_servers_may_start_at_once_on_postgresql(tmp_path):
    with scratch_database() as address:
        for output, code in prepare_twice_at_once(tmp_path, DATABASE_URL=address):
            assert code == 0, output


# What is set wrongly

MALFORMED = {
    "SITE_URL": "maturity.example.org",
    "TRUSTED_PROXY": "proxy",
    "SECRET_KEY": "changeme",
    "DATABASE_URL": "mysql://root@127.0.0.1/maturity",
    "TIME_ZONE": "Mars/Olympus",
    "EMAIL_URL": "pigeon://roof",
    "DEBUG": "perhaps",
    "DEMO": "2",
    "SIGN_IN_LIMIT_PER_ACCOUNT": "0",
    "SIGN_IN_LIMIT_PER_ADDRESS": "many",
    "SESSION_IDLE_HOURS": "0",
    "SESSION_MAX_HOURS": "a month",
    "SECRET_KEY_FILE": "/nowhere/key",
    "PORT": "65536",
    "WEB_WORKERS": "two",
    "WEB_THREADS": "0",
    "ACCESS_LOG": "sometimes",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_value_stops_the_start_with_its_name(tmp_path, name):
    environment = plain_environment(tmp_path, DATA_DIR=str(tmp_path), MIGRATE="0", **{name: MALFORMED[name]})
    done = subprocess.run(
        ["scripts/entrypoint"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode != 0
    assert re.search(rf"^Maturity cannot start\. {name}: .*\.$", done.stderr, re.MULTILINE), done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_has_read_the_views_before_the_first_request(tmp_path):
    prepare_folder(tmp_path)
    reads = "import sys, maturity.wsgi; print('assessments.live.views' in sys.modules)"
    environment = plain_environment(tmp_path, DATA_DIR=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", reads],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    assert done.stdout == "True\n"


OPEN_AFTER_LOADING = """
import threading
import maturity.wsgi
from django.db import connection
print(connection.vendor, connection.connection, getattr(connection, "_connection_pools", {}), threading.active_count())
"""


def test_loading_leaves_nothing_open_that_workers_would_share(tmp_path):
    """Workers are made from the process that has loaded: they must not find the connections or threads of a pool."""

    def what_is_open(**variables):
        environment = plain_environment(tmp_path, DATA_DIR=str(tmp_path), **variables)
        command = [sys.executable, "-c", OPEN_AFTER_LOADING]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    assert what_is_open() == "sqlite None {} 1\n"
    with scratch_database() as address:
        assert what_is_open(DATABASE_URL=address) == "postgresql None {} 1\n"
    away = f"postgresql://nobody@127.0.0.1:{servers.free_port()}/maturity"
    assert what_is_open(DATABASE_URL=away) == "postgresql None {} 1\n"


def test_malformed_pool_stops_commands_with_its_name(tmp_path):
    address = "postgresql://nobody@127.0.0.1:1/maturity"
    done = manage("prepare", DATA_DIR=str(tmp_path), DATABASE_URL=address, DATABASE_POOL="none")
    assert done.returncode != 0
    assert done.stderr.startswith("Maturity cannot start. DATABASE_POOL: ")


def test_port_in_use_is_told_before_anything_is_done(container):
    command = [sys.executable, "scripts/port_is_free.py", "127.0.0.1", str(container.port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Port {container.port} on 127.0.0.1 is in use" in done.stderr
    free = [sys.executable, "scripts/port_is_free.py", "127.0.0.1", str(servers.free_port())]
    assert subprocess.run(free, cwd=ROOT, check=False).returncode == 0
