import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from service.settings import Settings

README = Path(__file__).parents[1] / "README.md"


def documented() -> dict[str, tuple[str, str]]:
    """Default and meaning of every setting in the README's table."""
    rows = re.findall(r"^\| `BRIEF_(\w+)` \| (.*?) \| (.*) \|$", README.read_text(), re.MULTILINE)
    return {name.lower(): (default, meaning) for name, default, meaning in rows}


def test_the_readme_documents_every_setting_with_its_default() -> None:
    def spelled(default: object) -> str:
        value = default.get_secret_value() if isinstance(default, SecretStr) else default
        return "" if value in {None, ""} else f"`{value}`"

    fields = Settings.model_fields
    assert documented() == {
        name: (spelled(field.default), field.description) for name, field in fields.items()
    }


def production(**changes: object) -> Settings:
    sound: dict[str, object] = {
        "environment": "production", "secret_key": SecretStr("k" * 32), "mailer": "smtp",
        "base_url": "https://brief.example.org",
    }  # fmt: skip
    return Settings(_env_file=None, **(sound | changes))  # type: ignore[arg-type]  # named by the test


def test_production_takes_sound_settings() -> None:
    assert production().environment == "production"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secret_key": SecretStr("")}, "BRIEF_SECRET_KEY"),
        ({"secret_key": SecretStr("k" * 32 + ",short")}, "BRIEF_SECRET_KEY"),
        ({"base_url": "http://brief.example.org"}, "BRIEF_BASE_URL"),
        ({"mailer": "outbox"}, "BRIEF_MAILER"),
    ],
)
def test_production_refuses_what_is_only_safe_on_your_own_machine(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        production(**changes)


def test_no_secret_shows_in_the_settings_or_their_errors() -> None:
    assert "k" * 32 not in repr(production())
    with pytest.raises(ValidationError) as refused:
        production(secret_key=SecretStr("weak-secret"))
    assert "weak-secret" not in str(refused.value)
