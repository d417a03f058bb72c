"""Committed files that are generated from the schema, and the file that `mops init` writes."""
