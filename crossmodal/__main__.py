"""Run the command as `python -m crossmodal`."""

from crossmodal.cli.main import main

main()
