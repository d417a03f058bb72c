"""YAML as text: nodes that know their place, an outline to edit by, and one writer."""

# Whoever imports a module of this package gets PyYAML from here first.
from mops.yamltext import pyyaml as _pyyaml  # noqa: F401
