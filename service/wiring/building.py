"""Picks the paper source and the writer from the settings."""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.briefs import Assignment, BriefWriter
from service.papers import PaperSource
from service.papers.text import Bounds, KeptTexts
from service.pipeline import BuildContext
from service.settings import LOOPBACK, Settings
from service.store import KeptAnswers
from service.wiring.opening import Service, now

if TYPE_CHECKING:
    from service.adapters.arxiv_papers import ArxivPapers
    from service.adapters.openai_model import OpenAIModel, OpenAISettings
    from service.briefs.modelled import AnswerStore, Estimate


log = logging.getLogger(__name__)


class WriterNotReady(Exception):
    """A writer that lacks a key or a setting; the message says which."""


def build_context(service: Service, choice: str | None = None) -> BuildContext:
    """What building an issue needs, with the writer that the settings or `choice` name."""
    from service.adapters.arxiv_papers import WithAnnouncements

    settings = service.settings
    source = WithAnnouncements(arxiv_papers(settings), service.store)
    fallback = fallback_writer()
    if writes_with_model(settings, choice):
        context = modelled_context(service, source, fallback)
    else:
        context = BuildContext(service.store, source, fallback, fallback, now)
    return with_full_texts(service, context)


def with_full_texts(service: Service, context: BuildContext) -> BuildContext:
    """The same with full texts, where the settings have them read."""
    settings = service.settings
    if not settings.has_full_texts:
        if settings.full_text != "off":
            log.warning(
                "no full texts are read: BRIEF_ARXIV_HTML_URL (%s) does not belong to BRIEF_ARXIV_URL (%s)",
                settings.arxiv_html_url, settings.arxiv_url,
            )  # fmt: skip
        return context
    from service.adapters.arxiv_papers import ArxivTexts

    source = ArxivTexts(arxiv_papers(settings), settings.arxiv_html_url)
    bounds = Bounds(settings.full_text_requests, settings.full_text_minutes)

    def texts(fresh: bool) -> KeptTexts:
        service.store.prune_texts(now() - dt.timedelta(days=settings.full_text_days))
        return KeptTexts(source, service.store, bounds, now, fresh=fresh)

    return replace(context, texts=texts, reads_all=settings.full_text == "all")


def arxiv_papers(settings: Settings) -> "ArxivPapers":
    """ArXiv's query API and its announcements, as the settings name them."""
    from service.adapters.arxiv_papers import ArxivPapers

    return ArxivPapers(
        url=settings.arxiv_url,
        feed_url=settings.arxiv_feed_url,
        contact=settings.arxiv_contact or settings.sender_address,
        timeout=settings.arxiv_timeout,
        interval=settings.arxiv_interval,
    )


def keep_announcements(service: Service) -> Callable[[dt.datetime], int] | None:
    """What keeps the day's announcements; None where none are read."""
    if not service.settings.has_announcements:
        return None
    from service.adapters import arxiv_papers as announced

    source = arxiv_papers(service.settings)
    return lambda at: announced.keep_announcements(source, service.roster.topics(), service.store, at)


def modelled_context(service: Service, source: PaperSource, fallback: BriefWriter) -> BuildContext:
    """The same with a language model that chooses, writes and checks."""
    from service.briefs.modelled import ModelGrader, ModelWriter

    settings, answers = service.settings, kept_answers(service)
    model = language_model(settings, settings.openai_model, answers)
    other = settings.openai_check_model
    is_other = other and other != settings.openai_model
    checker = checking_model(service) if is_other or settings.checking != "model" else model
    writer = ModelWriter(model, fallback, answers, checker)
    grader = ModelGrader(model, answers) if settings.choosing == "model" else None
    return BuildContext(service.store, source, writer, fallback, now, grader)


def checking_model(service: Service) -> "OpenAIModel | None":
    """The model that checks sentences; None where none does, WriterNotReady where a setting lacks."""
    settings = service.settings
    if settings.checking != "model" or not writes_with_model(settings):
        return None
    return language_model(
        settings, settings.openai_check_model or settings.openai_model, kept_answers(service)
    )


def sample_context(
    service: Service, source: PaperSource, clock: Callable[[], dt.datetime], *, recorded: bool
) -> BuildContext:
    """What building from invented papers needs: a language model's recorded answers, or no model."""
    fallback = fallback_writer()
    if not recorded:
        return BuildContext(service.store, source, fallback, fallback, clock)
    from service.adapters.recorded_model import RecordedModel
    from service.briefs.modelled import ModelGrader, ModelWriter
    from service.samples import RECORDED

    model, answers = RecordedModel(RECORDED), kept_answers(service)
    writer = ModelWriter(model, fallback, answers, model)
    return BuildContext(service.store, source, writer, fallback, clock, ModelGrader(model, answers))


def estimated(
    service: Service, context: BuildContext, assignment: Assignment
) -> "tuple[Estimate, float | None]":
    """What writing would take and cost: nothing for a writer that needs no language model."""
    from service.briefs.modelled import Estimate, ModelWriter, estimate
    from service.briefs.modelled.asking import Usage

    papers, settings = len(assignment.selection.taken), service.settings
    if not isinstance(context.writer, ModelWriter):
        return Estimate(Usage(), 0, papers, papers, 0), 0.0
    answers, name = kept_answers(service), settings.openai_model
    grades, checks = context.grader is not None, settings.checking == "model"
    texts = settings.has_full_texts
    found = estimate(assignment, answers, name, grades=grades, checks=checks, texts=texts)
    model = language_model(settings, name, answers)
    return found, model.settings.cost(found.usage.prompt, found.usage.completion)


def kept_answers(service: Service) -> KeptAnswers:
    """What language models answered to the prompts of this version."""
    from service.briefs.modelled.asking import PROMPT_VERSION

    return KeptAnswers(service.store, PROMPT_VERSION)


def writes_with_model(settings: Settings, choice: str | None = None) -> bool:
    """Whether a language model writes; WriterNotReady where it lacks what it needs."""
    key = settings.openai_api_key.get_secret_value()
    choice = choice or settings.writer
    if choice == "extractive" or (choice == "auto" and not key):
        return False
    if not key and urlsplit(settings.openai_base_url).hostname not in LOOPBACK:
        raise WriterNotReady("the OpenAI writer needs BRIEF_OPENAI_API_KEY, or a server on this machine")
    return True


def language_model(settings: Settings, name: str, answers: "AnswerStore") -> "OpenAIModel":
    """A model of the server that the settings name; WriterNotReady where they don't fit together."""
    from service.adapters.openai_model import OpenAIModel

    return OpenAIModel(model_settings(settings, name), answers)


def model_settings(settings: Settings, name: str) -> "OpenAISettings":
    """How a model of this name is reached; WriterNotReady where the settings don't fit together."""
    from service.adapters.openai_model import OpenAISettings, Price

    priced = settings.openai_prompt_price or settings.openai_completion_price
    try:
        return OpenAISettings(
            model=name,
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            price=Price(settings.openai_prompt_price, settings.openai_completion_price) if priced else None,
            token_ceiling=settings.openai_token_ceiling or None,
            cost_ceiling=settings.openai_cost_ceiling or None,
            output_limit=settings.openai_output_limit,
            concurrency=settings.openai_concurrency,
            timeout=settings.openai_timeout,
            deadline=settings.openai_deadline,
        )
    except ValueError as error:
        raise WriterNotReady(f"the settings of the OpenAI writer don't fit: {error}") from error


def fallback_writer() -> BriefWriter:
    """The writer that needs no key and no network."""
    from service.briefs.extractive import ExtractiveWriter

    return ExtractiveWriter()
