"""The schema of the settings: its fields and keywords, and statements read into typed leaves."""
