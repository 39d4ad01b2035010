"""Lays products out for a platform, and sets aside what its rules refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds.product import FeedProduct, Photo, Variant
from lookbook.publishing.feeds.rules import FeedRules, Problem, Row, check_row, choose_photos

REJECTIONS = [
    "feed", "product_id", "variant_id", "left_out", "field", "value", "reason", "advice",
]  # fmt: skip
PRODUCT, VARIANT, PHOTO, FIELD = "product", "variant", "photo", "field"
# Letters of a value that are listed.
_MAX_VALUE = 200
# Fields of the main photo.
_MAIN_PHOTOS = ("image_link", "image_url", "image")
_NO_PHOTO = Problem(
    "photo", "", "no usable photo belongs to it", "Look up in quarantine.csv what its photos lack."
)
LayOut = Callable[[FeedProduct, Variant, list[Photo], ExportParams], Row]


@dataclass
class Feed:
    """What goes to a platform.

    Attributes:
        name: The feed's name.
        products: Each product that the platform takes, with its rows.
        rejections: What is left out, rows of :data:`REJECTIONS`.
    """

    name: str
    products: list[tuple[FeedProduct, list[Row]]] = field(default_factory=list)
    rejections: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All rows."""
        return [row for _, rows in self.products for row in rows]

    def reject(
        self, product: FeedProduct, left_out: str, problem: Problem, variant_id: str = ""
    ) -> None:
        """List what is left out."""
        row = (
            self.name, product.id, variant_id, left_out, problem.field,
            problem.value[:_MAX_VALUE], problem.reason, problem.advice,
        )  # fmt: skip
        self.rejections.append(dict(zip(REJECTIONS, row, strict=True)))


def make_feed(
    products: Iterable[FeedProduct], rules: FeedRules, lay_out: LayOut, params: ExportParams
) -> Feed:
    """Lay out a feed with a row for each variant.

    A variant that the platform refuses is left out, and a product once all of its variants are.
    A field that the platform does not ask for is left empty if it breaks a rule.

    Args:
        products: All products.
        rules: What the platform takes.
        lay_out: Makes the row of a variant.
        params: Settings.
    """
    feed = Feed(rules.feed)
    countries = params.shop.countries
    for product in products:
        photos, photo_problems = choose_photos(product, rules.photo)
        rows: list[Row] = []
        refused: list[tuple[Variant, list[Problem]]] = []
        minor: list[tuple[Variant, Problem]] = []
        for variant in product.variants:
            row = lay_out(product, variant, product.photos_of(variant, photos), params)
            fatal, others = check_row(row, rules, product, countries)
            if fatal:
                refused.append((variant, fatal))
                continue
            wrong = {problem.field for problem in others}
            rows.append({name: value for name, value in row.items() if name not in wrong})
            minor += [(variant, problem) for problem in others]
        if not rows:
            _reject_product(feed, product, refused, photos, photo_problems)
            continue
        feed.products.append((product, rows))
        for problem in photo_problems:
            feed.reject(product, PHOTO, problem)
        for variant, problems in refused:
            for problem in problems:
                feed.reject(product, VARIANT, problem, variant.id)
        for variant, problem in minor:
            feed.reject(product, FIELD, problem, variant.id)
    return feed


def _reject_product(
    feed: Feed,
    product: FeedProduct,
    refused: list[tuple[Variant, list[Problem]]],
    photos: list[Photo],
    photo_problems: list[Problem],
) -> None:
    """List why a product is left out: each reason once, and of missing photos what they lack."""
    problems = list(dict.fromkeys(problem for _, fatal in refused for problem in fatal))
    if not photos:
        problems = [problem for problem in problems if problem.field not in _MAIN_PHOTOS]
        problems += photo_problems or [_NO_PHOTO]
    for problem in problems:
        feed.reject(product, PRODUCT, problem)
