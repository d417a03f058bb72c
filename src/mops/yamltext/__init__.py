"""YAML as text: nodes with their positions, an outline for edits, and the writer."""

# Importing any module of this package imports PyYAML here first.
from mops.yamltext import pyyaml as _pyyaml  # noqa: F401
