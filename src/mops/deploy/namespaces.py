"""The namespace of a workspace."""

from __future__ import annotations

from collections.abc import Callable

from mops.deploy.kube import Kube

_LABELS = "pod-security.kubernetes.io/"
# The Pod Security level that a new namespace enforces, warns about and audits:
# https://kubernetes.io/docs/concepts/security/pod-security-standards/.
POD_SECURITY = {f"{_LABELS}{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def ensure_namespace(client: Kube, name: str, say: Callable[[str], None]) -> None:
    """Creates the namespace with Pod Security labels; one that exists is left unchanged."""
    found = client.namespace(name)
    if found is None:
        client.create_namespace(name, POD_SECURITY)
        say(f'created namespace {name}; it admits only "restricted" pods (Pod Security Standards)')
    elif found:
        labels = found["metadata"].get("labels") or {}
        if not any(label.startswith(_LABELS) for label in labels):
            say(f"namespace {name} already exists without Pod Security labels; left unchanged")
