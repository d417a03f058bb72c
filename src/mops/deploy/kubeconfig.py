"""Kubeconfig files: their contexts, and the one to use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from mops.model.layer import Value
from mops.model.problems import EnvironmentFailure, UsageError

IN_CLUSTER = "the cluster that this pod runs in"

# Variables that make helm use another cluster or user than those of the context.
_OVERRIDES = ("HELM_KUBEAPISERVER", "HELM_KUBEASUSER", "HELM_KUBETOKEN")


class Kubeconfig(NamedTuple):
    """The contexts of the kubeconfig files with each one's server, and the current context."""

    current: str
    servers: Mapping[str, str]


def read_kubeconfig(environ: Mapping[str, str]) -> Kubeconfig:
    """The contexts in $KUBECONFIG, or else ~/.kube/config; the first file that sets something wins.

    Missing files are ignored, as kubectl does. Raises EnvironmentFailure if one is unreadable or
    invalid.
    """
    current = ""
    clusters: dict[str, str] = {}
    servers: dict[str, str] = {}
    for name in _file_names(environ):
        found = _read(name)
        current = current or str(found.get("current-context") or "")
        for context, content in _entries(found, "contexts", "context"):
            clusters.setdefault(context, str(content.get("cluster")))
        for cluster, content in _entries(found, "clusters", "cluster"):
            servers.setdefault(cluster, str(content.get("server", "")))
    return Kubeconfig(
        current, {context: servers.get(cluster, "") for context, cluster in clusters.items()}
    )


def _file_names(environ: Mapping[str, str]) -> list[str]:
    listed = environ.get("KUBECONFIG", "")
    if listed:
        return [name for name in listed.split(os.pathsep) if name]
    return [os.path.join(environ.get("HOME", ""), ".kube", "config")]


def _entries(
    found: Mapping[str, Value], section: str, kind: str
) -> list[tuple[str, Mapping[str, Value]]]:
    """The names and contents of a section's entries."""
    return [(str(entry["name"]), entry.get(kind) or {}) for entry in found.get(section) or ()]


def _read(name: str) -> dict[str, Value]:
    """A kubeconfig file; {} if there is none."""
    import yaml

    try:
        with open(name, encoding="utf-8") as file:
            found: Value = yaml.load(file, Loader=yaml.CSafeLoader) or {}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise EnvironmentFailure(f"{name}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        found = None
    if not _is_kubeconfig(found):
        raise EnvironmentFailure(f"{name}: not a valid kubeconfig")
    return dict(found)


def _is_kubeconfig(found: object) -> bool:
    """Whether the sections that are read have the expected form."""
    if not isinstance(found, dict):
        return False
    entries: list[Value] = []
    for section in ("contexts", "clusters"):
        listed = found.get(section) or []
        if not isinstance(listed, list):
            return False
        entries += listed
    return all(isinstance(entry, dict) and "name" in entry for entry in entries)


def choose_context(config: Kubeconfig, asked: str, environ: Mapping[str, str]) -> str:
    """The context to use: `asked`, else helm's own variable, else the current one.

    "" stands for the cluster that mops itself runs in. Raises UsageError for an unknown context and
    for variables that override the context, EnvironmentFailure if no cluster is configured.
    """
    for name in _OVERRIDES:
        if environ.get(name):
            raise UsageError(f"{name} overrides the kubeconfig context; unset it")
    context = asked or environ.get("HELM_KUBECONTEXT", "") or config.current
    if context in config.servers:
        return context
    if context:
        known = ", ".join(sorted(config.servers)) or "none"
        raise UsageError(f"context {context} not found in the kubeconfig (available: {known})")
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return ""
    files = environ.get("KUBECONFIG") or "~/.kube/config"
    raise EnvironmentFailure(f"no cluster is configured: no current context in {files}")
