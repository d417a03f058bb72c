"""Quantities of any resource as exact numbers, as resource.Quantity in apimachinery reads them."""

from __future__ import annotations

import re
from fractions import Fraction

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_QUANTITY = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+)|([a-zA-Z]*))")
# Larger exponents and more digits are of no use; they only take time, and Python refuses them.
_MOST_EXPONENT = 1000


def amount(quantity: str) -> Fraction | None:
    """The number that a quantity stands for; None if it is no quantity."""
    match = _QUANTITY.fullmatch(quantity)
    if match is None or not (match[2] or match[3]):
        return None
    sign, whole, decimals, exponent, suffix = match.groups()
    decimals = (decimals or "")[:_MOST_EXPONENT]
    whole = whole.lstrip("0")
    if len(whole) > _MOST_EXPONENT:
        whole = "9" * _MOST_EXPONENT
    number = Fraction(int(f"{whole}{decimals}" or "0"), 10 ** len(decimals))
    if sign == "-":
        number = -number
    if exponent is not None:
        return number * power_of_ten(_bounded(exponent))
    if suffix in _BINARY:
        return number * Fraction(2 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return number * power_of_ten(_DECIMAL[suffix])
    return None


def _bounded(exponent: str) -> int:
    digits = exponent.lstrip("+-").lstrip("0")
    size = _MOST_EXPONENT if len(digits) > len(str(_MOST_EXPONENT)) else int(digits or "0")
    return min(size, _MOST_EXPONENT) * (-1 if exponent.startswith("-") else 1)


def power_of_ten(exponent: int) -> Fraction:
    """Ten to the power of an exponent, which may be negative."""
    power: int = 10 ** abs(exponent)
    return Fraction(power) if exponent >= 0 else Fraction(1, power)
