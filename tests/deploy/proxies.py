"""nginx and Caddy with the configurations of docs/deploy, on free ports of this machine."""

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.chain.packages import PATH

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
WAYS = {"sub-domain": "", "sub-path-kept": "/brief", "sub-path-stripped": "/brief"}
PATIENCE = 90.0  # seconds until a proxy or the service answers, on a busy machine
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {server}
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running proxy."""

    name: str
    url: str  # where it listens, scheme and port
    host: str  # that it serves


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def program(name: str) -> str:
    return shutil.which(name, path=PATH) or ""


@contextmanager
def running(kind: str, way: str, upstream: int, folder: Path) -> Iterator[Proxy]:
    """One proxy by one configuration, in front of a port of this machine."""
    folder.mkdir(parents=True)
    port = free_port()
    command, scheme = (_nginx if kind == "nginx" else _caddy)(way, upstream, port, folder)
    environment = {
        "PATH": PATH,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    with (folder / "log").open("w") as log:
        proxy = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            wait_for(port, proxy, folder / "log")
            host = "brief.example.org" if way == "sub-domain" else "example.org"
            yield Proxy(f"{kind}, {way}", f"{scheme}://127.0.0.1:{port}", host)
        finally:
            proxy.terminate()
            proxy.wait(10)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until something listens; AssertionError with the end of the log otherwise."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"it did not start: {log.read_text(errors='replace')[-500:]}")


def _nginx(way: str, upstream: int, port: int, folder: Path) -> tuple[list[str], str]:
    text = (DEPLOY / "nginx" / f"{way}.conf").read_text("utf-8").replace(":8000", f":{upstream}")
    if way == "sub-domain":
        key, certificate = make_certificate(folder, "brief.example.org")
        text = text.replace("/etc/letsencrypt/live/brief.example.org/fullchain.pem", str(certificate))
        text = text.replace("/etc/letsencrypt/live/brief.example.org/privkey.pem", str(key))
        text = text.replace("listen 443 ssl http2", f"listen 127.0.0.1:{port} ssl http2")
        text = text.replace("listen [::]:443 ssl http2;", "").replace("listen [::]:80;", "")
        server, scheme = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};"), "https"
    else:
        server, scheme = f"server {{ listen 127.0.0.1:{port}; server_name example.org;\n{text}\n}}", "http"
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, server=server), "utf-8")
    return [program("nginx"), "-c", str(config), "-p", str(folder)], scheme


def _caddy(way: str, upstream: int, port: int, folder: Path) -> tuple[list[str], str]:
    """Without certificates: that one is asked of an authority is Caddy's own business."""
    text = (DEPLOY / "caddy" / f"{way}.Caddyfile").read_text("utf-8").replace(":8000", f":{upstream}")
    site = "brief.example.org {" if way == "sub-domain" else "example.org {"
    text = text.replace(site, f"http://{site.removesuffix(' {')}:{port} {{", 1)
    config = folder / "Caddyfile"
    config.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{text}", "utf-8")
    return [program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile"], "http"


def make_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A key and a certificate that nobody signed, for a day."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    tomorrow = now + dt.timedelta(days=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(tomorrow)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    return folder / "key.pem", folder / "certificate.pem"
