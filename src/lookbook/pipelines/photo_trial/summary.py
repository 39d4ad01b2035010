"""What ``photo_trial`` prints at the end of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.panel import Panel
from rich.text import Text


def lay_out(report: dict[str, Any]) -> Iterator[Panel]:
    """Lay out the prompt, the raw answer and what was read of it."""
    prompt = f"{report['system']}\n\n{report['question']}".strip()
    yield Panel(Text(prompt), title="prompt", title_align="left")
    answer = report["answer"] if report["answer"] is not None else f"none: {report['failure']}"
    yield Panel(Text(answer), title="answer as it came", title_align="left")
    read = report["rejection"] and f"rejected: {report['rejection']}"
    label = json.dumps(report["label"], ensure_ascii=False, indent=2)
    figures = f"{report['seconds']:.2f} s"
    if report["output_tokens"]:
        figures += f", {report['input_tokens']:,} tokens in, {report['output_tokens']:,} out"
    title = f"read as {report['read_as'] or 'nothing'}; {figures}"
    yield Panel(Text(read or label), title=title, title_align="left")


TABLES = {"photo_trial_report": lay_out}
