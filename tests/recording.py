"""Record what a language model answers to the demo's questions: `make record`.

The model is the one of BRIEF_OPENAI_BASE_URL, BRIEF_OPENAI_MODEL and BRIEF_OPENAI_API_KEY. What is recorded
already is not asked again; delete a file of service/samples/recorded to have its question asked anew.
"""

import datetime as dt
import logging
import tempfile
from functools import partial
from pathlib import Path

from service import samples, wiring
from service.adapters.recorded_model import Recorder
from service.briefs.modelled import ModelGrader, ModelWriter
from service.cli.demonstrating import SCHEDULED_AFTER
from service.papers import Window
from service.pipeline import BuildContext, build_issue
from service.settings import read_settings

log = logging.getLogger(__name__)


def record(data: Path) -> None:
    """Build both weeks of the demo with the configured model, and keep its answers."""
    settings = read_settings(environment="development", data_dir=data, database_url="", mailer="outbox")
    service = wiring.open_service(settings)
    answers, fallback = wiring.kept_answers(service), wiring.fallback_writer()
    model = Recorder(wiring.language_model(settings, settings.openai_model, answers), samples.RECORDED)
    topics = [topic for topic in service.roster.topics() if topic.slug in samples.TOPICS]
    for week in samples.WEEKS:
        window = Window.of_week(week)
        at = dt.datetime.combine(window.last + SCHEDULED_AFTER, dt.time(3), dt.UTC)
        writer = ModelWriter(model, fallback, answers, model)
        source, grader = samples.SamplePapers(as_of=at), ModelGrader(model, answers)
        context = BuildContext(service.store, source, writer, fallback, partial(_at, at), grader)
        report = build_issue(window, topics, context)
        service.store.approve(week, at)
        for brief in report.issue.briefs if report.issue else ():
            log.info("%s %s: by %s %s", week, brief.topic_slug, brief.metadata.writer, brief.metadata.notes)


def _at(moment: dt.datetime) -> dt.datetime:
    return moment


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder))
