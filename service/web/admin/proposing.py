"""A new topic's form, filled in from a starter, or proposed from a sentence and papers."""

import re

from fastapi import APIRouter, Response

from service.papers import SourceError
from service.papers.proposing import TooLittle
from service.setup.proposing import UnknownPapers, Wish, corpus, gathered, offer
from service.web.admin.authentication import Editor
from service.web.admin.frame import AdminContext, Form, TheAdminContext
from service.web.admin.topic_forms import TopicForm
from service.web.admin.topics import NEW, new_page
from subscribers.starters import UnknownStarter, starter
from subscribers.topics import Topic, TopicError

WEEKS = 2  # that terms are learnt from
MOST_PAPERS, LONGEST = 50, 2000  # ids; characters of the sentence

routes = APIRouter(include_in_schema=False)


@routes.post(f"{NEW}/propose")
def propose(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """The form with what is proposed; nothing is saved."""
    papers = tuple(re.split(r"[\s,;]+", sent.text("seed_papers").strip()))[:MOST_PAPERS]
    wish = Wish(
        sent.text("sentence")[:LONGEST].strip(), tuple(filter(None, papers)), starter=sent.text("starter")
    )
    try:
        form = TopicForm.of(_topic(context, wish))
    except (UnknownStarter, UnknownPapers, TooLittle, TopicError) as error:
        form = TopicForm(TopicForm.of(None).texts, {"": [str(error)]})
    except SourceError as error:
        form = TopicForm(TopicForm.of(None).texts, {"": [f"arXiv gave no answer: {error}"]})
    return new_page(visitor, context, form)


def _topic(context: AdminContext, wish: Wish) -> Topic:
    if wish.starter and not (wish.sentence or wish.papers):
        return starter(wish.starter)
    if not context.asking.acquire(blocking=False):
        raise TooLittle("Somebody else is asking arXiv now. Try again in a minute.")
    try:
        seeds = gathered(context.service, wish)
        weeks, papers = corpus(context.service, WEEKS, lambda *_: None)
        return offer(wish, seeds, weeks, papers).topic
    finally:
        context.asking.release()
