from datetime import date

import pytest

from lookbook.outfits.seasons import season_weather


@pytest.mark.parametrize(
    ("month", "north", "south"),
    [
        (12, "cold", "warm"), (1, "cold", "warm"), (2, "cold", "warm"), (3, "mild", "mild"),
        (5, "mild", "mild"), (6, "warm", "cold"), (8, "warm", "cold"), (9, "mild", "mild"),
        (11, "mild", "mild"),
    ],
)  # fmt: skip
def test_the_weather_follows_from_the_date_and_the_hemisphere(month, north, south):
    day = date(2026, month, 28)
    assert (season_weather(day, "north"), season_weather(day, "south")) == (north, south)
