"""`make walkthrough`: the README's way from `git clone` to an approved issue of own topics in 30 inboxes.

__main__    what it needs, the chapters one after another, and the report
lab         the world around the newsletter: the checkout, a mirror of arXiv, an SMTP server with inboxes
setting_up  at the terminal: clone, install, `brief init`
editing     at the admin pages: topics, people, the issue, its approval
joining     readers on a phone: the invitation, the e-mail, the choices; what they read afterwards
looking     every page that is passed, at two widths, light and dark: axe-core, nothing wide, nothing cut
pictures    docs/pictures, of the demo's invented papers

The papers are real, from a mirror beside the project whose days are moved to the last two weeks. None of
their words are kept, and no picture shows them.
"""
