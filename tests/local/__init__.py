"""The workspace on this machine, with real Dask processes."""
