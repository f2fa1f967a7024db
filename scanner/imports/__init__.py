"""What other tools wrote -> records of known findings, lines for the ignore file, rules: facts of their formats."""
