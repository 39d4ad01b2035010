"""Measures how long customers of ``kedro demo`` wait: one alone, sixteen at once, ten a second.

Usage: ``make bench-demo PHOTOS=folder``, or by itself after a run on your photos. Requests go over
HTTP to the JSON API as ``kedro demo`` serves it, half of them with a photo and half with words.
Beside each figure stands the floor: as many requests for the server's health. The load comes from
the same machine, and takes its share of the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import numpy as np
import psutil
from results import Results
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
GARMENTS = ("trousers", "jeans", "shirt", "dress", "skirt", "coat", "shoes", "blazer", "boots")
COLOURS = ("navy", "black", "white", "red", "beige", "grey", "olive", "pink", "brown", "blue")
WORDS = ("for the office", "for a summer wedding", "not too formal", "for my brother", "in cotton")
CUSTOMERS = 16
A_SECOND = 10.0

Ask = Callable[[], Awaitable[None]]


class Customers:
    """Who asks: every message is another one, so that nothing is known from before."""

    def __init__(self, client: httpx.AsyncClient, photos: list[Path], is_floor: bool) -> None:
        self._client = client
        self._photos = [path.read_bytes() for path in photos]
        self.is_floor = is_floor
        self._random = random.Random(0)
        self.refused = 0

    async def show(self) -> None:
        """Shows a photo and asks what goes with it."""
        await self._answer("", {"photo": ("photo.jpg", self._random.choice(self._photos))})

    async def say(self) -> None:
        """Asks for something in words."""
        chosen = self._random
        words = f"{chosen.choice(COLOURS)} {chosen.choice(GARMENTS)} {chosen.choice(WORDS)}"
        await self._answer(f"{words} {chosen.randrange(10_000)}", None)

    async def either(self) -> None:
        """Does one or the other."""
        await (self.show() if self._random.random() < 0.5 else self.say())

    async def _answer(self, message: str, files: dict[str, tuple[str, bytes]] | None) -> None:
        if self.is_floor:
            (await self._client.get("/health")).raise_for_status()
            return
        asked = {"message": message}
        body = (
            {"data": {"request": json.dumps(asked)}, "files": files} if files else {"json": asked}
        )
        answer = await self._client.post("/api/v1/recommend", **body)  # type: ignore[arg-type]
        if answer.status_code == 503:
            self.refused += 1
            return
        assert answer.raise_for_status().json()["reply"], answer.text


async def closed_loop(ask: Ask, customers: int, requests: int) -> tuple[list[float], float]:
    """Lets customers ask one thing after the other; seconds of each, and answers a second."""
    waited: list[float] = []
    left = iter(range(requests))

    async def one() -> None:
        for _ in left:
            begun = time.perf_counter()
            await ask()
            waited.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(customers)))
    return waited, requests / (time.perf_counter() - begun)


async def open_loop(ask: Ask, a_second: float, requests: int) -> tuple[list[float], float]:
    """Lets customers come by chance, whether others are answered or not (Poisson).

    A late answer is counted from when it was due, not from when the load was able to ask.
    """
    waited: list[float] = []
    gaps = random.Random(1)

    async def one(due: float) -> None:
        await ask()
        waited.append(time.perf_counter() - due)

    begun = due = time.perf_counter()
    tasks = []
    for _ in range(requests):
        due += gaps.expovariate(a_second)
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    return waited, requests / (time.perf_counter() - begun)


async def measure(
    address: str, server: psutil.Process, options: argparse.Namespace, results: Results
) -> None:
    """Measures and prints a table."""
    paths = sorted(path for path in options.photos.rglob("*") if path.suffix in (".jpg", ".png"))
    photos = random.Random(0).sample(paths, min(400, len(paths)))
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    console = Console(width=110)
    table = Table("load", "endpoint", "p50 ms", "p95 ms", "answers/s", "turned away")
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        for endpoint in ("/health", "/api/v1/recommend"):
            customers = Customers(client, photos, is_floor=endpoint == "/health")
            await closed_loop(customers.either, 4, 40)
            count = options.requests
            loads: list[tuple[str, str, Awaitable[tuple[list[float], float]]]] = [
                ("photo", "a photo, alone", closed_loop(customers.show, 1, count // 4)),
                ("message", "a message, alone", closed_loop(customers.say, 1, count // 4)),
                ("crowd", f"{CUSTOMERS} at once", closed_loop(customers.either, CUSTOMERS, count)),
                (
                    "stream",
                    f"{A_SECOND:.0f} a second",
                    open_loop(customers.either, A_SECOND, count),
                ),
            ]
            for key, name, load in loads:
                customers.refused = 0
                waited, rate = await load
                middle, late = np.percentile(waited, [50, 95]) * 1000
                turned = str(customers.refused)
                table.add_row(name, endpoint, f"{middle:.0f}", f"{late:.0f}", f"{rate:.1f}", turned)
                whole = f"floor_{key}" if customers.is_floor else key
                told = f"{name} ({endpoint})"
                results.add(f"{whole}_p50", f"{told}, p50", middle, "ms")
                results.add(f"{whole}_p95", f"{told}, p95", late, "ms")
                results.add(f"{whole}_rate", f"{told}, rate", rate, "answers/s")
        console.print(table)
        if options.soak:
            customers = Customers(client, photos, is_floor=False)
            megabytes = []
            for _ in range(5):
                await closed_loop(customers.either, CUSTOMERS, options.soak // 5)
                megabytes.append(server.memory_info().rss / 2**20)
            for key, value in (("first", megabytes[0]), ("last", megabytes[-1])):
                told = f"the server's memory after the {key} fifth of {options.soak:,} requests"
                results.add(f"memory_{key}", told, value, "MiB")
            told = ", ".join(f"{one:,.0f}" for one in megabytes)
            console.print(f"memory after each fifth of {options.soak:,} requests: {told} MiB")


def main() -> None:
    """Starts the server, and measures it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, nargs="?", help="folder of photos to upload")
    parser.add_argument("--requests", type=int, default=600, help="for each row")
    parser.add_argument("--soak", type=int, default=5000, help="while memory is looked at")
    options = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    begun = time.perf_counter()
    log = (ROOT / "data/bench_demo.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "kedro", "demo", f"--port={port}"], cwd=ROOT, stdout=log, stderr=log
    )
    try:
        while True:
            try:
                told = httpx.get(f"{address}/health", timeout=5)
                if told.status_code == 200:
                    break
                if told.json()["status"] != "loading":
                    raise SystemExit(told.json()["status"])
            except httpx.HTTPError:
                if server.poll() is not None:
                    raise SystemExit(f"kedro demo has stopped: see {log.name}") from None
            time.sleep(0.1)
        ready = time.perf_counter() - begun
        print(json.dumps({"ready after seconds": round(ready, 1)}))
        results = Results(
            "demo",
            "How long do customers wait?",
            "make bench-demo PHOTOS=FOLDER",
            "real photos; half of the answers to photos, each with three outfits",
        )
        results.add("ready", "the server's start", ready, "s")
        asyncio.run(measure(address, psutil.Process(server.pid), options, results))
        results.save()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
