"""URLs: which may be called, and how they are shown without what is secret in them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urljoin, urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}
# Clients disagree about what these mean inside a URL, so that a check of the host would check another one.
_AMBIGUOUS = re.compile(r"[\s\\\x00-\x1f\x7f]")
_QUERY = re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+")


def problem_with(url: str, *, allow_http_loopback: bool) -> str | None:
    """Why `url` may not be called, or None.

    Example:
        >>> problem_with("http://example.org/train?code=1", allow_http_loopback=True)
        'http://example.org/train is not https (plain http is for loopback only, with ALLOW_HTTP_LOOPBACK)'
    """
    parts = _split(url)
    if parts is None or not parts.hostname:
        return "it is not an absolute URL such as https://host/path"
    shown = without_query(url)
    if parts.username is not None:
        return f"{shown} holds a user or a password: declare `auth` instead"
    if parts.scheme == "https" or (parts.scheme == "http" and allow_http_loopback and is_loopback(parts.hostname)):
        return None
    return f"{shown} is not https (plain http is for loopback only, with ALLOW_HTTP_LOOPBACK)"


def is_plain_http(url: str) -> bool:
    """True if whoever is on the way can read what is sent."""
    return urlsplit(url).scheme != "https"


def is_loopback(host: str) -> bool:
    """True for this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_same_origin(one: str, other: str) -> bool:
    """True if both URLs are on the same scheme, host and port: only then do credentials go along.

    Example:
        >>> is_same_origin("https://ml.example/train", "https://ML.example:443/jobs/1")
        True
    """
    return _origin(one) == _origin(other)


def resolved(location: str, against: str) -> str:
    """`location` as an absolute URL, or as it is where it makes no sense."""
    try:
        return urljoin(against, location)
    except ValueError:
        return location


def web_link(link: object) -> str | None:
    """The link, if it is one that people can follow."""
    return link if isinstance(link, str) and link.startswith(("https://", "http://")) else None


def without_query(url: str) -> str:
    """The URL for people: no user, no query, no fragment; keys are handed out in all of them.

    Example:
        >>> without_query("https://user:pw@ml.example:8443/train?code=secret#x")
        'https://ml.example:8443/train'
    """
    parts = _split(url)
    if parts is None:
        return "a malformed URL"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def without_queries(text: str) -> str:
    """Text in which no URL or path has a query any more.

    Example:
        >>> without_queries('"POST /train?code=secret HTTP/1.1" 202')
        '"POST /train?... HTTP/1.1" 202'
    """
    return _QUERY.sub(r"\1?...", text)


def _split(url: str) -> SplitResult | None:
    if _AMBIGUOUS.search(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError:
        return None
    return parts


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
