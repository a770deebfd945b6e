"""What is fetched from the net: only encrypted redirects, and bounds on size and time that no server can stretch."""

import threading
from typing import Any
from urllib.parse import urljoin, urlsplit

LARGEST = 2**28
"""Bytes that are taken from a server; the largest set of the catalogue has a hundredth of that."""

SECONDS = 300.0
"""How long a download may take in all: a library's timeout is for each wait, and a byte a second never times out."""

_WAIT = 30.0
_CHUNK = 2**12


class Refused(ValueError):
    """A server did what is not taken from it."""


def received(url: str) -> bytes:
    """Return what a server sends.

    Raises
    ------
    OSError
        If it cannot be reached, or answers with an error.
    Refused
        If it sends too much, takes too long, or passes on to a place without encryption.
    """
    answer: list[bytes | Exception] = []
    given_up = threading.Event()

    def ask() -> None:
        try:
            answer.append(_body(url, given_up))
        except Exception as error:  # passed on to the thread that waits
            answer.append(error)

    # No socket has a deadline for all that it reads, so one thread reads and the other one looks at the clock.
    reader = threading.Thread(target=ask, daemon=True)
    reader.start()
    reader.join(SECONDS)
    given_up.set()
    if not answer:
        raise Refused(f"it took longer than {SECONDS:g} seconds")
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


def _body(url: str, given_up: threading.Event) -> bytes:
    import requests  # slow to import

    body = bytearray()
    # The size is that of what arrives: a content encoding would expand it.
    plain = {"Accept-Encoding": "identity"}
    with (
        requests.Session() as session,
        session.get(url, stream=True, timeout=_WAIT, headers=plain, hooks={"response": _only_encrypted}) as response,
    ):
        response.raise_for_status()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > LARGEST:
                raise Refused(f"it sent more than {LARGEST} bytes")
            if given_up.is_set():
                break
    return bytes(body)


def _only_encrypted(response: Any, **_: Any) -> None:
    if response.is_redirect:
        target = urljoin(response.url, response.headers["location"])
        if urlsplit(target).scheme != "https":
            response.close()
            raise Refused(f"it passes on to {target}, which is not encrypted")
