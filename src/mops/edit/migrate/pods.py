"""What the older tool set on every pod, written into the file if the current defaults differ."""

from __future__ import annotations

from mops.edit.migrate import older_tool
from mops.edit.migrate.changes import ADDED, DIFFERS, KEPT, Change
from mops.edit.migrate.draft import Draft, OlderMemory
from mops.model.layer import Path, Value

_ROLES = ("scheduler", "workers")


def add_secrets_and_user(draft: Draft, base: Path) -> None:
    """Adds the Secrets that pods read, and the user as which they ran."""
    for role, secrets in older_tool.SECRETS.items():
        keys = (*base, role, "envFrom")
        draft.ensure(keys, [secret.env_from for secret in secrets])
        names = ", ".join(secret.name for secret in secrets)
        draft.note(ADDED, keys, f"the older tool always read variables from the Secrets {names}")
    keys = (*base, "podSecurityContext")
    draft.ensure(keys, older_tool.USER)
    why = (
        "pods ran with user and fsGroup 1000 (the default is now 10001);"
        " the group was the image's own"
    )
    draft.note(ADDED, keys, why)


def add_tolerations(draft: Draft, base: Path, given: list[Value] | None) -> None:
    """Adds the tolerations of all pods: those of the file, else the older tool's."""
    for role in _ROLES:
        keys = (*base, role, "tolerations")
        draft.ensure(keys, older_tool.TOLERATIONS if given is None else given)
        if given is None:
            why = "the older tool always tolerated the taint modelops.io/role=cpu:NoSchedule"
            draft.note(ADDED, keys, why)


def add_pull_policy(draft: Draft, section: Path, image: str, image_key: Path) -> None:
    """Adds the pull policy of a section's pods, which depended on their image."""
    if image.startswith(older_tool.FORMER_ORGANISATION):
        why = (
            "the images moved from vsbuffalo to institutefordiseasemodeling;"
            " change the name unless you keep the old ones"
        )
        draft.note(KEPT, image_key, why, draft.pair(*image_key))
    if not image.endswith(":latest"):
        keys = (*section, "imagePullPolicy")
        draft.ensure(keys, "IfNotPresent")
        draft.note(ADDED, keys, "an image that does not end in :latest was pulled IfNotPresent")


def remember_memory(
    draft: Draft, key: Path, *, limit_from: str, pod: str, processes: Value
) -> None:
    """Records, for the table, how the memory limit of a Dask process was computed."""
    if str(processes).isdigit() and int(processes) > 0:
        draft.memory = OlderMemory(key, limit_from, pod, int(processes))


def note_differences(draft: Draft) -> None:
    """Records what is different in every workspace."""
    for subject, how in older_tool.DIFFERENCES.items():
        draft.changes.append(Change(subject, DIFFERS, how))
