"""What the older tool gave every pod, written into the file where today's defaults are others."""

from __future__ import annotations

from typing import Any

from mops.edit.migrate import old
from mops.edit.migrate.draft import ADDED, DIFFERS, KEPT, Change, Draft, Memory
from mops.model.layer import Path


def secrets_and_user(draft: Draft, base: Path) -> None:
    """The Secrets that pods read and the user that they ran as."""
    for role, sources in old.ENV_FROM.items():
        draft.want((*base, role, "envFrom"), sources)
        names = ", ".join(source["secretRef"]["name"] for source in sources)  # type: ignore[index]
        draft.note(
            ADDED, (*base, role, "envFrom"), f"the older tool always took variables from {names}"
        )
    draft.want((*base, "podSecurityContext"), old.USER)
    draft.note(
        ADDED,
        (*base, "podSecurityContext"),
        "pods ran as user and file system group 1000 (the default is 10001 now); the group was the image's own",
    )


def tolerations(draft: Draft, base: Path, given: list[Any] | None) -> None:
    """The tolerations of both pods."""
    for role in ("scheduler", "workers"):
        draft.want((*base, role, "tolerations"), old.TOLERATIONS if given is None else given)
        if given is None:
            draft.note(
                ADDED,
                (*base, role, "tolerations"),
                "the older tool tolerated the taint modelops.io/role=cpu:NoSchedule by itself",
            )


def pull_policy(draft: Draft, base: Path, role: str, image: str, spelled: Path) -> None:
    """The pull policy, which followed from the image."""
    if image.startswith(old.FORMER_ORGANISATION):
        found = draft.pair(*spelled)
        draft.note(
            KEPT,
            spelled,
            "the images moved from vsbuffalo to institutefordiseasemodeling; change the name unless you keep the old ones",
            found,
        )
    if not image.endswith(":latest"):
        draft.want((*base, role, "imagePullPolicy"), "IfNotPresent")
        draft.note(
            ADDED,
            (*base, role, "imagePullPolicy"),
            "an image that does not end in :latest was pulled IfNotPresent",
        )


def memory(draft: Draft, key: Path, limit_from: str, pod: str, processes: Any) -> None:
    """Keeps what the memory limit of a Dask process was, for the table."""
    if str(processes).isdigit() and int(processes) > 0:
        draft.memory = Memory(key, limit_from, pod, int(processes))


def always(draft: Draft) -> None:
    """What is different in every workspace."""
    draft.changes += [Change(what, DIFFERS, how) for what, how in old.DIFFERENCES]
