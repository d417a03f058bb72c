"""YAML as text: nodes that know their place, an outline to edit by, and one writer."""
