"""Fleets, manifests, and what Argo CD and Flux are given."""
