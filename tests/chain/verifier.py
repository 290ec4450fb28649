"""The receiver's verifier: rspamd as Debian ships it, and the DNS records that it looks up, from dnsmasq."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.chain.programs import free_port, listens, running, until

STRING = 250  # characters; a string of a TXT record holds 255
SUFFIXES = "com\nnet\norg\n"  # the public ones of examples; compiling all ten thousand takes a minute
OFF = ("rbl", "fuzzy_check", "surbl", "asn")  # they ask servers of the internet

# Beside what Debian's configuration says: judge what comes from this machine too, and obey p=reject
LOCAL = {
    "worker-normal.inc": "enabled = false;",
    "worker-controller.inc": "enabled = false;",
    "worker-proxy.inc": """
bind_socket = "127.0.0.1:{port}";
upstream "local" {{ default = yes; self_scan = yes; }}""",
    "options.inc": """
dns {{ nameserver = ["127.0.0.1:{dns}"]; }}
local_addrs = [];
disable_hyperscan = true;
url_tld = "{suffixes}";""",
    "dkim.conf": "check_local = true;",
    "spf.conf": "check_local = true;",  # no SPF record is published here: the signature alone has to do
    "dmarc.conf": 'check_local = true; actions {{ reject = "reject"; quarantine = "reject"; }}',
    "milter_headers.conf": 'use = ["authentication-results", "x-spamd-result"]; skip_local = false;',
}


@contextmanager
def dns(folder: Path, records: Mapping[str, str]) -> Iterator[int]:
    """A name server that knows these TXT records and nothing else: its port."""
    folder.mkdir()
    port = free_port()
    command = [
        "/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
        "--local=/#/", f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=",
        "--user=root", *(f"--txt-record={name},{_strings(text)}" for name, text in records.items()),
    ]  # fmt: skip
    with running(command, folder / "output"):
        until(lambda: listens(port), "dnsmasq")
        yield port


def _strings(text: str) -> str:
    return ",".join(text[start : start + STRING] for start in range(0, len(text), STRING))


@contextmanager
def rspamd(folder: Path, dns_port: int) -> Iterator[int]:
    """rspamd as a milter: its port."""
    port, data = free_port(), folder / "data"
    data.mkdir(parents=True)
    shutil.chown(data, "_rspamd", "_rspamd")
    (folder / "local.d").mkdir()
    suffixes = folder / "suffixes"
    suffixes.write_text(SUFFIXES)
    for name, text in LOCAL.items():
        written = text.format(port=port, dns=dns_port, suffixes=suffixes)
        (folder / "local.d" / name).write_text(written + "\n")
    for module in OFF:
        (folder / "local.d" / f"{module}.conf").write_text("enabled = false;\n")
    places = {"DBDIR": data, "RUNDIR": data, "LOGDIR": data, "LOCAL_CONFDIR": folder}
    command = ["/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf"]
    command += [part for name, path in places.items() for part in ("--var", f"{name}={path}")]
    with running(command, folder / "output"):
        until(lambda: listens(port), "rspamd")
        yield port
