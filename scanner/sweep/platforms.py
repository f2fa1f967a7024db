"""The repositories of an organisation or group, listed by the platform's REST API with the standard library.

Sources: GitHub REST API, "List organization repositories", "Rate limits"; GitLab API, "List a group's projects".
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from scanner.errors import PlatformError

PAGE_SIZE = 100
MAX_PAGES = 10_000
MAX_ANSWER_BYTES = 64 << 20
TIMEOUT_S = 30.0
MAX_WAIT_S = 3_600.0
MAX_TRIES = 6


@dataclass(frozen=True, slots=True)
class Platform:
    """Where to ask and as whom. `token` is never printed; `base_url` has no slash at its end."""

    kind: str
    base_url: str
    token: str | None


def platform_of(kind: str, environment: Mapping[str, str], *, base_url: str | None = None) -> Platform:
    """Return GitHub or GitLab as the environment configures it; raises PlatformError for a base URL in clear text."""
    if kind == "github":
        url = base_url or environment.get("GITHUB_API_URL") or "https://api.github.com"
        token = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN")
    else:
        url = base_url or environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4"
        token = environment.get("GITLAB_TOKEN")
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise PlatformError(f"{url}: the token would cross the network in clear text: use https")
    return Platform(kind, url.rstrip("/"), token)


def clone_urls(
    platform: Platform,
    owner: str,
    *,
    with_archived: bool,
    with_forks: bool,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> Iterator[str]:
    """Yield the https clone URL of each repository of an organisation (GitHub) or group with its subgroups (GitLab).

    Waits where the platform asks for it, tries again after a server's error; raises PlatformError for the rest.
    """
    name = quote(owner, safe="")
    if platform.kind == "github":
        url = f"{platform.base_url}/orgs/{name}/repos?{urlencode({'per_page': PAGE_SIZE, 'type': 'all'})}"
        address, fork = "clone_url", "fork"
    else:
        options = {"per_page": PAGE_SIZE, "include_subgroups": "true", "order_by": "id", "sort": "asc"}
        url = f"{platform.base_url}/groups/{name}/projects?{urlencode(options)}"
        address, fork = "http_url_to_repo", "forked_from_project"
    for page in _pages(platform, url, sleep, now):
        for entry in page:
            if entry.get("archived") and not with_archived:
                continue
            if entry.get(fork) and not with_forks:
                continue
            if isinstance(entry.get(address), str):
                yield entry[address]


def _pages(
    platform: Platform, url: str, sleep: Callable[[float], None], now: Callable[[], float]
) -> Iterator[list[dict[str, Any]]]:
    following: str | None = url
    for _ in range(MAX_PAGES):
        if following is None:
            return
        page, headers = _asked(platform, following, sleep, now)
        yield page
        following = _next_page(headers.get("Link", ""))
        if following is not None and urlsplit(following)[:2] != urlsplit(platform.base_url)[:2]:
            raise PlatformError(f"{platform.base_url}: the next page is on another host")
    raise PlatformError(f"{platform.base_url}: more than {MAX_PAGES} pages")


def _next_page(link: str) -> str | None:
    """Return the address of `rel="next"` in a Link header (RFC 8288), or None."""
    for part in link.split(","):
        address, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            return address.strip().removeprefix("<").removesuffix(">")
    return None


def _asked(
    platform: Platform, url: str, sleep: Callable[[float], None], now: Callable[[], float]
) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
    """Return a page and its headers, after as many waits as the platform asks for."""
    import urllib.error

    place = urlsplit(url).path
    for tried in range(MAX_TRIES):
        try:
            return _answer(platform, url)
        except urllib.error.HTTPError as error:
            wait = _wait_s(error.code, dict(error.headers), tried, now())
            if wait is None:
                raise PlatformError(f"{platform.base_url}{place}: HTTP {error.code} {_cause(error.code)}") from None
        except (OSError, ValueError, RecursionError) as error:
            wait = 2.0**tried
            if tried == MAX_TRIES - 1:
                cause = getattr(error, "reason", None) or type(error).__name__
                raise PlatformError(f"{platform.base_url}{place}: {cause}") from None
        sleep(wait)
    raise PlatformError(f"{platform.base_url}{place}: no answer after {MAX_TRIES} tries")


def _cause(code: int) -> str:
    known = {
        401: "(the token is wrong)",
        403: "(the token may not)",
        404: "(no such owner, or the token may not see it)",
    }
    return known.get(code, "")


def _wait_s(code: int, headers: Mapping[str, str], tried: int, now_s: float) -> float | None:
    """Return how long to wait before the next try, or None if another try is of no use."""
    is_limited = code == 429 or (code == 403 and headers.get("X-RateLimit-Remaining") == "0")
    if not is_limited and code < 500:
        return None
    if headers.get("Retry-After", "").isdecimal():
        return min(float(headers["Retry-After"]), MAX_WAIT_S)
    reset = headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or ""
    if is_limited and reset.isdecimal():
        return min(max(float(reset) - now_s, 1.0), MAX_WAIT_S)
    return 2.0**tried


def _answer(platform: Platform, url: str) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
    import urllib.request

    headers = {"Accept": "application/json", "User-Agent": "leaksweep"}
    if platform.token:
        name = "Authorization" if platform.kind == "github" else "PRIVATE-TOKEN"
        headers[name] = f"Bearer {platform.token}" if platform.kind == "github" else platform.token
    opener = urllib.request.build_opener(_no_redirect())
    with opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S) as answer:  # noqa: S310
        content = answer.read(MAX_ANSWER_BYTES + 1)
        if len(content) > MAX_ANSWER_BYTES:
            raise ValueError("an answer of more than 64 MiB")
        document = json.loads(content)
        if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document):
            raise ValueError("not a list of repositories")
        return document, answer.headers


def _no_redirect() -> Any:
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        """A redirect could carry the token to another host."""

        def redirect_request(self, *_: Any) -> None:
            return None

    return NoRedirect
