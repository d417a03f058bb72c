"""The schema of the settings: its fields and keywords, and statements typed into leaves."""
