"""Objects for Argo CD and Flux, their lints, and fleets of workspaces."""
