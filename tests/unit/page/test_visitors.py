"""Whom the page's door lets through, by the messages that a server would get; test_strangers.py asks over HTTP."""

import asyncio

import pytest

from stylegan_pl.page.visitors import OwnVisitors

FOREIGN = [
    {"host": "localhost:7860", "origin": "https://evil.example"},
    {"host": "localhost:7860", "origin": "null"},
    {"host": "evil.example", "origin": "http://evil.example"},  # DNS rebinding
]


def arrived(kind: str, headers: dict[str, str]) -> tuple[list[str], list[dict]]:
    """Kinds of what the application was called with, and the messages that the visitor got."""
    called, told = [], []

    async def application(scope, receive, send):
        called.append(scope["type"])

    async def send(message):
        told.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": "/", "headers": raw, "server": ("127.0.0.1", 7860)}
    asyncio.run(OwnVisitors(application)(scope, None, send))
    return called, told


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_websites_websocket_is_closed(headers):
    # browsers send a websocket to any address, and no rule of theirs keeps the answers from the other website
    assert arrived("websocket", headers) == ([], [{"type": "websocket.close", "code": 1008}])


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_websites_request_is_answered_with_403(headers):
    called, (start, body) = arrived("http", headers)
    assert not called and (start["type"], start["status"], body["type"]) == (
        "http.response.start",
        403,
        "http.response.body",
    )
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_pages_own_visitors_reach_it(kind):
    headers = {"host": "localhost:7860", "origin": "http://localhost:7860"}
    assert arrived(kind, headers) == ([kind], [])


def test_a_beginning_server_reaches_the_page():
    assert arrived("lifespan", {}) == (["lifespan"], [])  # it has no Host
