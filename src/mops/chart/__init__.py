"""The config as Helm values, and values as manifests through helm and the bundled chart."""
