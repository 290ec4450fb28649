"""Settings of access: who may join, and who may read what was sent."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from service.settings.fields import Domains
from subscribers.admission import Admission, JoinPolicy


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
