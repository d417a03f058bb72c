"""Formats and quantities, as Kubernetes' own validation code has them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mops.checks.kubernetes import formats
from mops.checks.kubernetes.quantities import amount

GOOD = {
    "DNS_LABEL": ["a", "a-1", "1", "x" * 63],
    "SUBDOMAIN": ["a", "a.b-c", "1.2", ".".join(["x" * 62] * 4)],
    "QUALIFIED_NAME": ["a", "A_b.c", "a.b/C", f"{'x' * 253}/a"],
    "LABEL_VALUE": ["", "a", "A.b_c-1", "x" * 63],
    "PORT_NAME": ["a", "http", "a-1", "1a", "x" * 15],
    "ENV_NAME": ["A", "_a.b-c", ".a", "-"],
    "PRINTABLE_NAME": ["A", "a b", "1", "!", ".."],
    "CONFIG_KEY": ["a", "A.b_c-1", ".a", "x" * 253],
    "HTTP_HEADER": ["X-Header", "accept", "1"],
    "SYSCTL": ["net.core.somaxconn", "a/b", "net.ipv4.conf/eth0.arp"],
    "DRIVER": ["file.csi.azure.com", "EBS.csi.aws.com"],
    "SEARCH": [".", "a.b", "a.b.", "_x.y"],
    "IP": ["10.0.0.1", "fd00::1", "::"],
    "CIDR": ["10.0.0.0/8", "0.0.0.0/0", "fd00::/64", "1.2.3.4/32"],
    "SIGNER": ["example.com/signer", "a.b/c.d"],
    "MEDIUM": ["", "Memory", "HugePages", "HugePages-2Mi"],
    "ISCSI_NAME": ["iqn.2001-04.com.example:a", "eui.0123456789abcdef", f"naa.{'0' * 32}"],
    "NO_BACKSTEPS": ["/a/b", "a..b", "..a", ""],
    "DESCENDING": ["a/b", "..a", "", "."],
    "LOCAL": ["a/b", ".a", "a..b"],
    "ABSOLUTE": ["/", "/a"],
    "VERSION": ["v1"],
}
BAD = {
    "DNS_LABEL": ["", "A", "a.b", "-a", "a-", "x" * 64, "a\n"],
    "SUBDOMAIN": ["", "A", "a..b", ".a", "a.-b", ".".join(["x" * 63] * 4)],
    "QUALIFIED_NAME": ["", "/a", "a/", "a/b/c", "A/b", "a b", "x" * 64, f"{'x' * 254}/a"],
    "LABEL_VALUE": ["-a", "a-", "a b", "x" * 64, "a/b"],
    "PORT_NAME": ["", "80", "A", "a--b", "-a", "a-", "x" * 16, "a_b"],
    "ENV_NAME": ["", "1A", "A B", "A=B", ".", "..", "..a"],
    "PRINTABLE_NAME": ["", "A=B", "é", "a\n"],
    "CONFIG_KEY": ["", "a b", ".", "..", "..a", "x" * 254],
    "HTTP_HEADER": ["", "X Header", "X_H", "é"],
    "SYSCTL": ["", "A", ".a", "a..b", "x" * 254],
    "DRIVER": ["", "a_b", "x" * 64],
    "SEARCH": ["", "a b", "a..b", "-a"],
    "IP": ["", "10.0.0.256", "010.0.0.1", "::ffff:1.2.3.4", "10.0.0.0/8", "a"],
    "CIDR": ["", "10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "::ffff:1.2.3.0/120"],
    "SIGNER": ["", "a", "a/b", "a.b/c/d", "a.B/c", "a.b/"],
    "MEDIUM": ["memory", "HugePages-2", "Disk"],
    "ISCSI_NAME": ["", "a", "iqn.2001.com:a", "eui.01", "naa.0"],
    "NO_BACKSTEPS": ["..", "a/../b", "../a"],
    "DESCENDING": ["/a", "../a", "a/.."],
    "LOCAL": ["/a", "..a", "a/../b", ".."],
    "ABSOLUTE": ["", "a", "./a"],
    "VERSION": ["", "v2", "apps/v1"],
}


def test_every_format_has_both() -> None:
    names = {name for name in vars(formats) if isinstance(vars(formats)[name], formats.Format)}
    assert names - {"HOST_NAME"} == set(GOOD) == set(BAD)


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in GOOD.items() for text in texts]
)
def test_accepted(name: str, text: str) -> None:
    assert getattr(formats, name).accepts(text)


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts]
)
def test_refused(name: str, text: str) -> None:
    assert not getattr(formats, name).accepts(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("1", 1),
        ("+1", 1),
        ("-1", -1),
        ("500m", Fraction(1, 2)),
        ("1.5", Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("1Ki", 1024),
        ("1.5Gi", 3 * 2**29),
        ("1k", 1000),
        ("1E", 10**18),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1e-3", Fraction(1, 1000)),
        ("2Ei", 2**61),
        ("1n", Fraction(1, 10**9)),
        ("7.040000G", 7040000000),
        ("100u", Fraction(1, 10**4)),
    ],
)
def test_amount(text: str, number: Fraction) -> None:
    assert amount(text) == number


@pytest.mark.parametrize("text", ["", ".", "Gi", "1K", "1 Gi", "8gb", "1ki", "0x1", "1e", "--1"])
def test_no_amount(text: str) -> None:
    assert amount(text) is None


def test_a_huge_exponent_takes_no_time() -> None:
    assert amount("1e99999999") == 10**1000
    assert amount(f"1e{'9' * 5000}") == 10**1000
    assert amount(f"1e-{'9' * 5000}") == Fraction(1, 10**1000)
    assert amount(f"{'0' * 5000}2.50") == Fraction(5, 2)
    assert amount("9" * 5000) == 10**1000 - 1
    assert amount(f"1.{'0' * 5000}") == 1
