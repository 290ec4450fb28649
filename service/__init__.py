"""The arXiv Education Brief, in reading order.

pipeline     build_issue() and publish_issue(): the path in one screen
language     what a text says: TeX read once, sentences, phrases, word lists
admins       who may open the admin pages, and how long a session lasts
papers       which papers count for a topic's window, ranked, with the reason
briefs       one topic's window in words: model, handles, gates, writers, measures
issues       one window's briefs over all topics; editions; what is shown at which length
editing      what editors change by hand, through the same gates
emails       topic fragments -> edition -> e-mail: HTML, plaintext, headers, size budget
search       what can be found of an issue, by which words, and in which order
readers      a reader's own order of papers, by what they said of papers before
delivery     an approved issue to its audience: outcomes, policy, the run of one process
schedule     what is due, decided from the database's state and the clock alone
store      tables of papers, briefs, issues and deliveries, and every query on them
migrations   the versions of the database, one after the other
adapters     arXiv, the mailers, the language model
samples      invented papers and subscribers, for the demo and for tests
settings     what the environment says
logs         log lines: JSON, ids, and never an address
wiring       picks the real adapters; nothing else does
transactional  e-mails to one reader, such as the confirmation: queued, written, sent
setup  what a new installation is asked, its private .env, the mailer tried
issue_check  an issue's e-mails, checked before it may leave
approvals    asks the admins to look at an issue and let it go
scheduler    builds, asks and plans what is due, again and again
worker       delivers what is due, and builds what was queued, on as many machines as wanted
doctor       is everything in order?
endings      who has left, was deleted or suppressed since a backup was taken
operations   the database as a whole: a copy and back without sending anything twice; moved to PostgreSQL;
             the search index
web          the pages of readers (store, join, manage, leave) and of admins; webhooks, health, metrics
cli          the command line
"""

__version__ = "0.1.0"
