"""`brief serve`: the readers' pages, the schedule and the deliveries in one process."""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer
import uvicorn

from service import wiring
from service.adapters import process
from service.cli.scheduling import plan_in_words
from service.cli.terminal import Refused, opened, out, start_logging
from service.scheduler import Scheduler, Ticking
from service.settings import Settings, read_settings
from service.transactional import sending
from service.web.app import make_app
from service.web.headers import PatientProtocol
from service.wiring import Service
from service.worker import work

SHUTDOWN_TIMEOUT = 5  # seconds for answers that are on their way
BREATHER = 60.0  # seconds before delivery that broke is begun again
LAST_CHUNK = 30.0  # seconds for messages that are on their way


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option(help="address to listen on; 0.0.0.0 for every network")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on")] = 8000,
    proxies: Annotated[
        str, typer.Option(help="addresses of proxies whose X-Forwarded-For is believed, comma-separated")
    ] = "127.0.0.1",
    quiet: Annotated[bool, typer.Option("--quiet", help="log what went wrong only")] = False,
    scheduler: Annotated[
        bool, typer.Option("--scheduler/--no-scheduler", help="build and deliver too, or pages alone")
    ] = True,
) -> None:
    """Serve the pages, build what is due and deliver it: everything in one process, until SIGTERM."""
    settings = read_settings()
    # the port comes first: a process that can't serve must not build or send either
    with contextlib.closing(_listening(host, port)) as listening:
        port = listening.getsockname()[1]
        service = opened(**_links_to(settings, port))
        start_logging(service.settings, quiet=quiet)
        out.print(f"Serving {service.settings.base_url} on {host}:{port}; stop with Ctrl-C")
        out.print(
            plan_in_words(service)
            if scheduler
            else "Pages and their e-mails alone: another process sends issues."
        )
        # uvicorn stops at a signal and then raises it again: noted here, it ends the rest in order
        beside = _working(service) if scheduler else nullcontext()
        with process.asked_to_stop(), sending(service), beside:
            _serve(service, listening, proxies)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that accepts connections; they wait until the pages are up."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Refused(
            f"can't listen on {host}:{port}: {why}; choose another with --port or --host"
        ) from error


def _links_to(settings: Settings, port: int) -> dict[str, str]:
    """While trying things out, links lead to the port that is served, whichever it is."""
    if settings.environment == "production" or "base_url" in settings.model_fields_set:
        return {}
    return {"base_url": f"http://127.0.0.1:{port}"}


def _serve(service: Service, listening: socket.socket, proxies: str) -> None:
    # uvicorn's own access log would write addresses, and ours hold tokens: service.web.headers logs routes
    config = uvicorn.Config(
        make_app(service),
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        http=PatientProtocol,
    )
    uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def _working(service: Service) -> Iterator[None]:
    """The schedule and the deliveries beside the pages; they end after them, in this order."""
    stop = threading.Event()
    is_gone, rules = wiring.is_gone(service.settings), wiring.rules(service.settings)
    one = Scheduler(
        service, rules, is_gone=is_gone, stopping=stop.is_set, read_events=wiring.read_bounces(service),
        keep_announcements=wiring.keep_announcements(service),
    )  # fmt: skip
    ticking = Ticking(one)
    delivery = threading.Thread(target=_deliver, args=(service, stop), name="delivery", daemon=True)
    with wiring.process_locks(service.settings).held():
        ticking.start()
        delivery.start()
        try:
            yield
        finally:
            stop.set()
            ticking.stop()
            delivery.join(LAST_CHUNK)


def _deliver(service: Service, stop: threading.Event) -> None:
    """Deliver until stopped; what breaks delivery is told, and tried again a minute later."""
    while not stop.is_set():
        try:
            work(service, stop.is_set)
        except Exception as error:  # noqa: BLE001 - whatever it is, the pages stay and delivery comes back
            name = type(error).__name__  # its words could hold an address
            logging.getLogger("brief.delivery").error("event=delivery_broken error=%s", name)  # noqa: TRY400 - as above
            stop.wait(BREATHER)
