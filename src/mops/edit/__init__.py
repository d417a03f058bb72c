"""Changes of configuration files: one setting at a time, or from an older format."""
