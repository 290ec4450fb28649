"""The readers' pages, in reading order.

app           make_app(service): puts the pages together, and what holds for every one of them
archive         what the public may see: approved issues, and every query of the public pages
site          what every page knows, and how a template becomes an answer
public        home, issues, briefs, topics and papers as pages, and a brief as JSON
markdown      a brief as Markdown: every value of a template is escaped
reading_group a calendar with each week's papers to start with
calendars       events as an iCalendar file
feeds         Atom and JSON Feed, of everything and of each topic
search        sentences and papers by their words: a page, JSON, and feeds of what is new for a question
web_view      "view in browser": the very edition that a subscriber got
admin         the pages of admins, with sign-in of their own
headers       how long half a request is waited for; security headers, HEAD, limits on what is sent here, and
              the one log line of a request
health        whether the process lives, and whether it can answer
"""
