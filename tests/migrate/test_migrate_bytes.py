"""200 generated files through migrate: comments, order and all unrelated bytes stay."""

from __future__ import annotations

from random import Random

import pytest

from migrate.commented import old_unified, old_workspace
from mops.config.dialects import read
from mops.edit.migrate import migrate
from mops.schema.fields import load_schema
from mops.yamltext.offsets import BREAK

SEEDS = range(100)


def subsequence(part: list[str], whole: list[str]) -> str | None:
    """The first of `part` that is not in `whole` behind the one before; None where all are."""
    left = iter(whole)
    return next((entry for entry in part if entry not in left), None)


@pytest.mark.parametrize("author", [old_unified, old_workspace])
@pytest.mark.parametrize("seed", SEEDS)
def test_only_what_is_meant_changes(author, seed: int) -> None:
    written = author(Random(seed))
    (done,) = migrate([("f.yaml", written.text)], load_schema())
    assert done.text != written.text
    result = done.text.removeprefix("\ufeff")
    assert done.text.startswith("\ufeff") == written.text.startswith("\ufeff")
    assert ("\r\n" in result) == ("\r\n" in written.text)
    assert "\n" not in result.replace("\r\n", "") or "\r\n" not in result
    lines = BREAK.split(result)
    assert subsequence(written.fixed, lines) is None
    assert (
        subsequence(
            written.comments,
            [text for line in lines for text in written.comments if line.endswith(text)],
        )
        is None
    )
    assert read(result, "f.yaml", load_schema()).problems == []
    (again,) = migrate([("f.yaml", done.text)], load_schema())
    assert again.text == done.text
