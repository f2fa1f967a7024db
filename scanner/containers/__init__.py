"""Files that hold files: bytes in, members out, within a budget; nothing is written, no header believed (pure)."""
