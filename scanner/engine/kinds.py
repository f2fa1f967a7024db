"""What a judged rule can look for; a kind is a feature of the judge."""

KINDS = ("password", "secret", "token", "key", "auth", "url", "basic", "header", "command", "call", "directive")
