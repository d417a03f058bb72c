"""The one schema: its fields, its draft-07 keywords, and the reading of nodes into typed leaves."""
