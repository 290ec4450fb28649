"""Setting up: what a new installation is asked, and the private file that the answers go into.

questions   what is asked, with what is suggested, and what follows from the answers; the topics on offer
env_file    .env: read, kept while it is answered, and replaced
trying      whether the mailer can be used, tried without sending anything
"""
