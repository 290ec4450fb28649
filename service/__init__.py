"""The arXiv Education Brief, in reading order.

pipeline     build_issue() and publish_issue(): the path in one screen
admins       who may open the admin pages, and how long a session lasts
papers       which papers count for a topic's window, ranked, with the reason
briefs       one topic's window in words: model, handles, gates, writers, measures
issues       one window's briefs over all topics; editions; what is shown at which length
editing      what editors change by hand, through the same gates
emails       topic fragments -> edition -> e-mail: HTML, plaintext, headers, size budget
delivery     outcomes and the ledger's rules
publishing   one process's part in delivering an issue
archive      tables of papers, briefs, issues and deliveries, and every query on them
adapters     arXiv, the mailers, the language model
settings     what the environment says
worker       does what is due, on as many machines as wanted
approvals    asks the admins to look at an issue and let it go
wiring       picks the real adapters; nothing else does
doctor       is everything in order?
backups      a copy of everything, and back, without sending anything twice
logs         log lines: JSON, ids, and never an address
web          the readers' pages: archive, join, manage, leave
cli          the command line
"""

__version__ = "0.1.0"
