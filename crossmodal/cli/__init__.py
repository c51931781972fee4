"""The `crossmodal` command: one module per group of subcommands."""
