"""Repositories listed by a platform's API, against local servers that speak the same JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scanner.errors import PlatformError
from scanner.sweep.platforms import Platform, clone_urls, platform_of


class Server:
    """Answers each request with the next of `answers` for its path: (status, headers, body)."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str], Any]]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append((self.path, dict(self.headers)))
                waiting = outer.answers.get(self.path, [(404, {}, {})])
                status, headers, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.server.shutdown()
    server.server.server_close()


def listed(platform: Platform, **options: Any) -> tuple[list[str], list[float]]:
    waits: list[float] = []
    with_archived, with_forks = options.get("archived", True), options.get("forks", True)
    urls = clone_urls(
        platform, "acme", with_archived=with_archived, with_forks=with_forks, sleep=waits.append, now=lambda: 1_000.0
    )
    return list(urls), waits


GITHUB = "/orgs/acme/repos?per_page=100&type=all"
GITLAB = "/groups/acme/projects?per_page=100&include_subgroups=true&order_by=id&sort=asc"


def hub(name: str, **fields: Any) -> dict[str, Any]:
    return {"clone_url": f"https://github.com/acme/{name}.git", "archived": False, "fork": False, **fields}


def test_all_pages_of_an_organisation_are_asked_for_with_the_token(server: Server) -> None:
    server.answers[GITHUB] = [(200, {"Link": f'<{server.url}/next>; rel="next", <x>; rel="last"'}, [hub("a")])]
    server.answers["/next"] = [(200, {}, [hub("b"), hub("old", archived=True), hub("copy", fork=True)])]
    platform = Platform("github", server.url, "the-token")
    assert [url[-6:] for url in listed(platform)[0]] == ["/a.git", "/b.git", "ld.git", "py.git"]
    assert len(listed(platform, archived=False, forks=False)[0]) == 2
    assert server.requests[0][1]["Authorization"] == "Bearer the-token"


def test_projects_of_a_group_and_its_subgroups(server: Server) -> None:
    entries = [
        {"http_url_to_repo": "https://gitlab.com/acme/a.git", "archived": False},
        {"http_url_to_repo": "https://gitlab.com/acme/f.git", "archived": False, "forked_from_project": {"id": 1}},
    ]
    server.answers[GITLAB] = [(200, {}, entries)]
    platform = Platform("gitlab", server.url, "the-token")
    assert len(listed(platform)[0]) == 2
    assert listed(platform, forks=False)[0] == ["https://gitlab.com/acme/a.git"]
    assert server.requests[0][1]["Private-Token"] == "the-token"


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (429, {"Retry-After": "7"}, [7.0]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1060"}, [60.0]),
        (502, {}, [1.0]),
    ],
)
def test_a_rate_limit_and_a_server_error_are_waited_for(
    server: Server, status: int, headers: dict[str, str], waited: list[float]
) -> None:
    server.answers[GITHUB] = [(status, headers, {}), (200, {}, [hub("a")])]
    assert listed(Platform("github", server.url, None)) == (["https://github.com/acme/a.git"], waited)


@pytest.mark.parametrize(("status", "body"), [(401, {}), (404, {}), (403, {}), (200, b"{"), (200, {"message": "no"})])
def test_what_cannot_be_listed_is_an_error_without_the_token(server: Server, status: int, body: Any) -> None:
    server.answers[GITHUB] = [(status, {}, body)]
    with pytest.raises(PlatformError) as told:
        listed(Platform("github", server.url, "the-token"))
    assert "the-token" not in str(told.value)


def test_the_token_goes_to_no_other_host(server: Server) -> None:
    other = Server()
    server.answers[GITHUB] = [(200, {"Link": f'<{other.url}/next>; rel="next"'}, [hub("a")])]
    with pytest.raises(PlatformError):
        listed(Platform("github", server.url, "the-token"))
    server.answers[GITHUB] = [(302, {"Location": f"{other.url}/"}, [])]
    with pytest.raises(PlatformError):
        listed(Platform("github", server.url, "the-token"))
    assert other.requests == []
    other.server.server_close()
    with pytest.raises(PlatformError):
        platform_of("github", {"GITHUB_API_URL": "http://example.org"})
