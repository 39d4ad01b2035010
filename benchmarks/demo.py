"""Measures how long customers of ``kedro demo`` wait, one alone and sixteen at once.

Usage: ``make bench-demo PHOTOS=folder``, or by itself after a run on your photos. Each request
uploads a photo over HTTP and gets items and a reply, as the page does.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from gradio_client import Client, handle_file
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
CUSTOMERS = (1, 4, 16)


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="folder of photos to upload")
    parser.add_argument("--requests", type=int, default=200, help="uploads for each row")
    options = parser.parse_args()
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix in (".jpg", ".png"))
    chosen = random.Random(0).sample(photos, min(options.requests, len(photos)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    begun = time.perf_counter()
    server = subprocess.Popen(
        [Path(sys.executable).with_name("kedro"), "demo", f"--port={port}"], cwd=ROOT
    )
    try:
        while True:
            try:
                urllib.request.urlopen(address)
                break
            except OSError:
                if server.poll() is not None:
                    raise SystemExit("kedro demo has stopped") from None
                time.sleep(0.05)
        opened = time.perf_counter() - begun
        clients = [Client(address, verbose=False) for _ in range(max(CUSTOMERS))]

        def ask(client: Client, photo: Path) -> float:
            begun = time.perf_counter()
            answer = client.predict(handle_file(photo), "", "hybrid", 10, api_name="/answer")
            assert answer["recommendations"], answer
            return time.perf_counter() - begun

        ask(clients[0], chosen[0])
        table = Table("customers at once", "p50 ms", "p95 ms", "answers/s", title="An upload")
        for count in CUSTOMERS:

            def serve_one(number: int, count: int = count) -> list[float]:
                return [ask(clients[number], photo) for photo in chosen[number::count]]

            begun = time.perf_counter()
            with ThreadPoolExecutor(count) as pool:
                waited = [one for some in pool.map(serve_one, range(count)) for one in some]
            rate = len(waited) / (time.perf_counter() - begun)
            middle, late = np.percentile(waited, [50, 95]) * 1000
            table.add_row(str(count), f"{middle:.0f}", f"{late:.0f}", f"{rate:.1f}")
        console = Console(width=100)
        console.print(f"first page after {opened:.1f} s")
        console.print(table)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
