"""How gunicorn serves the application; it finds this file by its name. Every value comes from the environment."""

import atexit
import contextlib
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from gunicorn.glogging import Logger

HERE = Path(__file__).resolve().parent
MANAGE = str(HERE / "manage.py")
sys.path.insert(0, str(HERE))

try:
    # Read here as well, so that a malformed value stops the start once and not in every worker.
    env = import_module("maturity.environment")
    settings = import_module("maturity.settings")
    logs = import_module("maturity.logs")
    bind = f"{env.text('HOST', '127.0.0.1')}:{env.number('PORT', 8000, minimum=1, maximum=65535)}"
    workers = env.number("WEB_WORKERS", 2, minimum=1, maximum=64)
    threads = env.number("WEB_THREADS", 4, minimum=1, maximum=64)
    largest_worker = env.number("WORKER_MEMORY_MB", 500, minimum=0, maximum=1_000_000)
    accesslog = "-" if env.boolean("ACCESS_LOG", False) else None
    greets = env.boolean("GREETING", True)
    sends = env.boolean("SEND_DUE", True)
    measures = bool(settings.METRICS_TOKEN or settings.METRICS_NETWORKS)
    writes_json = settings.LOG_FORMAT == "json"
except ImproperlyConfigured as error:
    sys.exit(f"Maturity cannot start. {error}")

wsgi_app = "maturity.wsgi:application"
worker_class = "gthread"
# Loaded once, and workers are made from the process that has it. If each loads it for itself, they and what is started
# beside them share two cores while everybody waits: the first answer came after 2.2 s, now after 1.3 s. Processes must
# not share connections to the database: whatever loading opens it also closes, see maturity/wsgi.py.
preload_app = True
timeout = 30
graceful_timeout = 20
keepalive = 15
loglevel = "warning"
# Workers show that they live by touching a file; on a disk that can stall, they would be killed for its slowness.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
control_socket_disable = True
# The longest that gunicorn takes. The application says itself what is wrong with an address that is nearly as long.
limit_request_line = 8190

# Whom to believe about scheme and client address is decided in one place: TRUSTED_PROXY, maturity.middleware.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

# The path without its query, and without what may be a secret in it.
access_log_format = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s bytes %(M)s ms'
if writes_json:
    # For programs that collect logs: without the address. The object has the number of the request.
    access_log_format = '"%(m)s %(U)s" %(s)s %(b)s bytes %(M)s ms'


class QuietLogger(Logger):
    def _set_handler(self, log: Any, output: Any, fmt: Any, stream: Any = None) -> None:
        one_line = logs.JsonLine() if writes_json else logs.OneLine(fmt._fmt, fmt.datefmt)
        super()._set_handler(log, output, one_line, stream)
        for handler in log.handlers:
            handler.addFilter(logs.WithoutSecrets())

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        atoms = super().atoms(resp, req, environ, request_time)
        return {**atoms, "U": logs.without_secrets(atoms["U"] or "")}


logger_class = QuietLogger


def remove_counts(folder: str, *, made_by: int) -> None:
    """At the end of the process that made the folder, also if it could not start; workers end with a copy of this."""
    if os.getpid() == made_by:
        shutil.rmtree(folder, ignore_errors=True)


if measures:
    # Where workers count, each for itself: see maturity/metrics.py.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="maturity-metrics-", dir=worker_tmp_dir)
    atexit.register(remove_counts, os.environ["PROMETHEUS_MULTIPROC_DIR"], made_by=os.getpid())


def _megabytes_held() -> float:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def look_for_less_garbage() -> None:
    """Looks for circles of garbage less often: every page makes thousands of objects, nearly all of them without any.

    It took nearly half of the CPU of a portfolio of ten thousand teams, which went from 434 to 230 ms. What the
    application itself consists of stays for good and is not looked at. Workers, made after this, do the same.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """Lets a worker that has grown too large finish what it is answering and end; another takes its place."""
    if largest_worker and worker.alive and (held := _megabytes_held()) > largest_worker:
        worker.log.warning("A worker of %.0f MB is replaced: WORKER_MEMORY_MB allows %d.", held, largest_worker)
        worker.alive = False


def child_exit(server: Any, worker: Any) -> None:
    """What a worker counted stays in the sums, but not what it had open."""
    if measures:
        import_module("prometheus_client.multiprocess").mark_process_dead(worker.pid)


def when_ready(server: Any) -> None:
    """Starts what runs beside the workers. As processes: this one must hold no database connection when it forks."""
    look_for_less_garbage()
    if greets:
        subprocess.Popen([sys.executable, MANAGE, "greet"])  # noqa: S603
    if sends:
        # It notices when this process is gone, however that ended.
        command = [sys.executable, MANAGE, "send_due", "--every", "5", "--child-of", str(os.getpid())]
        server.sender = subprocess.Popen(command)  # noqa: S603


def on_exit(server: Any) -> None:
    """Lets the mail that is being sent be finished."""
    if sends and hasattr(server, "sender"):
        server.sender.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.sender.wait(timeout=8)
