"""`brief admin …`: who may open the admin pages, and a first link into them."""

from typing import Annotated

import typer

from service import wiring
from service.admins import LINK_LIFETIME, Admin
from service.cli.terminal import Refused, opened, out, record, table
from service.settings import Settings, read_settings
from subscribers.addresses import read_address

app = typer.Typer(no_args_is_help=True, help="Who may open the admin pages, and a first link into them.")

Address = Annotated[str, typer.Argument(help="an address that BRIEF_ADMINS names")]


def add_to(parent: typer.Typer) -> None:
    parent.add_typer(app, name="admin")


@app.command("list")
def list_admins() -> None:
    """List the admins that BRIEF_ADMINS names."""
    shown = table("Address", "Role")
    for admin in _admins(read_settings()).values():
        shown.add_row(admin.address, admin.role)
    out.print(shown)


@app.command()
def link(address: Address) -> None:
    """Print a link that signs an admin in, once: for the first time, or where e-mail does not work."""
    service, key = opened(), read_address(address).key
    admins = _admins(service.settings)
    if key not in admins:
        raise Refused(f"{key} is no admin; add it to BRIEF_ADMINS, which names: {', '.join(admins)}", 2)
    now = wiring.now()
    token = service.store.ask_sign_in(key, now)
    record(service, "made a sign-in link", f"admin {key}")
    minutes = int(LINK_LIFETIME.total_seconds() / 60)
    out.print(f"Signs {key} in once, within {minutes} minutes, where `brief serve` runs:")
    out.print(f"{service.settings.base_url}/admin/sign-in/{token}")


@app.command("sign-out")
def sign_out(address: Address) -> None:
    """End every session of an address, and the links that nobody used yet."""
    service, key = opened(), read_address(address).key
    ended = service.store.sign_out_everywhere(key)
    record(service, "signed out everywhere", f"admin {key}")
    out.print(f"Ended {ended} sessions of {key}")


def _admins(settings: Settings) -> dict[str, Admin]:
    admins = dict(settings.admins_by_address)
    if not admins:
        raise Refused(
            "BRIEF_ADMINS is empty, so nobody may open the admin pages; "
            "set it: BRIEF_ADMINS=ann@example.org, or in .env"
        )
    return admins
