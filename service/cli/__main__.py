"""`python -m service.cli`, for where the `brief` command is not on the path."""

from service.cli import main

main()
