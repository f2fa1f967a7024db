"""THINK: text in, matches out. Pure: no disk, git, clock, environment, log or print."""
