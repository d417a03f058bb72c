"""Live workspaces: releases, the Kubernetes API, drift, plans, and processes on this machine."""
