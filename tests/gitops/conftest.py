"""Fixtures of other suites: a cluster, and a machine with the tools that the docs mention."""

from cluster.conftest import cluster
from docs.test_blocks import machine

__all__ = ["cluster", "machine"]
