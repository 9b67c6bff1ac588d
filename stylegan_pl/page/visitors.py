"""Refuses requests from other websites, which must not use this page through a visitor's browser."""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

_LOCAL = ("localhost", "127.0.0.1", "::1")
_PLACE = re.compile(r"(?:https?://)?(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?", re.IGNORECASE)

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class OwnVisitors:
    """ASGI middleware: requests whose Host or Origin is not a name of this page get status 403.

    With DNS rebinding, another website's name leads to this machine; that name is then in Host. If another website
    sends a form to this page, its name is in Origin.

    Args:
        hosts: permitted names and addresses, besides `localhost` and this machine's address; without a port.
        proxies: names of proxies in front of the page, for which the port may differ.
    """

    def __init__(self, application: Application, *, hosts: Iterable[str] = (), proxies: Iterable[str] = ()) -> None:
        self.application = application
        self.proxies = {bare(host) for host in proxies}
        self.hosts = {*_LOCAL, *map(bare, hosts), *self.proxies}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """ASGI's call."""
        refused = self._refused(scope) if scope["type"] in ("http", "websocket") else None
        if refused is None:
            await self.application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(refused))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": refused})

    def _refused(self, scope: Scope) -> bytes | None:
        """The reason for which a request is refused; None if it is permitted."""
        hosts, origins = ([v for name, v in scope["headers"] if name == wanted] for wanted in (b"host", b"origin"))
        known = {*self.hosts, *_arrived_at(scope)}
        for host in hosts:
            if name_of(host.decode("latin-1")) not in known:
                return b"This page has another address. Whoever runs it may allow this one: hosts=[NAME]"
        for origin in origins:
            place = origin.decode("latin-1")
            same = bool(hosts) and place.partition("://")[2].lower() == hosts[0].decode("latin-1").lower()
            if not (same or name_of(place) in self.proxies):
                return b"Requests come from this page itself, not from others"
        return None


def _arrived_at(scope: Scope) -> list[str]:
    """This machine's address in the connection."""
    try:
        return [str(ipaddress.ip_address(scope["server"][0]))]
    except (KeyError, TypeError, ValueError):
        return []


def name_of(place: str) -> str:
    """`name:port` or `https://name:port` -> the name; empty for anything else."""
    found = _PLACE.fullmatch(place)
    return bare(found["name"]) if found else ""


def bare(host: str) -> str:
    """A name or address in the form that is compared: without brackets and a final dot, in small letters."""
    return host.strip("[]").rstrip(".").lower()
