"""What customers say that is no value of a field, as the configuration tells what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

from lookbook.errors import InputError
from lookbook.labels.fields import Fields

Kind = Literal["garments", "qualities", "occasions", "wearers", "comparisons"]


class Saying(BaseModel):
    """Some words that mean the same.

    Attributes:
        said: The words, in any language; plurals are understood.
        wishes: Values that are wished for, by field.
        unwanted: Values that are not to be.
        of: Values of the field with slots for which alone it holds; none for all.
        steps: How many steps to go along a field's ladder, by field.
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

    def within(self, fields: Fields) -> Sayings:
        """Leaves what a catalogue's fields have: those of clothes mean little to furniture."""
        kept: dict[str, dict[str, Saying]] = {}
        for kind, name, saying in self.every():
            wishes, unwanted = (
                {
                    field: known
                    for field, values in told.items()
                    if (known := _known(field, values, fields))
                }
                for told in (saying.wishes, saying.unwanted)
            )
            of = [one for one in saying.of if _known(str(fields.slot_field), [one], fields)]
            steps = {field: count for field, count in saying.steps.items() if field in fields.ones}
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


def _known(field: str, values: list[str], fields: Fields) -> list[str]:
    declared = fields.enumerated.get(field)
    return [one for one in values if declared and one in declared.values]
