"""Figures that benchmarks have measured, for the docs and the README.

Each file of ``benchmarks/results`` holds what one command measured. A page names a figure as
``{{ demo.photo_p50 }}``: the file and the key of the metric. ``{{ demo.photo_p50.value }}`` is the
number alone, and ``{{ evaluate.category.percent }}`` a share in percent.

Usage: ``python docs/figures.py`` renders ``docs/measured.md`` into the README.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results"
TEMPLATE = ROOT / "docs/measured.md"
START, END = "<!-- figures -->\n", "<!-- /figures -->"
_FIGURE = re.compile(r"\{\{ (\w+)\.(\w+)(?:\.(value|percent))? \}\}")


class Metric(BaseModel):
    """One measured figure.

    Attributes:
        metric: What was measured.
        value: The figure.
        low: The lower end of its 95 % interval.
        high: The upper end.
        unit: The unit, such as ``ms`` or ``%``; empty for none.
        note: What a reader has to know of it.
    """

    model_config = ConfigDict(extra="forbid")

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The figure with its unit and interval."""
        text = f"{format_number(self.value)} {self.unit}".rstrip()
        return f"{text} ({self.interval})" if self.interval else text

    def in_percent(self) -> Metric:
        """Return a share in percent."""
        shares = {name: getattr(self, name) for name in ("value", "low", "high")}
        percents = {name: one if one is None else 100 * one for name, one in shares.items()}
        return self.model_copy(update={**percents, "unit": "%"})

    @property
    def interval(self) -> str:
        """The interval, empty without one."""
        if self.low is None or self.high is None:
            return ""
        return f"{format_number(self.low)} to {format_number(self.high)}"


class Result(BaseModel):
    """What one benchmark measured.

    Attributes:
        question: The question that it answers.
        command: What to type to measure it again.
        date: When it was measured.
        machine: The machine.
        data: The data that it was measured on.
        metrics: The figures by key.
    """

    model_config = ConfigDict(extra="forbid")

    question: str
    command: str
    date: str
    machine: str
    data: str
    metrics: dict[str, Metric]


def format_number(value: float) -> str:
    """Write a number with three significant digits, and whole from 100 on."""
    rounded = float(f"{value:.3g}")
    return f"{value:,.0f}" if rounded.is_integer() else f"{rounded:g}"


def read_results(folder: Path = RESULTS) -> dict[str, Result]:
    """Read all results by the name of their file."""
    return {
        path.stem: Result.model_validate_json(path.read_text("utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


def render(text: str, results: dict[str, Result]) -> str:
    """Put figures in the place of their names.

    Raises:
        KeyError: If a figure was not measured.
    """

    def figure(match: re.Match[str]) -> str:
        file, key, form = match.groups()
        if file not in results or key not in results[file].metrics:
            raise KeyError(f"There is no figure '{key}' in benchmarks/results/{file}.json.")
        metric = results[file].metrics[key]
        if form == "percent":
            metric = metric.in_percent()
        return format_number(metric.value) if form == "value" else metric.text

    return _FIGURE.sub(figure, text)


def render_readme(readme: str, template: str, results: dict[str, Result]) -> str:
    """Put figures between the README's marks; a README without marks stays as it is."""
    before, start, rest = readme.partition(START)
    if not start:
        return readme
    _, end, after = rest.partition(END)
    return before + start + render(template, results) + end + after


def benchmarks_page(results: dict[str, Result]) -> str:
    """Write the page of all benchmarks, a table for each."""
    parts = [
        "---\nhide: [navigation]\n---",
        "# Benchmarks\n\nEvery figure of this site, with the command that measures it again. "
        "Intervals hold 95 %. [How we measure](explanation/measuring.md) says what the words mean.",
    ]
    for result in results.values():
        metrics = result.metrics.values()
        has_notes = any(one.note for one in metrics)
        headings = ["metric", "value", "interval", *(["note"] if has_notes else [])]
        rows = [
            [one.metric, f"{format_number(one.value)} {one.unit}", one.interval]
            + ([one.note] if has_notes else [])
            for one in metrics
        ]
        lines = [headings, ["---", "---:", "---", *(["---"] if has_notes else [])], *rows]
        parts += [
            f"## {result.question}",
            f"`{result.command}`",
            " · ".join(filter(None, (result.date, result.machine, result.data))),
            "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines),
        ]
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(
        render_readme(path.read_text("utf-8"), TEMPLATE.read_text("utf-8"), read_results())
    )
