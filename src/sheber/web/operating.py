"""Operating: /healthz and /metrics for monitors, and the count of what was asked, by route and never by address.

Details are for this very machine, or for who brings the token of the file `metrics-token`. A proxy on this machine also
connects from it: what was forwarded, or was asked for by another name than localhost, is not from here; and where a
public address was named, only the token counts.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sheber.school.errors import DatabaseAway
from sheber.school.opening import School
from sheber.school.operating.measures import Health, Kept, Measures, health
from sheber.school.operating.tokens import is_metrics_token

__all__ = ["Counting", "Counts", "watch"]

_log = logging.getLogger("sheber.web.requests")
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_QUIET: Final = ("/healthz", "/metrics", "/assets/{edition}/{name}")  # told in the log only where they fail
_UNKNOWN: Final = "(none)"  # addresses that no route has: a stranger's words are no label
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz(request: Request, only: str = "") -> Response:
    """200 where database, worker and disk are well, else 503. only=database: what a balancer of web processes asks."""
    school: School = request.app.state.school
    found = health(school)
    well = found.database if only == "database" else found.well
    content: dict[str, Any] = {"status": "ok" if well else "trouble"}
    if _may_read(request, school):
        content |= _details(found)
    return JSONResponse(content, 200 if well else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """What Prometheus reads."""
    school: School = request.app.state.school
    if not _may_read(request, school):
        raise HTTPException(404)
    counts: Counts = request.app.state.counts
    return Response(counts.text(request.app.state.kept), media_type=CONTENT_TYPE_LATEST)


def _details(found: Health) -> dict[str, Any]:
    return {
        "database": "answers" if found.database else "away",
        "worker": "lives" if found.worker else "none",
        "worker_seen_s": found.worker_seen_s,
        "disk": "has room" if found.disk else "full",
        "disk_free_bytes": found.free_bytes,
    }


def _may_read(request: Request, school: School) -> bool:
    kind, _space, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and is_metrics_token(school, token.strip()):
        return True
    return _from_here(request)


def _from_here(request: Request) -> bool:
    """Whether a process of this machine asks, and no proxy for somebody else."""
    if (
        request.state.public_url
        or any(name in request.headers for name in _FORWARDED)
        or request.url.hostname not in _HERE
    ):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class Counts:
    """The measures of one process, and those of the school when they are asked for."""

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        names = ("method", "route", "status")
        self.requests = Counter("sheber_http_requests", "Requests.", names, registry=self._own)
        self.seconds = Histogram(
            "sheber_http_request_seconds",
            "Time until an answer began [s].",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
            registry=self._own,
        )

    def text(self, kept: Kept) -> bytes:
        """Everything, in the format of Prometheus."""
        school = CollectorRegistry()
        up = Gauge("sheber_database_up", "Whether the database answers.", registry=school)
        try:
            found = kept.get()
        except DatabaseAway:
            up.set(0)
        else:
            up.set(1)
            _of_school(found, school)
        return generate_latest(self._own) + generate_latest(school)


def _of_school(found: Measures, registry: CollectorRegistry) -> None:
    _gauges(registry, "sheber_queue_waiting", "Scenes that wait, by class.", "class", found.waiting)
    _gauges(registry, "sheber_jobs", "Scenes in the queue and judged, by state.", "state", found.jobs)
    if found.seconds:
        quantiles = dict(zip(("0.5", "0.95"), found.seconds, strict=True))
        _gauges(
            registry, "sheber_scene_seconds", "Time that a scene takes, of the newest 200 [s].", "quantile", quantiles
        )
    single: Iterable[tuple[str, str, float]] = (
        ("sheber_queue_oldest_seconds", "How long the oldest scene waits [s].", found.oldest_s),
        ("sheber_workers", "Workers that live.", found.workers),
        ("sheber_places", "Scenes that all workers judge at a time.", found.places),
        ("sheber_disk_free_bytes", "Room on the disk of the school.", found.free_bytes),
    )
    for name, words, value in single:
        Gauge(name, words, registry=registry).set(value)


def _gauges(registry: CollectorRegistry, name: str, words: str, label: str, values: Mapping[str, float]) -> None:
    made = Gauge(name, words, [label], registry=registry)
    for key, value in values.items():
        made.labels(key).set(value)


class Counting:
    """Around everything: counts each request and tells it to the log. One-time links and tokens are never told."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app, self._counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, begun = time.perf_counter(), 500, 0.0

        async def sending(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], time.perf_counter() - started
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._count(scope, status, begun or time.perf_counter() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = _route(scope), scope["method"]
        method = method if method in _METHODS else "other"
        self._counts.requests.labels(method, route, str(status)).inc()
        self._counts.seconds.observe(seconds)
        if route not in _QUIET or status >= 400:
            told = {"method": method, "route": route, "status": status, "ms": round(1000 * seconds, 1)}
            _log.info("request", extra=told)


def _route(scope: Scope) -> str:
    """The route's pattern: `/invitation/{token}` and not the token."""
    return str(getattr(scope.get("route"), "path", _UNKNOWN))


def watch(app: FastAPI, school: School) -> None:
    """Let an application be watched."""
    app.state.counts, app.state.kept = Counts(), Kept(school)
    app.include_router(router)
    app.add_middleware(Counting, counts=app.state.counts)
