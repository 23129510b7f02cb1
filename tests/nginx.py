"""nginx before two servers, as in the Compose file."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

from .servers import ROOT, Server, ask, free_port

#: None where it is not installed.
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
