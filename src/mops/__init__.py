"""Layered configuration for Dask on Kubernetes: from files, variables and flags to Helm values."""

__version__ = "0.1.0"
