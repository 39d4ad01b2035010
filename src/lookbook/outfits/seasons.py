"""The weather of a season."""

from __future__ import annotations

from datetime import date
from typing import Literal

Hemisphere = Literal["north", "south"]
SeasonWeather = Literal["cold", "mild", "warm"]

# By quarter of the year, from December on in the north and from June on in the south.
_QUARTERS: tuple[SeasonWeather, ...] = ("cold", "mild", "warm", "mild")


def season_weather(day: date, hemisphere: Hemisphere) -> SeasonWeather:
    """Return the weather of the meteorological season of a day.

    December to February are cold in the north and warm in the south; spring and autumn are mild.
    """
    months = day.month + (6 if hemisphere == "south" else 0)
    return _QUARTERS[months % 12 // 3]
