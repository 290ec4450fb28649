"""The pages of subscribers, in reading order; they know nothing of the service around them.

fields     the fields of a visitor's form, however they were sent
context    what the pages need from outside; signed forms: whose they are
           and what they showed; what happened, and what is wrong with a link, in a reader's words
joining    join, the same by API, confirm, and a new link by e-mail
managing   the manage page: every choice, the address, new links, links to one's data
ordering   a reader's word on one paper, saved papers, and what was learnt: each part can be taken back
leaving    leave one topic or everything, with one click (RFC 8058) or two buttons; undo;
           export, delete and a new address: each behind a short-lived link that came by e-mail

A GET shows, a POST acts. No page sets a cookie: the link says who it is, and the signed form that a POST
brings along proves that it was sent from a page behind this link (CSRF).
"""

from fastapi import FastAPI

from subscribers.pages import joining, leaving, managing, ordering
from subscribers.pages.context import Offered, PagesContext, Show

__all__ = ["Offered", "PagesContext", "Show", "add_to"]


def add_to(app: FastAPI, context: PagesContext) -> None:
    """Every route of the subscribers' pages."""
    app.state.pages_context = context
    for module in (joining, managing, ordering, leaving):
        app.include_router(module.routes)
