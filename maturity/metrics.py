"""Figures for Prometheus at `/metrics`, off unless METRICS_TOKEN or METRICS_NETWORKS is set.

Every worker process counts for itself, in files in memory that gunicorn names in `PROMETHEUS_MULTIPROC_DIR`; whoever
answers adds them up. Names of views and codes are all they hold: no person, team or address.
"""

import hmac
import os
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from .client_addresses import parsed

REQUESTS = Histogram(
    "maturity_request_seconds",
    "Time until an answer was ready, by the name of the view and the status.",
    ["view", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DATABASE_SECONDS = Counter("maturity_database_seconds", "Time in statements of the database.", ["view"])
STATEMENTS = Counter("maturity_database_statements", "Statements of the database.", ["view"])
POOL_WAITS = Gauge("maturity_pool_waits", "How often a request waited for a connection.", multiprocess_mode="livesum")
POOL_WAIT_SECONDS = Gauge(
    "maturity_pool_wait_seconds", "How long requests waited for a connection.", multiprocess_mode="livesum"
)
POOL_CONNECTIONS = Gauge("maturity_pool_connections", "Open connections.", multiprocess_mode="livesum")


class StatementClock:
    """Adds up how long the statements of one request take."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.statements = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.seconds += time.perf_counter() - started
            self.statements += 1


def measured(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Measures each request, and answers `/metrics`."""
    if not settings.METRICS_TOKEN and not settings.METRICS_NETWORKS:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == "/metrics" and request.method in {"GET", "HEAD"}:
            return figures(request)
        clock = StatementClock()
        started = time.perf_counter()
        with connection.execute_wrapper(clock):
            response = get_response(request)
        view = (request.resolver_match and request.resolver_match.view_name) or "none"
        REQUESTS.labels(view, response.status_code).observe(time.perf_counter() - started)
        DATABASE_SECONDS.labels(view).inc(clock.seconds)
        STATEMENTS.labels(view).inc(clock.statements)
        note_pool()
        return response

    return middleware


def note_pool() -> None:
    pool = getattr(connection, "pool", None)
    if pool is None:
        return
    stats = pool.get_stats()
    POOL_WAITS.set(stats.get("requests_queued", 0))
    POOL_WAIT_SECONDS.set(stats.get("requests_wait_ms", 0) / 1000)
    POOL_CONNECTIONS.set(stats.get("pool_size", 0))


def is_allowed(request: HttpRequest) -> bool:
    """Whether the request has the token, or comes from a network that may look."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return True
    address = parsed(request.META.get("REMOTE_ADDR", ""))
    return address is not None and any(address in network for network in settings.METRICS_NETWORKS)


def figures(request: HttpRequest) -> HttpResponse:
    if not is_allowed(request):
        return HttpResponse("Send the token of METRICS_TOKEN.\n", status=403, content_type="text/plain")
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    content = generate_latest(registry) + generate_latest(of_the_database())
    return HttpResponse(content, content_type=CONTENT_TYPE_LATEST)


def of_the_database() -> CollectorRegistry:
    """What is stored, counted now."""
    registry = CollectorRegistry()
    is_up = Gauge("maturity_database_up", "Whether the database answers.", registry=registry)
    try:
        for name, (meaning, count) in counted().items():
            Gauge(f"maturity_{name}", meaning, registry=registry).set(count)
        is_up.set(1)
    except DatabaseError:
        is_up.set(0)
    return registry


def counted() -> dict[str, tuple[str, int]]:
    from assessments.models import Assessment, BrowserSession, Delivery, Edition, Event, Mail, Result

    return {
        "mails_waiting": ("Mails that could be sent now.", Mail.objects.due().count()),
        "mails_failed": ("Mails that failed for good.", Mail.objects.filter(state=Mail.State.FAILED).count()),
        "deliveries_waiting": ("Messages to webhooks that could be sent now.", Delivery.objects.due().count()),
        "sessions": ("Sessions that have not ended.", BrowserSession.objects.in_use().count()),
        "assessments_open": ("Assessments that are answered.", Assessment.objects.open().count()),
        "editions": ("Published versions of frameworks.", Edition.objects.published().count()),
        "results": ("Results, each from one closing.", Result.objects.count()),
        "journal_entries": ("Entries of the journal.", Event.objects.count()),
    }
