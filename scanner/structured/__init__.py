"""Files whose structure tells what a value is: bytes in, lines that say so out, each with its place (pure)."""
