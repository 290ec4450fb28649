"""What an operator does with the database as a whole.

builds   a build that an editor begins on a page
rechecks  what a language model says of facts in an editor's words, asked behind the page
backup_folder  backups by schedule, and which are kept
backups  SQLite: copied while everything runs, verified, restored so that nothing is sent twice
search   the search index follows what is approved, and is asked
moving   everything from SQLite to PostgreSQL, compared row by row
"""
