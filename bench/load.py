"""Clients in processes of their own: keep-alive connections, one request after the other, times in milliseconds."""

import http.client
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

TOKEN = "a" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    form: dict | None = None
    expect: int = 200
    #: The ETag of the page that the browser still has.
    has: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Requests per second over all clients, and the median and 95th percentile of a request in milliseconds."""

    per_second: float
    p50: float
    p95: float
    errors: int


def headers(cookie: str) -> dict:
    return {
        "Cookie": f"sessionid={cookie}; csrftoken={TOKEN}",
        "X-CSRFToken": TOKEN,
        "HX-Request": "true",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept-Encoding": "br, gzip",
    }


def etag(port: int, cookie: str, path: str) -> str:
    """That of a page as it is now; each process has the pieces of the page by then."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(20):
        connection.request("GET", path, None, headers(cookie))
        response = connection.getresponse()
        response.read()
    return response.headers["ETag"]


def _client(port: int, cookie: str, requests: Iterator[Request], begin: float, seconds: float, results):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times, errors = [], 0
    time.sleep(max(0, begin - time.time()))
    end = begin + seconds
    for request in requests:
        if time.time() >= end:
            break
        body = urlencode(request.form) if request.form else None
        started = time.perf_counter()
        sent = headers(cookie) | ({"If-None-Match": request.has} if request.has else {})
        connection.request(request.method, request.path, body, sent)
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - started) * 1000)
        errors += response.status != request.expect
    results.put((times, errors))


def run(port: int, clients: list[tuple[str, Callable[[], Iterator[Request]]]], *, seconds: float) -> Measured:
    """Lets every client send its requests for that long; `clients` are (session cookie, maker of requests)."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    begin = time.time() + 0.3
    processes = [
        context.Process(target=_client, args=(port, cookie, make(), begin, seconds, results))
        for cookie, make in clients
    ]
    for process in processes:
        process.start()
    collected = [results.get(timeout=seconds + 60) for _ in processes]
    for process in processes:
        process.join()
    times = sorted(duration for durations, _ in collected for duration in durations)
    return Measured(
        per_second=len(times) / seconds,
        p50=statistics.median(times),
        p95=times[int(len(times) * 0.95)],
        errors=sum(errors for _, errors in collected),
    )


def median_of(runs: list[Measured]) -> Measured:
    return Measured(
        per_second=statistics.median(r.per_second for r in runs),
        p50=statistics.median(r.p50 for r in runs),
        p95=statistics.median(r.p95 for r in runs),
        errors=sum(r.errors for r in runs),
    )
