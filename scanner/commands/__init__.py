"""One module per subject, one function per subcommand: build the rooms, connect them, return the exit code."""
