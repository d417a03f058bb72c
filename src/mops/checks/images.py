"""Images with tags that do not identify a build, and images of different versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mops.checks.rule import WARNING, Finding, Rule
from mops.config.view import SCHEDULER, View
from mops.model.layer import Path

# Tags that registries move from build to build.
_MOVING = frozenset({"latest", "main", "master", "dev", "develop", "edge", "nightly", "stable"})


class Image(NamedTuple):
    """The parts of an image reference; a missing tag or digest is ""."""

    name: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        """The name without its last part: the registry and the path in it."""
        return self.name.rpartition("/")[0]


def parse(reference: str) -> Image:
    """The parts of an image reference that the schema accepts."""
    name, _, digest = reference.partition("@")
    # A registry may have a port, so a colon starts a tag only in the last part.
    start, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return Image(f"{start}{slash}{last}", tag, digest)


def moving_tags(view: View) -> Iterator[Finding]:
    for path, reference in _written_images(view):
        image = parse(reference)
        if image.digest or (image.tag and image.tag not in _MOVING):
            continue
        which = f"the tag {image.tag}" if image.tag else "no tag, which means latest,"
        yield Finding(
            (path,),
            f"{image.name} has {which} and can change between two pods of one rollout",
            "use a tag that never moves, or a digest",
        )


def different_versions(view: View) -> Iterator[Finding]:
    for group in view.groups:
        paths = (SCHEDULER.at("image"), group.at("image"))
        scheduler, worker = (parse(view.value(path)) for path in paths)
        comparable = scheduler.repository == worker.repository
        pinned = scheduler.digest or worker.digest
        if scheduler.tag == worker.tag or pinned or not comparable:
            continue
        if any(map(view.written, paths)):
            yield Finding(
                paths,
                f"the scheduler image has the tag {scheduler.tag or 'latest'} "
                f"and the worker image {worker.tag or 'latest'}",
                "Dask needs the same version on both sides: use the same tag",
            )


def _written_images(view: View) -> Iterator[tuple[Path, str]]:
    """The images that some layer sets. The defaults have moving tags, but nobody chose them."""
    for group in view.pods:
        path = group.at("image")
        if view.written(path):
            yield path, view.value(path)
        for kind in ("initContainers", "sidecars"):
            path = group.at(kind)
            for container in view.value(path) or ():
                yield path, container["image"]


RULES = (
    Rule(
        "image-tag",
        WARNING,
        "an image without a tag, or with one that moves from build to build",
        moving_tags,
    ),
    Rule(
        "image-versions",
        WARNING,
        "scheduler and worker images from one repository with different tags",
        different_versions,
    ),
)
