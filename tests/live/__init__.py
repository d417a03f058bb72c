"""The commands on a live workspace, against a real API server."""
