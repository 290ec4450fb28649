"""Settings of the service as a whole: its data, its weekly build, its admins, who may join and read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from service.admins import Admin, read_admins
from service.settings.fields import Admins, BaseUrl, DatabaseUrl, Domains
from subscribers.admission import Admission, JoinPolicy


class Basics(BaseSettings):
    """Where the service runs, its database and keys, its schedule and its admins."""

    environment: Literal["development", "production"] = Field(
        "development", description="production refuses settings that are only safe on your own machine"
    )
    data_dir: Path = Field(
        Path("var"), description="folder for the database, the outbox and the generated key"
    )
    database_url: DatabaseUrl = Field(
        "", description="sqlite:///… or postgresql+psycopg://…; SQLite under the data folder when empty"
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="signs links and message ids; several, comma-separated, newest last; "
        "in development one is made in the data folder when empty",
    )
    base_url: BaseUrl = Field("http://127.0.0.1:8000", description="where readers reach the web pages")
    publish: Literal["review", "auto"] = Field(
        "review", description="review: an issue waits for `brief approve`; auto: it is approved when built"
    )

    build_cron: str = Field(
        "0 3 * * tue",
        description="when the week's issue is built, as in cron: minute, hour, day, month, day of the week; "
        "never: only by hand",
    )
    build_time_zone: str = Field("UTC", description="time zone of BRIEF_BUILD_CRON, such as Europe/Berlin")
    build_tries: int = Field(5, ge=1, description="how often a build is tried whose topics fail")
    missed_builds: int = Field(4, ge=1, description="issues that are built late at most after a long absence")
    late_hours: float = Field(
        12.0, gt=0, description="hours after which a delivery that nobody came to send is held, and asks"
    )
    remind_hours: float = Field(24.0, gt=0, description="hours between two requests for the same approval")

    backup_folder: Path | None = Field(
        None, description="folder for backups of SQLite, which the schedule takes; none are taken when empty"
    )
    backup_hours: float = Field(24.0, gt=0, description="hours between two backups of the schedule")
    backup_keep: int = Field(
        7, ge=1, description="backups that are kept: the newest of each of so many days, and of so many weeks"
    )

    admins: Admins = Field(
        "",
        description="addresses that may open the admin pages, comma-separated, such as "
        "ann@example.org, bob@example.org=viewer; an editor without =viewer",
    )

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'brief.db'}"

    @property
    def admins_by_address(self) -> Mapping[str, Admin]:
        return read_admins(self.admins)


class Access(BaseSettings):
    """Who may join on the pages, and who may read the archive."""

    join: Literal["open", "domains", "invited", "closed"] = Field(
        "open",
        description="who may join on the pages: open: anybody; domains: addresses at BRIEF_JOIN_DOMAINS; "
        "invited: whoever has a link that an editor made; closed: nobody. Imports and additions by admins "
        "always work",
    )
    join_domains: Domains = Field(
        "",
        description="domains for BRIEF_JOIN=domains, comma-separated, such as example.org, *.example.org; "
        "*. stands for every subdomain",
    )
    archive: Literal["public", "subscribers"] = Field(
        "public",
        description="who may read issues, topics, papers and feeds on the web: everybody, or subscribers by "
        "the links in their e-mails",
    )

    @property
    def admission(self) -> Admission:
        return Admission(JoinPolicy(self.join), tuple(filter(None, self.join_domains.split(","))))

    @property
    def is_private(self) -> bool:
        """Whether the archive is for subscribers alone."""
        return self.archive == "subscribers"
