"""The file of known findings: keyed fingerprints, read, written and compared; docs/baseline.md describes it."""
