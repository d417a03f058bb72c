"""Settings that Kubernetes accepts and that rarely do what their author wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mops.checks.finding import Check, Finding, Sight, variable
from mops.checks.rules import CHART_VARIABLES, REFERENCE
from mops.config.view import SCHEDULER, WORKERS, Group
from mops.model.layer import Path
from mops.schema.secrets import hidden, secret_name

# Tags that registries move from build to build.
_MOVING = frozenset({"latest", "main", "master", "dev", "develop", "edge", "nightly", "stable"})
# Names that a shell, but not Kubernetes, would find in every container.
_SHELL = frozenset({"PATH", "USER", "HOSTNAME", "PWD", "PYTHONPATH", "LD_LIBRARY_PATH"})
_SHELL_REFERENCE = re.compile(r"(?<!\$)\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


def moving_tag(sight: Sight) -> Iterator[Finding]:
    """Images whose tag does not stay with one build. The defaults are such images, and nobody has written those."""
    for path, image in _images(sight):
        name, tag, digest = parts(image)
        if digest or not (tag == "" or tag in _MOVING):
            continue
        which = f"the tag {tag}" if tag else "no tag, which means latest,"
        yield Finding(
            (path,),
            f"{name} has {which} and can change between two pods of one rollout",
            "write a tag that is never moved, or a digest",
        )


def tags_apart(sight: Sight) -> Iterator[Finding]:
    """A scheduler and workers from one place in a registry, but of different releases."""
    for group in sight.groups():
        paths = ((*SCHEDULER.path, "image"), (*group.path, "image"))
        first, second = (parts(sight.get(*path)) for path in paths)
        apart = first[1] != second[1] and not (first[2] or second[2])
        if (
            apart
            and first[0].rpartition("/")[0] == second[0].rpartition("/")[0]
            and any(map(sight.written, paths))
        ):
            yield Finding(
                paths,
                f"the scheduler image has the tag {first[1] or 'latest'} and the worker image {second[1] or 'latest'}",
                "Dask wants one version on both sides: write the same tag",
            )


def replicas_owned(sight: Sight) -> Iterator[Finding]:
    """A number of pods that an autoscaler decides."""
    path = (*WORKERS.path, "replicas")
    if sight.get("autoscaling", "enabled") and sight.written(path):
        low, high = sight.get("autoscaling", "minWorkers"), sight.get("autoscaling", "maxWorkers")
        yield Finding(
            (path,),
            f"{sight.get(*path)} replicas have no effect: autoscaling is on and keeps {low} to {high}",
            "set autoscaling.minWorkers, or turn autoscaling off",
        )


def references(sight: Sight) -> Iterator[Finding]:
    """References that stay text: of arguments and paths to no variable, and in the shell's notation."""
    for group in sight.pods():
        known = set(sight.names(group)) | CHART_VARIABLES
        open_ended = bool(sight.get(*group.path, "envFrom"))
        for path, text in _expanded(sight, group):
            for wanted in dict.fromkeys(REFERENCE.findall(text.replace("$$", ""))):
                if wanted not in known and not open_ended:
                    yield Finding(
                        (path,),
                        f"$({wanted}) names no variable of this container",
                        "write $$ for a plain $",
                    )
        for name, text in sight.texts(group).items():
            for braced, bare in _SHELL_REFERENCE.findall(text):
                wanted = braced or bare
                if wanted in known | _SHELL:
                    where = "" if wanted in known else f", where {wanted} is among these variables"
                    yield Finding(
                        (variable(group, name),),
                        f"{'${' + braced + '}' if braced else '$' + bare} stays text: no shell reads it",
                        f"Kubernetes expands $({wanted}){where}",
                    )


def plain_secret(sight: Sight) -> Iterator[Finding]:
    """Credentials among the values, which everybody can read who can read the release."""
    for path, stack in sight.config.stacks.items():
        value = stack[-1].value
        if (
            value is None
            or not sight.written(path)
            or not hidden(sight.schema, path, _without_references(value))
        ):
            continue
        if "env" in path[:-1]:
            looks = (
                "is a secret by its name" if secret_name(path[-1]) else "looks like a credential"
            )
            yield Finding(
                (path,),
                f"this {looks}, and all can read it in the values, the release and the pod",
                "keep it in a Secret and name that here: valueFrom.secretKeyRef",
            )
        else:
            yield Finding(
                (path,),
                "this looks like a credential, and all can read it in the values and the release",
                "keep it in a Secret",
            )


CHECKS = (
    Check(
        "image-tag",
        "an image without a tag, or with one that is moved from build to build",
        moving_tag,
    ),
    Check(
        "image-versions", "scheduler and worker images of one place with different tags", tags_apart
    ),
    Check(
        "replicas-owned", "a number of worker pods while an autoscaler decides it", replicas_owned
    ),
    Check("reference", "a $(NAME) or ${NAME} that stays text", references),
    Check("secret", "a credential written out instead of referred to", plain_secret),
)


def parts(image: str) -> tuple[str, str, str]:
    """An image's name, tag and digest; "" where it has none."""
    name, _, digest = image.partition("@")
    folder, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return f"{folder}{slash}{last}", tag, digest


def _images(sight: Sight) -> Iterator[tuple[Path, str]]:
    """Every image that a layer above the defaults has written."""
    for group in sight.pods():
        path = (*group.path, "image")
        if sight.written(path):
            yield path, sight.get(*path)
        for kind in ("initContainers", "sidecars"):
            for entry in sight.get(*group.path, kind) or ():
                yield (*group.path, kind), entry["image"]


def _expanded(sight: Sight, group: Group) -> Iterator[tuple[Path, str]]:
    """The texts besides variables in which Kubernetes expands $(NAME)."""
    for text in sight.get(*group.path, "extraArgs") or ():
        yield (*group.path, "extraArgs"), text
    for mount in sight.get(*group.path, "volumeMounts") or ():
        yield (*group.path, "volumeMounts"), mount.get("subPathExpr", "")


def _without_references(value: Any) -> Any:
    """Text without its $(NAME)s, which may stand where a secret would."""
    return REFERENCE.sub("", value) if isinstance(value, str) else value
