"""A new topic's form, filled in from a starter, or proposed from a sentence and papers behind the page."""

import re

from fastapi import APIRouter, Response

from service.setup.proposing import Asked, Wish
from service.web.admin.authentication import Editor
from service.web.admin.frame import AdminContext, Form, TheAdminContext, Visitor
from service.web.admin.topic_forms import TopicForm
from service.web.admin.topics import NEW, new_page
from service.web.headers import FOLLOWING_POLICY
from subscribers.starters import UnknownStarter, starter

MOST_PAPERS, LONGEST = 50, 2000  # ids; characters of the sentence
PROPOSED = f"{NEW}/proposed"

routes = APIRouter(include_in_schema=False)


@routes.post(f"{NEW}/propose")
def propose(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Begin to propose, or the form of a starter at once; nothing is saved."""
    papers = tuple(re.split(r"[\s,;]+", sent.text("seed_papers").strip()))[:MOST_PAPERS]
    wish = Wish(
        sent.text("sentence")[:LONGEST].strip(), tuple(filter(None, papers)), starter=sent.text("starter")
    )
    if wish.starter and not (wish.sentence or wish.papers):
        return _started(visitor, context, wish.starter)
    context.proposals.begin(visitor.admin.address, wish)
    return context.go(PROPOSED)


@routes.get(PROPOSED)
def proposed(visitor: Editor, context: TheAdminContext) -> Response:
    """How far the editor's proposal is, then the form with it."""
    asked = context.proposals.of(visitor.admin.address)
    if asked is None:  # the service began anew meanwhile
        return context.go(NEW)
    answer = new_page(visitor, context, _form(asked), asked if asked.is_running else None)
    if asked.is_running:
        answer.headers["Content-Security-Policy"] = FOLLOWING_POLICY
    return answer


def _form(asked: Asked) -> TopicForm:
    problems = {"": [asked.problem]} if asked.problem else {}
    return TopicForm(TopicForm.of(asked.topic).texts, problems)


def _started(visitor: Visitor, context: AdminContext, name: str) -> Response:
    try:
        return new_page(visitor, context, TopicForm.of(starter(name)))
    except UnknownStarter as error:
        return new_page(visitor, context, TopicForm(TopicForm.of(None).texts, {"": [str(error)]}))
