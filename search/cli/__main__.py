"""`python -m search.cli`, where the command itself is not on the path."""

from search.cli import main

main()
