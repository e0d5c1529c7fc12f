"""Which URLs may be asked, and which addresses are on the public internet.

A name is judged by what it resolves to when the connection is made (`core.http.connect`); here are the rules.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from core.errors import FetchError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Origin = tuple[str, str, int]

DEFAULT_PORTS = {"http": 80, "https": 443}

#: Ports asked on public addresses. Beside the defaults, institutional repositories (DSpace, EPrints on Tomcat) are
#: served from 8080 and 8443; any other port is more likely a mail or database server than a paper.
WEB_PORTS = frozenset({80, 443, 8080, 8443})

#: Not the public internet, or no host on it. Source: the IANA special-purpose address registries (RFC 6890 and its
#: successors) and the documentation of the clouds.
SPECIAL = {
    ip_network(network): use
    for network, use in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by carriers (CGNAT)",
        "127.0.0.0/8": "loopback",
        "168.63.129.16/32": "Azure's metadata service",
        "169.254.0.0/16": "link-local, most clouds' metadata services",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "protocol assignments",
        "192.0.2.0/24": "documentation",
        "192.31.196.0/24": "AS112",
        "192.52.193.0/24": "AMT",
        "192.88.99.0/24": "6to4 relays",
        "192.168.0.0/16": "private",
        "192.175.48.0/24": "AS112",
        "198.18.0.0/15": "benchmarks",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved, broadcast",
        "2001::/23": "protocol assignments, Teredo",
        "2001:db8::/32": "documentation",
        "2002::/16": "6to4: holds an IPv4 address",
        "2620:4f:8000::/48": "AS112",
        "3fff::/20": "documentation",
    }.items()
}

#: IPv6 outside global unicast is refused whole: loopback, IPv4-mapped, NAT64, unique local, link-local, multicast.
_GLOBAL_UNICAST = ip_network("2000::/3")

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


def is_public(address: Address) -> bool:
    """Tell whether `address` is an ordinary host on the public internet."""
    if any(address in network for network in SPECIAL):
        return False
    return isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST


def parse(url: str, *, base: httpx.URL | None = None) -> httpx.URL:
    """Return `url` in its one canonical form, without fragment; raise `FetchError("bad_url")` if it is no web page."""
    try:
        parsed = base.join(url.strip()) if base else httpx.URL(url.strip())
        scheme, host, port = parsed.scheme, parsed.raw_host.decode("ascii"), parsed.port
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        # `from None`: the parser quotes what it could not read, and that may hold a key
        raise FetchError("bad_url", f"cannot be parsed ({type(error).__name__})") from None
    if scheme not in DEFAULT_PORTS:
        raise FetchError("bad_url", f"scheme {scheme[:20]!r} is not http or https")
    if parsed.userinfo or "\\" in str(url).partition("?")[0]:
        raise FetchError("bad_url", "user names and backslashes in an address are tricks")
    if port is not None and not 0 < port < 65536:
        raise FetchError("bad_url", f"there is no port {port}")
    return parsed.copy_with(host=_host(host), fragment=None)


def _host(host: str) -> str:
    if ":" in host and "%" not in host:
        return host
    name = host.lower().removesuffix(".")
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise FetchError("bad_url", "the host is not a host name")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        _dotted_quad(name)
    return name


def _dotted_quad(name: str) -> None:
    """Refuse `2130706433`, `0x7f.1`, `0177.0.0.1` and other spellings of an address that only some readers know."""
    try:
        IPv4Address(name)
    except AddressValueError as error:
        raise FetchError("bad_url", "a number that is not a dotted quad") from error


def literal(host: str) -> Address | None:
    """Return `host` as an address, None if it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def origin(url: httpx.URL) -> Origin:
    """Return scheme, host and port of `url`, the port made explicit."""
    return url.scheme, url.raw_host.decode("ascii"), url.port or DEFAULT_PORTS[url.scheme]


def lane(url: httpx.URL) -> str:
    """Return the key `url` is paced under: its host, with the port when that is not the default."""
    return url.netloc.decode("ascii")
