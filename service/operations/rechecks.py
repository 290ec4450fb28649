"""Editors' facts are judged by the language model, in a thread of its own, after they are saved.

    begin     which facts of a topic nobody judged | start the thread
    thread    ask the model, one topic at a time | keep each verdict under the fact's words

A save never waits for a model and is never lost with one. A verdict holds for a fact's words and citations:
it stands again where an undo brings them back. A process that ends meanwhile leaves its facts unjudged, and
the next save or a press of the button has them judged.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from service.briefs.claims import Check, Claim
from service.briefs.grounding import Place
from service.briefs.model import Brief
from service.briefs.modelled import LanguageModel
from service.briefs.modelled.asking import Unanswered
from service.briefs.modelled.rechecking import edited_facts, key_of, recheck
from service.store import KeptAnswers, Unavailable
from service.wiring import Service, WriterNotReady

VERSION = "editors-facts-1"  # of the form in which verdicts are kept
GONE = "The topic or an abstract that the sentence cites is not kept any more."
BROKEN = "The check broke off. Press the button to have it made again."

log = logging.getLogger("brief.rechecks")


@dataclass(frozen=True, slots=True)
class Recheck:
    """What is known of an editor's fact: a verdict, why there is none, or that it is asked for now."""

    check: Check | None = None
    trouble: str = ""  # a sentence; empty where there is a verdict or one is awaited
    is_awaited: bool = False


UNASKED = Recheck()


@dataclass
class Rechecks:
    """Has editors' facts judged and knows the verdicts."""

    service: Service
    checker: Callable[[], LanguageModel | None]  # None where no model checks; WriterNotReady as the writer
    _awaited: set[str] = field(default_factory=set, init=False)
    _one: threading.Lock = field(default_factory=threading.Lock, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def model(self) -> LanguageModel | None:
        """The model that judges; None where there is none, or it lacks a setting."""
        try:
            return self.checker()
        except WriterNotReady:
            return None

    def of(self, brief: Brief) -> Mapping[Place, Recheck]:
        """What is known of each fact in an editor's words; nothing where no model checks."""
        facts = edited_facts(brief)
        model = self.model() if facts else None
        return {place: self._known(claim, place, model) for place, claim in facts.items()} if model else {}

    def begin(self, brief: Brief) -> bool:
        """Have those facts of a brief judged that have no verdict; whether there were any."""
        known = self.of(brief)
        facts = edited_facts(brief)
        wanted = {
            place: facts[place] for place, one in known.items() if one.check is None and not one.is_awaited
        }
        model = self.model() if wanted else None
        if model is None:
            return False
        self._awaited |= {key_of(claim, place) for place, claim in wanted.items()}
        # a daemon: a process that ends waits for no model
        self._thread = threading.Thread(
            target=self._run, args=(model, brief, wanted), name="check edits", daemon=True
        )
        self._thread.start()
        return True

    def wait(self) -> None:
        """Until the check that was begun last here is over."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, model: LanguageModel, brief: Brief, facts: Mapping[Place, Claim]) -> None:
        keys = {place: key_of(claim, place) for place, claim in facts.items()}
        try:
            with self._one:
                found = self._asked(model, brief, facts)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page says that there is no verdict
            log.error("event=edits_unchecked topic=%s error=%s", brief.topic_slug, type(error).__name__)  # noqa: TRY400 - its words could hold what no log may
            found = dict.fromkeys(facts, Recheck(trouble=BROKEN))
        with suppress(*Unavailable):
            for place, one in found.items():
                self._kept.put(keys[place], model.name, json.dumps(asdict(one)))
        self._awaited -= set(keys.values())

    def _asked(
        self, model: LanguageModel, brief: Brief, facts: Mapping[Place, Claim]
    ) -> dict[Place, Recheck]:
        store, topics = self.service.store, self.service.roster.topics()
        topic = next((one for one in topics if one.slug == brief.topic_slug), None)
        papers = store.papers(entry.paper_id for entry in brief.catalog)
        able = {place: one for place, one in facts.items() if topic and papers.keys() >= set(one.paper_ids)}
        found = dict.fromkeys(facts, Recheck(trouble=GONE))
        if topic and able:
            verdicts = recheck(model.begin(), topic, brief, papers, able)
            found |= {place: _told(verdict) for place, verdict in verdicts.items()}
        return found

    def _known(self, claim: Claim, place: Place, model: LanguageModel) -> Recheck:
        key = key_of(claim, place)
        if key in self._awaited:
            return Recheck(is_awaited=True)
        held = self._kept.get(key, model.name)
        return _read(held) if held else UNASKED

    @property
    def _kept(self) -> KeptAnswers:
        return KeptAnswers(self.service.store, VERSION)


def _told(verdict: Check | Unanswered) -> Recheck:
    return Recheck(verdict) if isinstance(verdict, Check) else Recheck(trouble=_sentence(verdict.why))


def _read(text: str) -> Recheck:
    held = json.loads(text)
    return Recheck(Check(**held["check"]) if held["check"] else None, held["trouble"])


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}".rstrip(".") + "."
