"""`brief serve`: the readers' pages."""

from typing import Annotated

import typer
import uvicorn

from service.cli.terminal import opened, out, start_logging
from service.web.app import make_app


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option(help="address to listen on; 0.0.0.0 for every network")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on")] = 8000,
    proxies: Annotated[
        str, typer.Option(help="addresses of proxies whose X-Forwarded-For is believed, comma-separated")
    ] = "127.0.0.1",
    quiet: Annotated[bool, typer.Option("--quiet", help="log what went wrong only")] = False,
) -> None:
    """Serve the readers' pages: the archive, and everything that subscribers do."""
    service = opened()
    start_logging(service.settings, quiet=quiet)
    out.print(f"Serving {service.settings.base_url} on {host}:{port}; stop with Ctrl-C")
    # uvicorn's own access log would write addresses, and ours hold tokens: service.web.headers logs routes
    uvicorn.run(
        make_app(service),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=proxies,
    )
