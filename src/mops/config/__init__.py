"""From files, environment and command line to layers, and from layers to one config."""
