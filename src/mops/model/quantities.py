"""Kubernetes quantities as exact numbers.

The notation is that of resource.Quantity in Kubernetes' apimachinery. The chart rounds in the same
way.
"""

from __future__ import annotations

import re

_UNITS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?(?:[eE]([0-9]+)|([a-zA-Z]*))")


def memory_bytes(quantity: str) -> int:
    """The bytes in a memory quantity that the schema accepts, rounded down."""
    return _millibytes(quantity) // 1000


def process_share(limit: str, reserve: str, processes: int) -> int:
    """The bytes for each process of a pod: an equal share of limit - reserve, rounded down."""
    return (_millibytes(limit) - _millibytes(reserve)) // (1000 * processes)


def _millibytes(quantity: str) -> int:
    """A quantity in thousandths of a byte, rounded down."""
    whole, fraction, exponent, unit = _parts(quantity)
    factor: int = 10 ** int(exponent) if exponent else _UNITS[unit]
    return int(int(whole + fraction) * factor * 1000 // 10 ** len(fraction))


def millicpu(quantity: str) -> int:
    """The thousandths of a CPU in a CPU quantity that the schema accepts, rounded up."""
    whole, fraction, _, unit = _parts(quantity)
    return int(whole) if unit == "m" else -(-int(whole + fraction) * 1000 // 10 ** len(fraction))


def human(size: int) -> str:
    """Bytes for people, with at most two decimals: `64Mi`, `3.75Gi`."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if size >= _UNITS[unit]:
            amount = size / _UNITS[unit]
            return f"{amount:.2f}".rstrip("0").rstrip(".") + unit
    return f"{size} bytes"


def _parts(quantity: str) -> tuple[str, str, str, str]:
    """The digits before and after the decimal point, the exponent and the unit; "" if missing.

    Raises ValueError for anything else.
    """
    found = _NUMBER.fullmatch(quantity)
    if found is None:
        raise ValueError(quantity)
    whole, fraction, exponent, unit = found.groups()
    return whole, fraction or "", exponent or "", unit or ""
