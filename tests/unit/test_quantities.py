from __future__ import annotations

import pytest

from mops.model.quantities import human, memory_bytes, millicpu


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1", 1),
        ("128974848", 128974848),
        ("1Ki", 1024),
        ("1k", 1000),
        ("512Mi", 512 << 20),
        ("512M", 512 * 10**6),
        ("4Gi", 4 << 30),
        ("4G", 4 * 10**9),
        ("1.5Gi", 3 << 29),
        ("2Ti", 2 << 40),
        ("1T", 10**12),
        ("0.5Gi", 1 << 29),
        ("1e3", 1000),
        ("129e6", 129 * 10**6),
        ("1.5E3", 1500),
        ("1E10", 10**10),
    ],
)
def test_memory_bytes(text, size):
    assert memory_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "milli"),
    [
        ("1", 1000),
        ("0.5", 500),
        ("500m", 500),
        ("2", 2000),
        ("0.1", 100),
        ("1.25", 1250),
        ("0.001", 1),
        ("16", 16000),
        ("3.5", 3500),
    ],
)
def test_millicpu(text, milli):
    assert millicpu(text) == milli


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1Ki"),
        (1536, "1.5Ki"),
        (1920 << 20, "1.88Gi"),
        (64 << 20, "64Mi"),
        (4 << 30, "4Gi"),
        (10 << 30, "10Gi"),
        (1 << 40, "1Ti"),
    ],
)
def test_human(size, text):
    assert human(size) == text
