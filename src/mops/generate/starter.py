"""The commented file that `mops init` writes."""

from __future__ import annotations

import os

from mops.model.layer import Path
from mops.schema.fields import SettingsSchema

_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")

# The variables that people change first, each with the value that shows how it is written.
_VARIABLES = (
    ("MODELOPS_EXECUTOR_TYPE", "isolated_warm"),
    ("MODELOPS_FORCE_FRESH_VENV", '"false"'),
    ("MODELOPS_LOG_LEVEL", "INFO"),
    ("DASK_DISTRIBUTED__WORKER__MEMORY__TARGET", '"0.6"'),
    ("DASK_DISTRIBUTED__WORKER__MEMORY__SPILL", '"0.7"'),
    ("DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE", '"0.8"'),
)


def starter(schema: SettingsSchema, kind: str, schema_file: str) -> str:
    """The file of a kind (`unified` or `workspace`); its first line names `schema_file` for editors."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    def path(key: str) -> Path:
        return tuple(key.split("."))

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=False,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.globals["default"] = lambda key: schema.fields[path(key)].schema["default"]
    environment.globals["describe"] = lambda key: schema.fields[path(key)].description
    return environment.get_template(f"init-{kind}.yaml.j2").render(
        schema_file=schema_file, variables=_VARIABLES
    )
