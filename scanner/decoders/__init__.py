"""Text that hides in text: bytes in, a layer with what they say and where it came from out (pure)."""
