"""The command line: subcommand -> one function of `apps`; errors -> one line and an exit status. Start with `main.py`."""
