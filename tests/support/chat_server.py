"""A chat-completions server on loopback that answers, dawdles and fails as real ones do.

By itself: ``python tests/support/chat_server.py --delay 0.2`` prints its address and serves until
it is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

KEY = "secret-key-of-the-tests"
MODEL = "test/vision"
CATEGORIES = ["Tops", "Pants", "Dresses", "Shoes"]


def _picture(request: dict) -> bytes:
    parts = request["messages"][-1]["content"]
    url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    return base64.b64decode(url.partition(",")[2])


def label_for(picture: bytes) -> dict[str, object]:
    """Says of each picture always the same, and of different ones something different."""
    digest = hashlib.sha256(picture).hexdigest()
    return {
        "Title": f"Item {digest[:6]}",
        "Size": "Unknown",
        "Category": CATEGORIES[int(digest[0], 16) % len(CATEGORIES)],
        "Gender": "Unisex",
        "Type": "Casual",
        "Description": f"Made of cotton, number {digest[:12]} of its kind.",
        "Colours": ["navy", "white"],
    }


_COMPLETION = {"id": "1", "created": 0, "model": MODEL}


def _completion(text: str) -> dict:
    message = {"role": "assistant", "content": text}
    return {
        **_COMPLETION,
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    }


@dataclass
class ChatServer:
    """What the server does, and what it saw.

    Attributes:
        delay: Seconds an answer takes.
        faults: Share of requests, by kind: ``rate limit``, ``error``, ``cut``, ``slow``,
            ``drip``, ``junk``, ``truncated``, ``refusal``. A photo meets each kind at most once, so
            that patience always leads to its caption.
        refuses: What the server takes no part in: ``json_schema``, ``json_object``, ``system``, or
            a parameter.
        reply_always: The body of every reply, if any.
        opening: Errors that are sent first, one to a request: status, body and headers.
        poison: Pictures whose hash begins so are refused for good.
        seed: Of the faults.
        plans: What is answered to questions without a picture, one after the other.
        labels: What is said of pictures, by their hash; what :func:`label_for` says by default.
        reply: What is streamed to them.
        stream_fault: What happens to streams, after their first word: ``cut``, ``stalled``,
            ``dripping`` (a letter at a time, of no word), ``garbage``, ``page``, ``error`` or
            ``ended`` (without the end of the answer).
    """

    delay: float = 0.0
    faults: dict[str, float] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    reply_always: dict | None = None
    opening: list[tuple[int, dict, str]] = field(default_factory=list)
    poison: str | tuple[str, ...] | None = None
    seed: int = 0
    plans: list[str] = field(default_factory=list)
    labels: list[dict] = field(default_factory=list)
    reply: str = ""
    stream_fault: str | None = None
    url: str = ""
    requests: list[dict] = field(default_factory=list)
    pictures: Counter = field(default_factory=Counter)
    met: Counter = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=1 << 24)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return server

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                headers = {
                    name.strip().lower(): value.strip()
                    for name, _, value in (
                        line.partition(":") for line in head.decode().splitlines()[1:]
                    )
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                try:
                    await self._answer(headers, json.loads(body), writer)
                finally:
                    self.in_flight -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, headers: dict, request: dict, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        await asyncio.sleep(self.delay)
        if refusal := self._refusal(headers, request):
            status, message = refusal
            return await self._send(writer, status, {"error": {"message": message}})
        if self.opening:
            return await self._send(writer, *self.opening.pop(0))
        if self.reply_always is not None:
            return await self._send(writer, 200, self.reply_always)
        if request.get("stream"):
            return await self._stream(writer)
        if isinstance(request["messages"][-1]["content"], str):
            return await self._send(writer, 200, _completion(self.plans.pop(0)))
        return await self._describe(_picture(request), writer)

    async def _describe(self, picture: bytes, writer: asyncio.StreamWriter) -> None:
        name = hashlib.sha256(picture).hexdigest()
        self.pictures[name] += 1
        if self.poison is not None and name.startswith(self.poison):
            return await self._send(
                writer, 400, {"error": {"message": "the picture cannot be read"}}
            )
        said = self.labels[int(name, 16) % len(self.labels)] if self.labels else None
        text = json.dumps(said or label_for(picture))
        match self._fault(name):
            case "rate limit":
                return await self._send(writer, 429, {"error": {}}, "Retry-After: 0.05\r\n")
            case "error":
                return await self._send(writer, 500, {"error": {"message": "out of order"}})
            case "cut":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{")
                await writer.drain()
                raise ConnectionError
            case "slow":
                await asyncio.sleep(30)
            case "drip":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
                for _ in range(5000):
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.1)
            case "junk":
                return await self._send(writer, 200, b"<html>Bad gateway</html>")
            case "truncated":
                text = text[:30]
            case "refusal":
                text = "I'm sorry, but I cannot help with that request."
        return await self._send(writer, 200, _completion(text))

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        if self.stream_fault == "page":
            return await self._send(writer, 200, b"<html>Sign in</html>")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        # In chunks, so that a cut is one.
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")

        async def send(data: bytes) -> None:
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()

        for word in self.reply.split(" "):
            choice = {"index": 0, "delta": {"role": "assistant", "content": f"{word} "}}
            chunk = {**_COMPLETION, "object": "chat.completion.chunk", "choices": [choice]}
            await send(f"data: {json.dumps(chunk)}\n\n".encode())
            match self.stream_fault:
                case "cut":
                    raise ConnectionError
                case "stalled":
                    await asyncio.sleep(30)
                case "dripping":
                    while True:
                        await send(b":")
                        await asyncio.sleep(0.02)
                case "garbage":
                    await send(b"data: \xff{]\n\n")
                case "error":
                    await send(b'data: {"error": {"code": 502, "message": "gone"}}\n\n')
                case "ended":
                    return await self._end(writer)
        await send(b"data: [DONE]\n\n")
        await self._end(writer)

    async def _end(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _refusal(self, headers: dict, request: dict) -> tuple[int, str] | None:
        if headers.get("authorization") != f"Bearer {KEY}":
            return 401, f"Invalid key: {headers.get('authorization')}"
        if request["model"] != MODEL:
            return 404, f"The model {request['model']} does not exist"
        roles = [message["role"] for message in request["messages"]]
        if request.get("response_format", {}).get("type") in self.refuses:
            return 400, "response_format is not supported"
        if refused := self.refuses & request.keys():
            return 400, f"Unsupported parameter: '{refused.pop()}' is not supported."
        if "system" in self.refuses and "system" in roles:
            return 400, "no system prompt beside a picture"
        return None

    def _fault(self, picture: str) -> str | None:
        # By picture and not by time, so that a run repeats whatever the order.
        chance = random.Random(f"{self.seed} {picture}")
        for kind, share in self.faults.items():
            if chance.random() < share and not self.met[picture, kind]:
                self.met[picture, kind] += 1
                return kind
        return None

    async def _send(
        self, writer: asyncio.StreamWriter, status: int, body: dict | bytes, headers: str = ""
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n{headers}"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        await writer.drain()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    connections = asyncio.all_tasks() - {asyncio.current_task()}
    for connection in connections:
        connection.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


@contextmanager
def serving(**options) -> Iterator[ChatServer]:
    """Serves in a thread of this process."""
    chat = ChatServer(**options)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(chat.serve(), loop).result()
    try:
        yield chat
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds an answer takes")
    parser.add_argument("--faults", type=json.loads, default={}, help="shares by kind, as JSON")
    options = parser.parse_args()

    async def serve() -> None:
        chat = ChatServer(delay=options.delay, faults=options.faults)
        server = await chat.serve()
        print(chat.url, flush=True)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
