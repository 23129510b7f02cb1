"""The process that sends mails, beside a server that is started the way it is deployed."""

import http.cookiejar
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable

import pytest

from ..servers import ROOT, Server, collect_static, manage, plain_environment, prepare_folder, serving
from ..smtp_sink import smtp_sink

pytestmark = [pytest.mark.xdist_group("serving"), pytest.mark.slow, pytest.mark.any_database]
NEW_ADMINISTRATOR = "from assessments.models import User; User.objects.create_superuser('kim@example.org')"


def wait_until(happened: Callable[[], bool], what: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.05)


def ask_for_a_new_password(server: Server, email: str) -> str:
    """As a browser does it, with cookie and token; the page that answers."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
    address = f"{server.address}/password/reset/"
    form = browser.open(address, timeout=120).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token
    data = urllib.parse.urlencode({"email": email, "csrfmiddlewaretoken": token[1]}).encode()
    request = urllib.request.Request(address, data, {"Origin": server.address, "Referer": address})
    return browser.open(request, timeout=120).read().decode()


def senders_of(server: Server) -> list[int]:
    # -ww: whole lines, also where COLUMNS says how wide a screen is.
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, parent, args in rows if int(parent) == server.process.pid and "send_due" in args]


def is_running(pid: int) -> bool:
    """Not one that has ended and is only still listed."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()[:1] not in {"", "Z"}


@pytest.fixture(scope="module")
def static_root(tmp_path_factory):
    return str(collect_static(tmp_path_factory.mktemp("sending") / "static"))


@pytest.fixture
def start(tmp_path, sink, static_root):
    """One thread, so that a request that waits for the mail server would hold up every other."""

    def start(**variables: str):
        variables = {**variables, "STATIC_ROOT": static_root, "WEB_THREADS": "1", "GREETING": "0"}
        prepare(tmp_path, sink)
        return serving(tmp_path, EMAIL_URL=sink.url, **variables)

    return start


def prepare(home, sink) -> None:
    """A database with one account; mail is set up."""
    prepare_folder(home)
    done = manage("shell", "-c", NEW_ADMINISTRATOR, DATA_DIR=str(home), EMAIL_URL=sink.url)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def sink():
    with smtp_sink() as sink:
        yield sink


def test_a_mail_is_sent_without_cron_and_the_process_ends_with_the_server(start, sink):
    with start() as server:
        assert "is on its way" in ask_for_a_new_password(server, "KIM@example.org")
        wait_until(lambda: bool(sink.to("kim@example.org")), "the mail")
        (sender,) = senders_of(server)
        assert server.stop() == 0
        assert not is_running(sender)


def test_the_process_ends_also_if_the_server_is_killed(start, sink):
    with start() as server:
        wait_until(lambda: bool(senders_of(server)), "the sender")
        (sender,) = senders_of(server)
        server.process.send_signal(signal.SIGKILL)
        wait_until(lambda: not is_running(sender), "the end of the sender")


def test_no_process_is_started_if_another_one_sends(start, sink):
    with start(SEND_DUE="0") as server:
        ask_for_a_new_password(server, "kim@example.org")
        assert senders_of(server) == []


@pytest.mark.parametrize("step", ["connect", "RCPT", "text"])
def test_a_mail_server_that_hangs_holds_up_no_page(start, sink, step):
    sink.hangs_at = step
    reached = []
    sink.at_step = reached.append
    with start() as server:
        resets = []
        for email in ("kim@example.org", "ada@example.org", "lee@example.org", "kim@example.org"):
            begun = time.monotonic()
            assert "is on its way" in ask_for_a_new_password(server, email)
            resets.append(time.monotonic() - begun)
        wait_until(lambda: step in reached, "the mail server hanging")
        pages = [server.ask("/sign-in/") for _ in range(3)]
        print(f"\nhanging at {step}: 4 resets {sum(resets):.2f} s, another page {pages[0].seconds:.3f} s")
        assert {answer.status for answer in pages} == {200}
        # A page that waits for the mail server waits for 10 seconds; on a busy machine one page may take as long.
        assert min(resets) < 5
        assert min(answer.seconds for answer in pages) < 5


def test_a_sender_that_is_told_to_stop_finishes_the_mail_in_hand(tmp_path, sink):
    prepare(tmp_path, sink)
    variables = {"DATA_DIR": str(tmp_path), "EMAIL_URL": sink.url}
    queue = (
        "from assessments.models import Mail, User; kim = User.objects.get()\n"
        "for kind in ('new-account', 'new-password'): Mail.objects.queue_for(kim, kind)"
    )
    assert manage("shell", "-c", queue, **variables).returncode == 0
    sender = subprocess.Popen(
        [sys.executable, "manage.py", "send_due", "--every", "60"],
        cwd=ROOT,
        env=plain_environment(tmp_path, **variables),
    )
    sink.at_step = lambda step: sender.send_signal(signal.SIGTERM) if step == "text" else None
    assert sender.wait(timeout=120) == 0
    assert len(sink.taken) == 1
    states = "from assessments.models import Mail; print(sorted(Mail.objects.values_list('state', 'attempts')))"
    assert "[('sent', 1), ('waiting', 0)]" in manage("shell", "-c", states, **variables).stdout
