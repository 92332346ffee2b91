"""``python -m envizzy``."""

from envizzy.cli import main

main()
