"""Run the command with `python -m crossmodal`, where `crossmodal` is not on the path."""

from crossmodal.cli.main import main

main()
