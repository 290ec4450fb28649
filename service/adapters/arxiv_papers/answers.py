"""One HTTP request that always ends: with an answer, or with a reason to ask again."""

import datetime as dt
import ipaddress
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from queue import Empty, SimpleQueue
from types import MappingProxyType
from urllib.parse import urlsplit

import requests
import urllib3

POLITE = 3.0  # seconds between two requests: https://info.arxiv.org/help/api/tou.html
SLOWER = 3.0  # times the interval, for the rest of the run, once arXiv limits requests
LONGEST_PAUSE = 300.0  # seconds; whoever is told to wait longer gives up rather than block a build


class Paused(Exception):
    """The next request may only be made after a longer pause than anybody waits for."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no request for another {seconds:.0f} seconds")
        self.seconds = seconds


class Pace:
    """Turns to ask, one at a time over all threads, `interval` seconds after the last one ended."""

    def __init__(
        self,
        interval: float = POLITE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.interval = self._first = interval
        self._clock = clock
        self._sleep = sleep
        self._free = clock()  # the moment from which the next request may be made
        self._lock = threading.RLock()  # re-entrant: whoever has the turn may postpone the next

    @contextmanager
    def turn(self, longest: float = LONGEST_PAUSE) -> Iterator[None]:
        """Wait for the next turn and hold it; Paused when that would take over so many seconds."""
        with self._lock:
            self._wait(min(longest, LONGEST_PAUSE))
            try:
                yield
            finally:
                self.postpone(self.interval)

    @property
    def pause(self) -> float:
        """Seconds until the next turn."""
        return max(0.0, self._free - self._clock())

    def slow_down(self) -> None:
        """Ask SLOWER times as seldom from now on: who was limited once is limited again at the same pace."""
        with self._lock:
            self.interval = max(self.interval, SLOWER * self._first)

    def postpone(self, seconds: float) -> None:
        """Let nobody ask for so many seconds from now; never shortens a pause."""
        with self._lock:
            self._free = max(self._free, self._clock() + seconds)

    def beside(self, interval: float) -> "Pace":
        """Another server's pace, by the same clock: a pause of the one is none of the other."""
        return Pace(interval, self._clock, self._sleep)

    def _wait(self, longest: float) -> None:
        seconds = self._free - self._clock()
        if seconds > longest:
            raise Paused(seconds)
        if seconds > 0:
            self._sleep(seconds)


class Outage:
    """Remembers for a short while that nobody could be reached, so that the next topic need not find out."""

    def __init__(self, lasts: dt.timedelta = dt.timedelta(minutes=2)) -> None:
        self._lasts = lasts
        self._seen: tuple[dt.datetime, str] | None = None

    def begin(self, words: str, now: dt.datetime) -> None:
        self._seen = (now, words)

    def words(self, now: dt.datetime) -> str:
        """What was found, or nothing where that is too long ago to count."""
        return self._seen[1] if self._seen and now - self._seen[0] < self._lasts else ""


@cache
def shared_pace(interval: float, server: str = "") -> Pace:  # noqa: ARG001 - it tells paces apart
    """Return the one pace of this process for an interval, so that every source keeps it together."""
    return Pace(interval)


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


def is_local(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
