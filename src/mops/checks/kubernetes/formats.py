"""Formats of strings that Kubernetes refuses or accepts, from its own validation code.

The sources are k8s.io/apimachinery/pkg/util/validation and k8s.io/kubernetes/pkg/apis/core.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_SEARCH_LABEL = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_SYSCTL_SEGMENT = r"[a-z0-9]([-_a-z0-9]*[a-z0-9])?"

# The longest names: of a DNS label and a label's value, of a DNS subdomain, of a port.
SHORT, LONG, PORT = 63, 253, 15


class Format(NamedTuple):
    """What a string must be, in words, and the function that tells whether one is."""

    expected: str
    accepts: Callable[[str], bool]


def _matches(pattern: str, most: int, text: str) -> bool:
    return len(text) <= most and re.fullmatch(pattern, text) is not None


def _format(expected: str, pattern: str, most: int = 2**31) -> Format:
    return Format(expected, partial(_matches, pattern, most))


def _qualified(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    if slash and not _matches(_SUBDOMAIN, LONG, prefix):
        return False
    return _matches(_NAME, SHORT, name)


def _port_name(text: str) -> bool:
    return (
        _matches(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", PORT, text)
        and any(char.isalpha() for char in text)
        and "--" not in text
    )


def _printable(text: str) -> bool:
    return bool(text) and all(" " <= char <= "~" and char != "=" for char in text)


def no_backsteps(text: str) -> bool:
    """Whether no element of a path is `..`."""
    return ".." not in text.split("/")


def _descending(text: str) -> bool:
    return not text.startswith("/") and no_backsteps(text)


def _local(text: str) -> bool:
    return _descending(text) and not text.startswith("..")


def _search(text: str) -> bool:
    pattern = rf"{_SEARCH_LABEL}(\.{_SEARCH_LABEL})*"
    return text == "." or _matches(pattern, LONG, text.removesuffix("."))


def _ip(text: str) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return getattr(address, "ipv4_mapped", None) is None


def _cidr(text: str) -> bool:
    import ipaddress

    address, slash, length = text.partition("/")
    if not slash or not re.fullmatch(r"0|[1-9][0-9]*", length) or not _ip(address):
        return False
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _signer(text: str) -> bool:
    domain, _, name = text.partition("/")
    labels = domain.split(".")
    return (
        len(labels) > 1
        and len(domain) <= LONG
        and all(_matches(_LABEL, SHORT, label) for label in labels)
        and all(_matches(_LABEL, LONG, label) for label in name.split("."))
    )


def _config_key(text: str) -> bool:
    return _matches(r"[-._a-zA-Z0-9]+", LONG, text) and text != "." and not text.startswith("..")


def _medium(text: str) -> bool:
    return re.fullmatch(r"|Memory|HugePages(-[0-9]+[KMG]i)?", text) is not None


def _wwn(text: str) -> bool:
    """An iSCSI name; Kubernetes looks for the first pattern anywhere in it."""
    if text.startswith("iqn"):
        found = re.search(r"iqn\.\d{4}-\d{2}\.[a-zA-Z0-9.-]+:[^,;*&$|\s]+\Z", text, re.ASCII)
        return found is not None
    return re.fullmatch(r"eui.[0-9A-Za-z]{16}|naa.[0-9A-Za-z]{32}", text) is not None


DNS_LABEL = _format(
    'a DNS-1123 label (lowercase letters, digits and "-", at most 63)', _LABEL, SHORT
)
SUBDOMAIN = _format(
    'the name of a Kubernetes object (lowercase letters, digits, "-" and ".", at most 253)',
    _SUBDOMAIN,
    LONG,
)
HOST_NAME = _format("a host name such as registry.example.com", _SUBDOMAIN, LONG)
QUALIFIED_NAME = Format('a Kubernetes label key such as "team" or "example.com/team"', _qualified)
LABEL_VALUE = _format(
    'a Kubernetes label value (at most 63 letters, digits, "-", "_" and ".", starting and ending '
    "with a letter or digit)",
    rf"({_NAME})?",
    SHORT,
)
PORT_NAME = Format(
    'a port name (at most 15 lowercase letters, digits and "-", with at least one letter)',
    _port_name,
)
ENV_NAME = _format(
    'an environment variable name (letters, digits, "-", "_" and ".", not starting with a digit)',
    r"(?!\.\.?\Z|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*",
)
PRINTABLE_NAME = Format(
    'an environment variable name (printable ASCII characters except "=")', _printable
)
CONFIG_KEY = Format(
    'a key of a Secret or ConfigMap (letters, digits, "-", "_" and ".", at most 253)', _config_key
)
HTTP_HEADER = _format('the name of an HTTP header (letters, digits and "-")', r"[-A-Za-z0-9]+")
SYSCTL = _format(
    "the name of a sysctl such as net.core.somaxconn",
    rf"({_SYSCTL_SEGMENT}[./])*{_SYSCTL_SEGMENT}",
    LONG,
)
DRIVER = _format(
    "the name of a CSI driver such as file.csi.azure.com",
    rf"(?i:{_SUBDOMAIN})",
    SHORT,
)
SEARCH = Format("a DNS search domain such as example.com", _search)
IP = Format("an IP address such as 10.0.0.1 or fd00::1", _ip)
CIDR = Format("a network such as 10.0.0.0/8, with no bits set beyond its prefix length", _cidr)
SIGNER = Format("the name of a signer such as example.com/signer", _signer)
MEDIUM = Format('"", Memory, HugePages or HugePages-2Mi', _medium)
ISCSI_NAME = Format("an iSCSI name such as iqn.2001-04.com.example:storage", _wwn)
NO_BACKSTEPS = Format('a path without ".."', no_backsteps)
DESCENDING = Format('a relative path without ".."', _descending)
LOCAL = Format('a relative path without ".." that does not start with ".."', _local)
ABSOLUTE = Format("an absolute path", lambda text: text.startswith("/"))
VERSION = Format("v1", "v1".__eq__)
