"""Pieces of outfits for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.outfits.builder import Candidate
from lookbook.outfits.features import Piece
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.style import StyleModel
from lookbook.products.product import Product
from lookbook.search.items import Hit, Item
from project import configuration

NO_STYLE = StyleModel(attributes={}, outfits=0, source="nobody")
CATEGORY = {
    "T-shirt": "T-Shirt", "shirt": "Tops", "sweater": "Tops", "blouse": "Tops", "jeans": "Pants",
    "shorts": "Shorts", "skirt": "Skirts", "dress": "Dresses", "coat": "Outerwear",
    "blazer": "Outerwear", "jacket": "Outerwear", "sneakers": "Shoes", "boots": "Shoes",
    "sandals": "Shoes", "heels": "Shoes", "baby onesie": "Other",
}  # fmt: skip


def outfit_params() -> OutfitParams:
    """The project's own scales and rules."""
    return OutfitParams.model_validate(configuration("parameters_outfits")["outfits"])


def judge_of(
    schema: Schema, style: StyleModel = NO_STYLE, params: OutfitParams | None = None
) -> OutfitJudge:
    """A judge by the project's own scales and rules."""
    return OutfitJudge(style, params or outfit_params(), schema)


def probabilities(garment: str, **values: str) -> dict[str, dict[str, float]]:
    """Certain values of a plain, black, casual garment for women, but for those given."""
    usual = {"Gender": "Women", "Type": "Casual", "Pattern": "plain", "Colours": "black"}
    named = {**usual, "Garment": garment, "Category": CATEGORY[garment], **values}
    return {name: {value: 1.0} for name, value in named.items()}


def piece(garment: str, is_for_child: bool | None = None, **values: str) -> Piece:
    """A piece of which all is known."""
    return Piece(probabilities(garment, **values), None, is_for_child)


def candidate(
    name: str, garment: str, score: float = 0.0, age_group: str = "", **values: Any
) -> Candidate:
    """A candidate of which all is known; its picture follows from its name."""
    vector = np.random.default_rng(list(name.encode())).normal(size=8)
    product = Product(name, age_group=age_group) if age_group else None
    item = Item(
        name, name, {}, name, probabilities(garment, **values),
        (vector / np.linalg.norm(vector)).astype(np.float32), product,
    )  # fmt: skip
    return Candidate(Hit(item), score)
