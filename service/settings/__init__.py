"""Settings, from the environment or .env; read by the entry points alone, never at import.

fields     addresses, domains and URLs, as they are checked and kept
basics     the service as a whole: data, schedule, admins
writing    arXiv and the language model
mail       e-mails and their delivery
secrets    secrets from files
operating  all of them together, and what production refuses
reading    read_settings(), and what is wrong with a setting in words
"""

from service.settings.fields import LOOPBACK, PREFIX
from service.settings.operating import Settings
from service.settings.reading import (
    problem,
    problems,
    read_settings,
    read_settings_from,
    setting_names,
    variables,
    wrong_with,
)
from service.settings.secrets import SettingsWrong, is_secret

__all__ = [
    "LOOPBACK",
    "PREFIX",
    "Settings",
    "SettingsWrong",
    "is_secret",
    "problem",
    "problems",
    "read_settings",
    "read_settings_from",
    "setting_names",
    "variables",
    "wrong_with",
]
