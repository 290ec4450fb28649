"""One HTTP request that always ends: with an answer, or with a reason to ask again."""

import datetime as dt
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from types import MappingProxyType

import requests
import urllib3

LARGEST_BODY = 64 * 2**20  # bytes; a page of 2,000 papers has about 5 million
CHUNK = 65536
ATOM: Mapping[str, str] = MappingProxyType({"Accept": "application/atom+xml"})


class TransientError(Exception):
    """An answer that can't be trusted, where asking again may help."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds, where the server said so


class RateLimited(TransientError):
    """arXiv limits requests: by 429, by the words "Rate exceeded." in a 200, or by a long silence."""


class Unreachable(TransientError):
    """No connection came about: name, route, port, proxy or certificate; the message says which."""


class PermanentError(Exception):
    """Asking the same again is no use; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """Asks with GET, without retries and redirects; every request is one request."""

    user_agent: str
    timeout: float  # seconds to connect, and between two arrivals of bytes
    deadline: float  # seconds for the whole answer, however steadily it drips
    use_proxies: bool = True  # of the environment

    def get(self, url: str, headers: Mapping[str, str] = ATOM) -> Answer:
        """Return the whole answer; TransientError when it doesn't come in time or breaks off."""
        box: SimpleQueue[Answer | Exception] = SimpleQueue()
        # A thread, because name resolution and dripping headers know no total timeout.
        threading.Thread(target=self._deliver, args=(url, headers, box), daemon=True).start()
        try:
            found = box.get(timeout=self.deadline)
        except Empty:
            raise RateLimited(f"no complete answer within {self.deadline:g} seconds") from None
        if isinstance(found, Answer):
            return found
        raise self.doubt(found) from found

    def _deliver(self, url: str, headers: Mapping[str, str], box: SimpleQueue[Answer | Exception]) -> None:
        try:
            box.put(self._get(url, headers))
        except Exception as error:  # noqa: BLE001  it is raised again in the asking thread
            box.put(error)

    def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        # A session for each request: they are seconds apart, and an abandoned one may still be in use.
        with requests.Session() as session:
            session.trust_env = self.use_proxies
            with session.get(
                url,
                headers={"User-Agent": self.user_agent, **headers},
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response.status_code, response.headers, self._body(response))

    def _body(self, response: requests.Response) -> bytes:
        end = time.monotonic() + self.deadline
        body = bytearray()
        # read1 answers what has arrived; read would wait for a whole chunk of dripping bytes.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise TransientError(f"an answer of more than {LARGEST_BODY} bytes")
            if time.monotonic() > end:
                raise TransientError(f"no complete answer within {self.deadline:g} seconds")
        return bytes(body)

    def doubt(self, error: Exception) -> Exception:
        """What an error of the connection means: TransientError, Unreachable, or the error itself."""
        if unreachable := _unreachable(error):
            return unreachable
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            return RateLimited(f"no answer within {self.timeout:g} seconds")
        if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError | OSError):
            return TransientError(f"the connection failed ({type(error).__name__})")
        return error


def _unreachable(error: Exception) -> Unreachable | None:
    """Why no connection came about, or None where one did."""
    # requests wraps the reason of urllib3 once or twice, with or without naming it as the cause.
    inner = getattr(error.args[0] if error.args else None, "reason", None)
    match error, inner:
        case _, urllib3.exceptions.NameResolutionError():
            return Unreachable("its name is not known (DNS)")
        case requests.exceptions.SSLError(), _:
            return Unreachable(f"no secure connection: {str(inner or error)[:120]}")
        case requests.exceptions.ProxyError(), _:
            return Unreachable("the proxy of this machine's environment doesn't connect")
        case _, urllib3.exceptions.NewConnectionError():
            refused = isinstance(inner.__cause__ or inner.__context__, ConnectionRefusedError)
            return Unreachable("connection refused" if refused else "no route to it")
        case (requests.ConnectTimeout(), _) | (_, urllib3.exceptions.ConnectTimeoutError()):
            return Unreachable("no connection in time")  # last: the two above are kinds of it to urllib3
    return None


def says_rate_exceeded(body: bytes) -> bool:
    """Whether a body is arXiv's words that it limits requests, which come with status 200 as well."""
    words = body[:200].lower()
    return b"<" not in words and (b"rate exceeded" in words or b"too many requests" in words)


def retry_after(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Seconds that a Retry-After header asks for, by number or date; None without it (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])  # thirty years are long enough
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - now).total_seconds())
