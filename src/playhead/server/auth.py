"""The gate: who is calling, may they, and does the request come from where it must.

A key comes as ``Authorization: Bearer``, as ``X-API-Key`` or as the dashboard's signed cookie. A cookie names a key's
id, so that revoking the key ends it, and changes nothing without an Origin of our own. The gate keeps no state but
rate buckets.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import struct
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request

from playhead.errors import Forbidden, TooManyRequests, Unauthorized
from playhead.model.results import KeyRecord
from playhead.server.keyring import hash_key, is_active, keyed_hash
from playhead.server.settings import Settings, is_loopback
from playhead.store.base import Registry

COOKIE = "playhead_session"
"""How the cookie's name begins. The rest is the installation's own: a browser keeps no two ports of a host apart."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Purpose = Literal["cookie", "sign-in"]


class Gate:
    """Decides about requests. ``clock`` returns microseconds since the epoch."""

    def __init__(self, registry: Registry, settings: Settings, clock: Callable[[], int]) -> None:
        self._registry = registry
        self._settings = settings
        self._clock = clock
        self._secret = registry.server_secret()
        self.cookie = f"{COOKIE}_{keyed_hash(self._secret, 'cookie-name', '').hex()[:8]}"
        self._buckets: dict[str, tuple[float, int]] = {}

    @property
    def secret(self) -> bytes:
        """The installation's secret, from which each purpose makes a key of its own."""
        return self._secret

    @property
    def asks_remotely(self) -> bool:
        """Whether to recognize a caller may take a network's time, so that it is done beside the event loop."""
        return self._registry.is_remote

    def recognize(self, request: Request) -> KeyRecord | None:
        """Return the caller's key, None without a usable one. Raises Forbidden for a change from a foreign page."""
        given = given_key(request)
        return self.find(given) if given is not None else self._by_cookie(request)

    def admit(self, key: KeyRecord | None, needs: str) -> KeyRecord:
        """Return the key of a caller who may go on. ``needs`` is a scope, or ``any``.

        Raises Unauthorized, Forbidden, TooManyRequests.
        """
        if key is None:
            raise Unauthorized
        if needs not in (key.scope, "any") and key.scope != "admin":
            raise Forbidden(f"This needs a key with the scope {needs}; this one has {key.scope}")
        self._spend(key.id)
        return key

    def find(self, given: str) -> KeyRecord | None:
        """Return the key that reads so, unless it is unknown, revoked or expired."""
        return self._usable(self._registry.find_key(hash_key(self._secret, given)))

    def identify(self, request: Request) -> KeyRecord | None:
        """Return the caller's key if there is a usable one, without asking for it: for pages that are open to all."""
        given = given_key(request)
        return self.find(given) if given is not None else self._of_token("cookie", request.cookies.get(self.cookie, ""))

    def is_current(self, key: KeyRecord) -> bool:
        """Say whether a key that was admitted before may still be used: for what lasts longer than a request."""
        return self._usable(self._registry.get_key(key.id)) is not None

    # --- cookies and sign-in links ---------------------------------------------------------------------------------

    def make_token(self, purpose: Purpose, key: KeyRecord, lifetime_s: float) -> str:
        """Return a signed text that stands for a key until it ends or the key does."""
        expires_us = self._clock() + int(lifetime_s * 1_000_000)
        body = struct.pack(">q", expires_us) + key.id.encode()
        return f"{_text(body)}.{_text(keyed_hash(self._secret, purpose, _text(body)))}"

    def sign_in(self, token: str) -> KeyRecord | None:
        """Return the key that a sign-in link's token, or a key itself, stands for."""
        return self._of_token("sign-in", token) or self.find(token)

    def _by_cookie(self, request: Request) -> KeyRecord | None:
        key = self._of_token("cookie", request.cookies.get(self.cookie, ""))
        if key is not None and request.method not in SAFE:
            self.check_origin(request)
        return key

    def _of_token(self, purpose: Purpose, token: str) -> KeyRecord | None:
        body, _, signature = token.partition(".")
        expected = _text(keyed_hash(self._secret, purpose, body))
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
            return None
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        if struct.unpack(">q", raw[:8])[0] <= self._clock():
            return None
        key_id = raw[8:].decode()
        return self._usable(self._registry.get_key(key_id))

    def _usable(self, key: KeyRecord | None) -> KeyRecord | None:
        return key if key is not None and is_active(key, self._clock()) else None

    # --- where a request comes from --------------------------------------------------------------------------------

    def check_host(self, host_header: str) -> None:
        """Refuse a Host that is not ours, which is how a foreign page would reach a server behind a rebound name."""
        host = _host_of(host_header)
        if not (host and (is_loopback(host) or self._is_ours(host))):
            raise Forbidden(f"This server does not answer to the Host {host_header!r}; see PLAYHEAD_ALLOWED_HOSTS")

    def _is_ours(self, host: str) -> bool:
        if host in {self._settings.host.lower(), _host_of(urlsplit(self._settings.public_url or "").netloc)}:
            return True
        if not self._settings.loopback and _is_address(host):
            return True
        allowed = (name.lower() for name in self._settings.allowed_hosts)
        return any(name in ("*", host) or (name[:1] == "." and host.endswith(name)) for name in allowed)

    def check_origin(self, request: Request) -> None:
        """Refuse a change that a foreign page asks for with the dashboard's cookie."""
        origin = request.headers.get("origin", "")
        ours = {f"{scheme}://{request.headers.get('host', '')}" for scheme in ("http", "https")}
        public = urlsplit(self._settings.public_url or "")
        ours.add(f"{public.scheme}://{public.netloc}")
        if origin not in ours:
            raise Forbidden("A change by the dashboard's cookie must come from the dashboard's own Origin")

    # --- rate ------------------------------------------------------------------------------------------------------

    def _spend(self, key_id: str) -> None:
        rate = self._settings.rate_limit
        if not rate:
            return
        most, now_us = max(1.0, rate), self._clock()
        left, then_us = self._buckets.get(key_id, (most, now_us))
        left = min(most, left + max(0, now_us - then_us) / 1e6 * rate)  # a clock that is set back takes nothing away
        self._buckets[key_id] = (left - 1 if left >= 1 else left, now_us)
        if left < 1:
            raise TooManyRequests(f"This key may make {rate:g} requests a second (PLAYHEAD_RATE_LIMIT)")


def given_key(request: Request) -> str | None:
    """Return the key that a request carries in a header, or None. Raises Unauthorized on other credentials."""
    header = request.headers.get("x-api-key")
    if header:
        return header.strip()
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthorized("Authorization must read: Bearer KEY")
    return key.strip()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _host_of(netloc: str) -> str:
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
