"""Measures the embedded captioner on real photos: photos a second and peak memory.

Usage: ``make bench PHOTOS=folder``. Each line is a fresh process, so that peaks are its own.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import time
from itertools import cycle, islice

from results import Results

from lookbook.attributes.schema import Schema
from lookbook.captioners import Prompt
from lookbook.captioners.bundled import BundledCaptioner
from lookbook.datasets.photo_folder_dataset import PhotoFolderDataset
from lookbook.photos.photo import Photo
from project import declared_fields

COUNTS = (500, 1000, 3000)


def measure(folder: str, count: int, threads: int) -> None:
    """Caption so many photos and prints photos, seconds and peak memory in MiB."""
    captioner = BundledCaptioner(threads=threads)
    prompt = Prompt.compose("", "", Schema.model_validate(declared_fields()))
    files = PhotoFolderDataset(path=folder).load()
    photos = (
        Photo(hashlib.sha256(name.encode()).hexdigest(), read)
        for name, read in islice(cycle(files.items()), count)
    )
    start = time.perf_counter()
    done = sum(1 for _ in captioner.caption(photos, prompt))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(done, f"{seconds:.2f}", f"{peak:.0f}")


def main() -> None:
    """Run each measurement in its own process and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="photos, in the layout that 'kedro run' takes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--count", type=int, help="measure one count in this process")
    options = parser.parse_args()
    if options.count:
        measure(options.folder, options.count, options.threads)
        return
    results = Results(
        "captioner",
        "How fast does the bundled captioner label photos?",
        "make bench PHOTOS=FOLDER",
        "real photos, decoded too; each line in a process of its own",
    )
    print(f"{'photos':>8} {'seconds':>8} {'photos/s':>9} {'peak MiB':>9}")
    for count in COUNTS:
        command = [sys.executable, __file__, options.folder, "--threads", str(options.threads)]
        printed = subprocess.run(
            [*command, "--count", str(count)], capture_output=True, text=True, check=True
        ).stdout.split()
        photos, seconds, peak = int(printed[0]), float(printed[1]), float(printed[2])
        print(f"{photos:>8} {seconds:>8.1f} {photos / seconds:>9.1f} {peak:>9.0f}", flush=True)
        told = f"{photos:,} photos, {options.threads} threads"
        results.add(f"rate_{photos}", f"{told}: rate", photos / seconds, "photos/s")
        results.add(f"memory_{photos}", f"{told}: peak memory", peak, "MiB")
    results.save()


if __name__ == "__main__":
    main()
