"""The config as Helm values, and the values as manifests, through helm and the bundled chart."""
