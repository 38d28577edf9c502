"""Numbers as people say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta


def ago(age: timedelta) -> str:
    """Age in the largest unit of which it has more than one.

    Examples
    --------
    >>> from datetime import timedelta
    >>> ago(timedelta(hours=30)), ago(timedelta(days=3)), ago(timedelta(seconds=4))
    ('30 hours ago', '3 days ago', 'just now')
    """
    minutes = int(age.total_seconds()) // 60
    for unit, length in (("days", 24 * 60), ("hours", 60), ("minutes", 1)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit} ago"
    return "just now"


def size(count: int) -> str:
    """Bytes in the largest unit of which there is at least one.

    Examples
    --------
    >>> size(512), size(1536), size(3 << 30)
    ('512 bytes', '1.5 KiB', '3.0 GiB')
    """
    for unit, length in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= length:
            return f"{count / length:,.1f} {unit}"
    return f"{count} bytes"
