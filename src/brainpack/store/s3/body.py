"""What goes over the line: bytes in memory that tell how far they are, and can be stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from brainpack.progress import Progress

if TYPE_CHECKING:
    from brainpack.progress import Listener

# The HTTP library asks for 16 KiB at a time and takes what it gets: fewer, larger pieces leave time for hashing.
_PIECE: Final = 1 << 20


class Stopped(Exception):  # noqa: N818 - it is no error, and never leaves this package
    """Sending was stopped from our side."""


class Meter:
    """Bytes sent of one object by all threads together.

    A listener that raises stops all of them; its exception waits here, as the HTTP library would hide it.
    """

    def __init__(self, what: str, total: int, listener: Listener | None) -> None:
        self._what = what
        self._total = total
        self._listener = listener
        self._done = 0
        self._lock = threading.Lock()
        self._is_stopped = False
        self._reason: BaseException | None = None

    def move(self, count: int) -> None:
        """Count bytes, negative where they will be sent again."""
        with self._lock:
            if self._is_stopped:
                raise Stopped
            self._done += count
            try:
                if self._listener is not None:
                    self._listener(Progress(self._what, self._done, self._total))
            except BaseException as reason:
                self._is_stopped, self._reason = True, reason
                raise Stopped from reason

    def stop(self) -> None:
        """Let every thread that is sending end at its next piece."""
        self._is_stopped = True

    def raise_reason(self) -> None:
        """Raise what the listener raised, if it did."""
        if self._reason is not None:
            raise self._reason


class Body:
    """A file-like object over a buffer that must not change until the request is answered."""

    def __init__(self, data: memoryview, meter: Meter) -> None:
        self._data = data
        self._meter = meter
        self._position = 0

    def __len__(self) -> int:
        return len(self._data)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._position, len(self._data))[whence]
        self._move(start + offset)
        return self._position

    def read(self, size: int | None = -1) -> memoryview | bytes:
        """The next piece, larger than was asked for; everything if no size is given."""
        stop = len(self._data) if size is None or size < 0 else self._position + max(size, _PIECE)
        piece = self._data[self._position : stop]
        self._move(self._position + len(piece))
        return piece or b""

    def _move(self, position: int) -> None:
        self._meter.move(position - self._position)
        self._position = position
