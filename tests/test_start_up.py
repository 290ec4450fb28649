"""Start-up: what takes a second to import is imported when it is used."""

import subprocess
import sys

HEAVY = ("sklearn", "scipy", "premailer", "mjml")


def test_the_steps_import_no_heavy_library_before_it_is_used() -> None:
    steps = (
        "service.papers, service.briefs, service.briefs.extractive, service.briefs.measures, service.emails"
    )
    script = f"import sys, {steps}; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]", found.stdout
