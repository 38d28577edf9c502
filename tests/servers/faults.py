"""A line between client and server that a test can make fail: on a request of its choice, at a byte of its choice.

    with Proxy(ceph.port) as proxy:
        proxy.plan = once(Cut("down", at=NOTHING), when=lambda request: request.method == "POST")
        client = ceph.client(proxy.endpoint)

It knows as much of HTTP/1.1 as it needs to tell one request from the next. Towards the server every request has a
connection of its own.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Collection, Coroutine

PIECE = 1 << 16
NOTHING: Final = -1
UNTIL_THE_END: Final = -1

Direction = Literal["up", "down"]
# Where something happens: a whole number counts bytes of the body, a fraction is a share of it. `at=0` is between
# header and body, `at=NOTHING` before the header: nothing of a request, or of the response to it, gets through.
Place = int | float


@dataclass(frozen=True)
class _Somewhere:
    direction: Direction
    at: Place


class Cut(_Somewhere):
    """Reset both connections there."""


class Stall(_Somewhere):
    """Pass on nothing more from there, and keep the connections open."""


class Flip(_Somewhere):
    """Change the byte there, and nothing else."""


@dataclass(frozen=True)
class Truncate:
    """End the response there, in the way of a server that has sent all of it."""

    at: Place
    direction: Direction = field(default="down", init=False)


@dataclass(frozen=True)
class Delay:
    """Wait before the request is passed on."""

    seconds: float


@dataclass(frozen=True)
class Limit:
    """Pass on that many bytes in a second, each way."""

    rate: float


@dataclass(frozen=True)
class Answer:
    """Answer in place of the server, which does not see the request."""

    status: int = 503
    code: str = "SlowDown"


Fault = Cut | Stall | Truncate | Flip | Delay | Limit | Answer


@dataclass(frozen=True)
class Message:
    """A request or a response, as far as its header."""

    raw: bytes
    first_line: tuple[str, ...]
    headers: dict[str, str]

    @classmethod
    async def read(cls, source: StreamReader) -> Message:
        raw = await source.readuntil(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").splitlines()
        pairs = (line.partition(":") for line in lines if line)
        return cls(raw, tuple(first.split(" ", 2)), {name.lower(): value.strip() for name, _, value in pairs})

    @property
    def method(self) -> str:
        return self.first_line[0]

    @property
    def target(self) -> str:
        """Path and query of a request."""
        return self.first_line[1]

    @property
    def status(self) -> int:
        return int(self.first_line[1])

    @property
    def is_chunked(self) -> bool:
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def expects_continue(self) -> bool:
        return self.headers.get("expect", "").lower() == "100-continue"

    @property
    def gets_object(self) -> bool:
        """Whether an object is asked for, and not a list or something else that is told in XML."""
        parts = urlsplit(self.target)
        names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        return self.method == "GET" and parts.path.count("/") > 1 and names <= {"partNumber", "versionId", "x-id"}

    def length(self, request: Message | None = None) -> int:
        """Bytes of the body, if the header tells; of a response, if the request is given."""
        if request is not None and (request.method == "HEAD" or self.status in {204, 304}):
            return 0
        if self.is_chunked:
            return UNTIL_THE_END
        return int(self.headers.get("content-length", 0 if request is None else UNTIL_THE_END))


Plan = Callable[[Message], Fault | None]
Send = Callable[[bytes], Awaitable[None]]


def always(fault: Fault) -> Plan:
    """Give every request the fault."""
    return lambda _: fault


def once(*faults: Fault, when: Callable[[Message], bool] = lambda _: True) -> Plan:
    """Give the faults to the next requests, one each, counting only requests of which `when` is true."""
    left = list(faults)
    return lambda request: left.pop(0) if left and when(request) else None


class Random:
    """Let a share of the requests fail, each in one way of `KINDS`.

    What happens to the n-th request depends on the seed alone; which request is the n-th, on the client. Bytes of the
    response are changed in objects only: nothing that S3 has could tell that a list is not the one that was sent.
    """

    KINDS = ("answer", "cut", "truncate", "flip up", "flip down")

    def __init__(self, seed: int, share: float = 0.1, kinds: Collection[str] = KINDS) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable failures, no secrets
        self._share = share
        self._kinds = kinds

    def __call__(self, request: Message) -> Fault | None:
        # As many numbers are drawn for every request, so that one request does not change the fate of the next.
        luck, choice, place, way = (self._random.random() for _ in range(4))
        possible: dict[str, Fault] = {
            "answer": Answer(),
            "cut": (Cut("up", place), Cut("down", place), Cut("down", NOTHING))[int(way * 3)],
        }
        if request.length() > 0:
            possible["flip up"] = Flip("up", place)
        if request.gets_object:
            possible |= {"truncate": Truncate(place), "flip down": Flip("down", place)}
        faults = [fault for kind, fault in possible.items() if kind in self._kinds]
        return faults[int(choice * len(faults))] if faults and luck < self._share else None


class _EndError(Exception):
    """The connection ends here, by order."""


class _ResetError(_EndError):
    """And not in a friendly way."""


class Proxy:
    """The line. It listens inside `with`; what fails is decided by its `plan`, which can be set at any time."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.plan: Plan = lambda _: None
        self.injected: Counter[str] = Counter()
        self.requests: list[Message] = []
        self.port = 0
        self._server = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.accept()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self) -> None:
        """Reset all connections and let nobody connect."""
        self._do(self._stop())

    def accept(self) -> None:
        """Let clients connect again, at the same port."""
        self._do(self._start())

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, source: StreamReader, sink: StreamWriter) -> None:
        """Serve one client until it leaves or a fault ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(source, sink):
                pass
        except* (_ResetError, asyncio.CancelledError, ConnectionError):
            _reset(sink)
        except* (_EndError, asyncio.IncompleteReadError):
            pass
        finally:
            sink.close()
            self._connections.discard(task)

    async def _exchange(self, source: StreamReader, sink: StreamWriter) -> bool:
        """Pass on one request and its response; tell whether the client may send another."""
        request = await Message.read(source)
        self.requests.append(request)
        fault = self.plan(request)
        if isinstance(fault, Answer):
            self.injected["answer"] += 1
            await _answer(fault, request, source, sink)
            return False
        if isinstance(fault, Delay):
            self.injected["delay"] += 1
            await asyncio.sleep(fault.seconds)
        server_source, server_sink = await asyncio.open_connection(*self._server)
        up = _Line("up", server_sink, fault, self.injected)
        down = _Line("down", sink, fault, self.injected)
        try:
            async with asyncio.TaskGroup() as tasks:
                body = tasks.create_task(up.carry(source, request, request.length()))
                response = await _final_response(server_source, sink)
                length = response.length(request)
                await down.carry(server_source, response, length)
                if request.expects_continue and not up.has_begun:
                    body.cancel()  # the client asked whether it may send the body, and will not
        except* (_ResetError, ConnectionError):
            _reset(server_sink)
            raise
        finally:
            server_sink.close()
        has_end = length != UNTIL_THE_END or response.is_chunked
        return has_end and response.headers.get("connection", "").lower() != "close"


class _Line:
    """One direction of one exchange, and what the fault does to it."""

    def __init__(self, direction: Direction, sink: StreamWriter, fault: Fault | None, injected: Counter[str]) -> None:
        sink.transport.set_write_buffer_limits(high=0)  # written is sent
        self._sink = sink
        self._fault = None if fault is None or getattr(fault, "direction", direction) != direction else fault
        self._name = f"{type(fault).__name__} {direction}".lower()
        self._injected = injected
        self._direction = direction
        self._position = 0
        self._header = 0
        self._place: int | None = None

    @property
    def has_begun(self) -> bool:
        return self._position > self._header > 0

    async def carry(self, source: StreamReader, message: Message, length: int) -> None:
        self._header = len(message.raw)
        match self._fault:
            case _Somewhere(at=at) | Truncate(at=at):
                if isinstance(at, int):
                    self._place = self._header + at if at >= 0 else 0
                elif length >= 0:
                    self._place = self._header + int(at * length)
            case Limit():
                self._injected[self._name] += 1
        await self._send(message.raw)
        await _read_body(source, message, length, self._send)

    async def _send(self, piece: bytes) -> None:
        offset = -1 if self._place is None else self._place - self._position
        if isinstance(self._fault, Flip):
            if 0 <= offset < len(piece):
                self._injected[self._name] += 1
                piece = piece[:offset] + bytes([piece[offset] ^ 1]) + piece[offset + 1 :]
        elif 0 <= offset <= len(piece):
            self._injected[self._name] += 1
            await self._write(piece[:offset])
            await self._stop()
        await self._write(piece)
        self._position += len(piece)
        if isinstance(self._fault, Limit):
            await asyncio.sleep(len(piece) / self._fault.rate)

    async def _write(self, piece: bytes) -> None:
        try:
            self._sink.write(piece)
            await self._sink.drain()
        except ConnectionError:
            if self._direction == "down":
                raise
            # A server that hangs up may have answered before: the client shall see its answer.

    async def _stop(self) -> None:
        if isinstance(self._fault, Stall):
            await asyncio.Event().wait()
        raise _ResetError if isinstance(self._fault, Cut) else _EndError


async def _read_body(source: StreamReader, message: Message, left: int, send: Send) -> None:
    if message.is_chunked and left != 0:
        while size := int((line := await source.readline()).partition(b";")[0], 16):
            await send(line + await source.readexactly(size + len(b"\r\n")))
        while line.strip():  # the size of the last chunk, perhaps trailers, an empty line
            await send(line)
            line = await source.readline()
        await send(line)
        return
    while left != 0:
        piece = await source.read(PIECE if left < 0 else min(PIECE, left))
        if not piece and left > 0:
            raise asyncio.IncompleteReadError(b"", left)
        if not piece:
            return
        await send(piece)
        left -= len(piece)


async def _final_response(source: StreamReader, sink: StreamWriter) -> Message:
    """Pass on what the server says before its response, such as that the client may go on."""
    while (response := await Message.read(source)).status < HTTPStatus.OK:
        sink.write(response.raw)
        await sink.drain()
    return response


async def _answer(answer: Answer, request: Message, source: StreamReader, sink: StreamWriter) -> None:
    if not request.expects_continue:
        await _read_body(source, request, request.length(), send=lambda _: asyncio.sleep(0))
    error = f"<Code>{answer.code}</Code><Message>Answered in place of the server.</Message><RequestId>0</RequestId>"
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error>{error}</Error>'
    header = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    sink.write((header if request.method == "HEAD" else header + body).encode())
    await sink.drain()


def _reset(sink: StreamWriter) -> None:
    """Close at once with a RST: a linger time of zero seconds says so."""
    with suppress(OSError):
        sink.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sink.transport.abort()
