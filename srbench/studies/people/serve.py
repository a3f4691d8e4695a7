"""Runs the server of a study, and writes the links of its raters."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from srbench.core.files import write_csv
from srbench.core.records import UsageError, UserError
from srbench.studies.people.database import Study

if TYPE_CHECKING:
    import uvicorn

LOOPBACK = "127.0.0.1"
_EVERYWHERE = frozenset({"0.0.0.0", "::"})
_LINKS = "links.csv"


def base_url(host: str, port: int, public_url: str) -> str:
    """The address that raters use, without a slash at the end."""
    if public_url:
        parts = urlsplit(public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"--public-url {public_url}: give an address like https://study.example.org")
        return public_url.rstrip("/")
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def hosts_of(host: str, public_url: str) -> frozenset[str]:
    """The host names that the server answers for. Bound to every address without a public address given, it
    cannot know its names and answers for any."""
    names = {urlsplit(public_url).hostname or ""} if public_url else set()
    if host in _EVERYWHERE:
        return frozenset(names and names | {LOOPBACK, "localhost"})
    return frozenset({*names, host, LOOPBACK, "localhost", "::1"})


def write_links(study: Study, base: str) -> Path:
    """`links.csv` in the study's folder: one link for each rater; for the owner's eyes."""
    rows = [{"rater": rater.slot + 1, "link": f"{base}/r/{rater.token}/"} for rater in study.raters()]
    path = write_csv(study.folder / _LINKS, ("rater", "link"), rows)
    path.chmod(0o600)
    return path


def serve(study: Study, host: str, port: int, public_url: str, *, say: Callable[[str], None]) -> None:
    """Serves until interrupted."""
    listening = _listen(host, port)
    base = base_url(host, listening.getsockname()[1], public_url)
    if study.settings.open_enrolment:
        say(f"raters enrol at: {base}/join/{study.meta('enrolment')}")
    else:
        say(f"{len(study.raters())} links of raters: {write_links(study, base)}")
    say(f"progress and results: {base}/admin with the token {study.meta('admin')}")
    server_of(study, hosts_of(host, public_url)).run(sockets=[listening])


def server_of(study: Study, hosts: frozenset[str]) -> uvicorn.Server:
    """The server that answers for these host names; it serves when its `run` is called."""
    try:
        import uvicorn

        from srbench.studies.people.server import application
    except ImportError:
        raise UserError("the server needs two more packages: pip install 'srbench[study]'") from None
    # The access log would hold the tokens of all raters.
    config = uvicorn.Config(
        application(study, hosts), log_level="warning", access_log=False, server_header=False, http="h11",
        proxy_headers=False, lifespan="off", timeout_graceful_shutdown=2,
    )  # fmt: skip
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise UserError(f"no server on {host} port {port} ({error.strerror}); try another --port") from None
