"""Files, environment and command line to layers, and layers to one config."""
