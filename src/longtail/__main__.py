"""`python -m longtail` is the command line too."""

from longtail.cli import main

main()
