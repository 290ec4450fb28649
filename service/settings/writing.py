"""Settings of papers and writers: arXiv, and the language model."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from service.settings.fields import LOOPBACK, Address, Url


class Writing(BaseSettings):
    """Where papers come from and who writes the briefs."""

    arxiv_url: Url = Field(
        "https://export.arxiv.org/api/query", description="arXiv's query API or a mirror of it"
    )
    arxiv_feed_url: str = Field(
        "https://rss.arxiv.org/atom",
        description="arXiv's daily announcements, kept each day to fill what the query API does not give; "
        "empty: none are kept. With a mirror of the query API set the mirror's own",
    )
    arxiv_contact: Address = Field("", description="e-mail address that the User-Agent gives arXiv")
    arxiv_timeout: float = Field(30.0, gt=0, description="seconds for one request to arXiv")
    arxiv_interval: float = Field(
        3.0, ge=0, description="seconds between two requests; under 3 only for a mirror on this machine"
    )

    arxiv_html_url: Url = Field(
        "https://arxiv.org/html",
        description="where arXiv serves papers as HTML. With a mirror of the query API set the mirror's own",
    )
    full_text: Literal["off", "notable", "all"] = Field(
        "notable",
        description="whose full texts are read: of no paper, of those that a brief tells, of all of it",
    )
    full_text_requests: int = Field(80, ge=0, description="requests for full texts of one build at most")
    full_text_minutes: float = Field(
        25.0,
        ge=0,
        description="minutes that one build asks for full texts at most; arXiv: four pages a minute",
    )
    full_text_days: int = Field(
        30, ge=1, description="days that full texts are kept; what briefs quote of them stays"
    )

    writer: Literal["auto", "extractive", "openai"] = Field(
        "auto", description="auto: openai when there is a key, extractive otherwise"
    )

    openai_api_key: SecretStr = Field(SecretStr(""), description="key of the language model's server")
    openai_base_url: Url = Field("https://api.openai.com/v1", description="any OpenAI-compatible server")
    openai_model: str = Field("gpt-5-mini", description="name of the model")
    choosing: Literal["model", "words"] = Field(
        "model", description="where there is a language model, papers are chosen by its grades or by words"
    )
    checking: Literal["model", "off"] = Field(
        "model", description="whether a language model checks every sentence that one wrote"
    )
    openai_check_model: str = Field("", description="the model that checks; the one that writes when empty")
    openai_deadline: float = Field(1800.0, gt=0, description="seconds for one brief, all its requests")
    openai_output_limit: int = Field(
        32_000, ge=500, description="tokens of one answer at most; a server that takes fewer says so itself"
    )
    openai_concurrency: int = Field(8, ge=1, le=64, description="requests at the same time")
    openai_timeout: float = Field(180.0, gt=0, description="seconds for one request")
    openai_token_ceiling: int = Field(
        2_000_000, ge=0, description="tokens of one brief at most; 0: no ceiling"
    )
    openai_cost_ceiling: float = Field(
        0.0, ge=0, description="cost of one brief at most; 0: no ceiling, else needs prices"
    )
    openai_prompt_price: float = Field(
        0.0, ge=0, description="price of a million prompt tokens; 0: costs are not shown"
    )
    openai_completion_price: float = Field(0.0, ge=0, description="price of a million completion tokens")

    @property
    def has_announcements(self) -> bool:
        """Whether announcements are kept: arXiv's beside its query API, or those of a mirror."""
        return self._belongs(self.arxiv_feed_url)

    @property
    def has_full_texts(self) -> bool:
        """Whether full texts are read: arXiv's beside its query API, or those of a mirror."""
        return self.full_text != "off" and self._belongs(self.arxiv_html_url)

    def _belongs(self, url: str) -> bool:
        """Whether an address may be asked beside the query API's: no mirror's papers are asked of arXiv."""
        hosts = [urlsplit(one).hostname or "" for one in (self.arxiv_url, url)]
        are_arxivs = {f".{one}".endswith(".arxiv.org") for one in hosts}
        return bool(hosts[1]) and (len(are_arxivs) == 1 or hosts[1] in LOOPBACK)

    @model_validator(mode="after")
    def arxiv_is_asked_slowly(self) -> Self:
        if self.arxiv_interval < 3 and urlsplit(self.arxiv_url).hostname not in LOOPBACK:
            raise ValueError(
                "BRIEF_ARXIV_INTERVAL: arXiv asks for one request every three seconds; "
                "only a mirror on this machine may be asked faster"
            )
        return self
