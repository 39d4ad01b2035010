"""Customers' phrases that are no attribute value, and their configured meaning."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError

Kind = Literal["garments", "qualities", "occasions", "wearers", "comparisons"]


class Saying(BaseModel):
    """Some words that mean the same.

    Attributes:
        said: The words, in any language; plurals are understood.
        wishes: Values that are wished for, by attribute.
        unwanted: Values that are not to be.
        of: Values of the attribute with slots for which alone it holds; none for all.
        steps: How many steps to go along an attribute's ladder, by attribute.
        context: What it tells of a whole outfit, such as its season, as the style model calls it.
        note: What a customer is told who says so.
    """

    model_config = ConfigDict(extra="forbid")

    said: list[str]
    wishes: dict[str, list[str]] = {}
    unwanted: dict[str, list[str]] = {}
    of: list[str] = []
    steps: dict[str, int] = {}
    context: dict[str, str] = {}
    note: str = ""


class Sayings(BaseModel):
    """All sayings by what they speak of, each by a name of its own.

    Attributes:
        garments: Names of garments.
        qualities: What garments can be like.
        occasions: Occasions and weather. The garments that they wish for are looked for where a
            customer names none.
        wearers: Whom something is for.
        comparisons: How what is looked for is to differ from what was talked about.
    """

    model_config = ConfigDict(extra="forbid")

    garments: dict[str, Saying] = {}
    qualities: dict[str, Saying] = {}
    occasions: dict[str, Saying] = {}
    wearers: dict[str, Saying] = {}
    comparisons: dict[str, Saying] = {}

    @cached_property
    def declared(self) -> str:
        """The declaration as JSON."""
        return self.model_dump_json()

    def every(self) -> Iterator[tuple[Kind, str, Saying]]:
        """Lists all sayings with what they speak of, and their names."""
        for kind in get_args(Kind):
            for name, saying in getattr(self, kind).items():
                yield kind, name, saying

    def within(self, schema: Schema) -> Sayings:
        """Leaves what a catalogue's attributes have: those of clothes mean little to furniture."""
        kept: dict[str, dict[str, Saying]] = {}
        for kind, name, saying in self.every():
            wishes, unwanted = (
                {
                    attribute: known
                    for attribute, values in told.items()
                    if (known := _known(attribute, values, schema))
                }
                for told in (saying.wishes, saying.unwanted)
            )
            of = [one for one in saying.of if _known(str(schema.slot_attribute), [one], schema)]
            steps = {
                attribute: count
                for attribute, count in saying.steps.items()
                if attribute in schema.singles
            }
            if not (wishes or unwanted or steps or saying.note) or bool(of) != bool(saying.of):
                continue
            cut = {"wishes": wishes, "unwanted": unwanted, "of": of, "steps": steps}
            kept.setdefault(kind, {})[name] = saying.model_copy(update=cut)
        return Sayings.model_validate(kept)


def read_sayings(filepath: str) -> Sayings:
    """Reads what customers say.

    Args:
        filepath: A YAML file.

    Raises:
        InputError: If there is none, or it declares no sayings; it names file and place.
    """
    try:
        told = yaml.safe_load(Path(filepath).read_text(encoding="utf-8"))
        return Sayings.model_validate(told or {})
    except OSError as error:
        raise InputError(
            f"There are no sayings '{filepath}': name a file as 'sayings:' in "
            "conf/local/globals.yml, or take the line out for those of clothes."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"The sayings '{filepath}' cannot be used: {reason}") from error


def _known(attribute: str, values: list[str], schema: Schema) -> list[str]:
    declared = schema.categorical.get(attribute)
    return [one for one in values if declared and one in declared.values]
