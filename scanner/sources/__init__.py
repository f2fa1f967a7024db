"""IN: the only rooms that read what is scanned."""
