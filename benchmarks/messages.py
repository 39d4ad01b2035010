"""Scores what the assistant shows to customers' messages, by kind of message.

    python benchmarks/messages.py FOLDER --cases FOLDER --annotations FOLDER

The index has to be made of the first folder before: `kedro run --params=photos=FOLDER`. A message's
score is the share of right items among the first five shown, as the cases' README tells; a
vision-language model's annotations say what is right.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from results import Results, bootstrap, to_key
from rich.console import Console
from rich.table import Table

import lookbook
from lookbook.assistant.assistant import Assistant
from lookbook.assistant.interpretation import interpret
from lookbook.assistant.recommender import Recommender
from lookbook.progress import Progress
from lookbook.understanding.request import Message

FIRST = 5


def is_right(case: dict[str, Any], told: dict[str, str]) -> bool:
    """Says whether an item is what a message asks for, by its annotations."""
    values = {name: told[name].split("+") for name in told}
    if any(set(values[name]) & set(unwanted) for name, unwanted in (case.get("not") or {}).items()):
        return False
    return any(
        all(set(values[name]) & set(wanted) for name, wanted in want.items())
        for want in case["want"]
    )


def answer(assistant: Assistant, adults: Any, case: dict[str, Any], photos: Path) -> list[str]:
    """Return the files that are recommended to a message, the best first."""
    photo = None
    if case.get("photo"):
        data = next(photos.glob(f"images*/{case['photo']}")).read_bytes()
        photo = assistant.see(data, assistant.params)
    history = [Message.model_validate(turn) for turn in case.get("history") or []]
    stylist = assistant.component("stylist")
    turn = interpret(case["message"], history, photo, stylist, adults, assistant.schema)
    recommender = Recommender(adults, assistant.judge, assistant.params)
    found = recommender.recommend(turn.plan, turn.photo)
    files = [one.file for one in found.items]
    # The customer's photo is in the catalogue too, and does not count.
    return [file for file in files if file != case.get("photo")][:FIRST]


def main() -> None:
    """Prints the mean score of each kind, and the dead ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="the folder that the index was made of")
    parser.add_argument("--cases", type=Path, required=True, help="with messages.jsonl")
    parser.add_argument("--annotations", type=Path, required=True, help="with photos.csv")
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="where kedro was run")
    given = parser.parse_args()
    lines = (given.cases / "messages.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    annotations = pd.read_csv(given.annotations / "photos.csv", dtype=str, keep_default_na=False)
    told = annotations.set_index("file").to_dict("index")
    shop = lookbook.open(given.project)
    assistant, catalogue = shop.assistant, shop.items
    grown_up = [file in told and told[file]["gender"] != "Kids" for file in catalogue["Filename"]]
    adults = assistant.component("search_index").among(catalogue.loc[grown_up, "photo_id"])
    scores: dict[str, list[float]] = defaultdict(list)
    dead = []
    for case in Progress(cases, desc="messages", unit="message"):
        files = answer(assistant, adults, case, given.photos)
        right = [is_right(case, told[file]) for file in files]
        scores[case["kind"]].append(float(np.mean(right)) if right else 0.0)
        dead += [] if files else [case["name"]]
    table = Table(title="Right among the first five shown")
    for heading in ("kind", "messages", "score"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    results = Results(
        "messages",
        "Are the right items shown to messages that nobody tuned on?",
        "make bench-messages PHOTOS=FOLDER CASES=FOLDER ANNOTATIONS=FOLDER",
        "share of right items among the first five; a vision-language model's annotations judge; "
        "most of the photos taught the captioner",
    )
    for kind, own in scores.items():
        key = to_key(kind)
        results.add(
            key, f"{kind}, {len(own)} messages", float(np.mean(own)), interval=bootstrap(own)
        )
        table.add_row(kind, str(len(own)), f"{np.mean(own):.3f}")
    every = [score for own in scores.values() for score in own]
    told = f"all {len(every)} messages"
    results.add("all", told, float(np.mean(every)), interval=bootstrap(every))
    results.add("dead_ends", "messages that show nothing", len(dead))
    results.save()
    table.add_row("all", str(len(every)), f"{np.mean(every):.3f}", style="bold")
    console = Console()
    console.print(table)
    console.print(f"dead ends: {', '.join(dead) or 'none'}")


if __name__ == "__main__":
    main()
