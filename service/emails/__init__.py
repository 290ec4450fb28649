"""E-mails: topic fragments become editions, and editions become e-mails.

In reading order:

plaintext     wrapping for the plaintext part
facts         dates, badges and names in words; what a brief was written from, and how it was made
levels        how much of a topic is shown, from everything to its name in the table of contents; what fits
paragraphs    claims as sentences: settings small, readings told apart, evidence for the web
sections      the sections of a brief as values for the templates
catalog       what readers look up: the papers by theme, terms, new versions
news          what is new in the window
tables        the table of the window, and who cites whom; the table as CSV
views         a brief at one level of detail, as the templates show it
dkim          a signature over headers and body, where there is a key
quoting       quoted-printable pieces that can be joined
messages      Sender, Recipient, headers: an e-mail as a byte template with placeholders
sentences     subject, preheader, summary: what no topic says alone
fragments     a topic rendered once, and the shell around topics with its placeholders
for_you       what is put forward for one reader: a block that fills a placeholder
renderer      Renderer.render_issue(issue) -> RenderedIssue.edition(...) -> RenderedEdition.message(...)
transactional  e-mails to one reader, such as the confirmation
checks        what is wrong with a whole e-mail, read as its reader gets it; which of an issue's are checked

Cost grows with topics: a topic is rendered once for each level (tens of milliseconds), an edition is a
join of its topics' pieces (microseconds), and one subscriber's e-mail fills the edition's placeholders.
"""

from service.emails.dkim import DkimSigner, KeyUnusable, dkim_signer
from service.emails.for_you import ForYou
from service.emails.levels import Level
from service.emails.messages import HTML_LIMIT, Recipient, Sender
from service.emails.renderer import EmptyEdition, RenderedEdition, RenderedIssue, Renderer

__all__ = [
    "HTML_LIMIT",
    "DkimSigner",
    "EmptyEdition",
    "ForYou",
    "KeyUnusable",
    "Level",
    "Recipient",
    "RenderedEdition",
    "RenderedIssue",
    "Renderer",
    "Sender",
    "dkim_signer",
]
