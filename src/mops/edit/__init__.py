"""Changing configuration files: one setting at a time, or migration from an older format."""
