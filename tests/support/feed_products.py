"""Products and settings of feeds, as tests need them."""

from dataclasses import replace

from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds.product import FeedProduct, Photo, Text, Variant
from project import configuration

PARAMS = ExportParams.model_validate(configuration("parameters_export")["export"])
PHOTO = Photo("a.jpg", "https://cdn.lookbook.example/a.jpg", 800, 1200, "jpg", 90_000)
FURTHER = "https://cdn.lookbook.example/b.png"
PRODUCT = FeedProduct(
    id="wrap-dress",
    handle="wrap-dress",
    title=Text("Wrap dress"),
    description=Text("A dress to wrap.\nIn viscose."),
    link="https://lookbook.example/p/wrap-dress",
    brand="Ondrelle",
    currency="EUR",
    condition="new",
    availability="",
    gender="female",
    age_group="adult",
    colours="red/pink",
    google_category="Apparel & Accessories > Clothing > Dresses",
    shopify_category="Apparel & Accessories > Clothing > Dresses",
    texts={
        "gender": "female", "colours": "red/pink", "material": "viscose", "pattern": "plain",
        "size": "", "product_type": "Women > Dresses", "tags": "red, plain",
        "image_alt": "Red wrap dress",
    },
    record={"Colours": ["red", "pink"], "Material": "unknown", "Gender": "Women"},
    photos=[PHOTO, replace(PHOTO, file="b.png", address=FURTHER, format="png")],
    variants=[
        Variant("WD-S", "WD-S", "S", "red", 79.9, 59.9, True, 3, "4006381333931"),
        Variant("WD-M", "WD-M", "M", "red", 79.9, None, False, 0),
    ],
)  # fmt: skip


def shop_params(**shop) -> ExportParams:
    """Return the shipped parameters with settings of a shop."""
    settings = {"name": "Ondrelle", "url": "https://lookbook.example", "countries": ["DE", "AT"]}
    dumped = PARAMS.model_dump()
    return ExportParams.model_validate({**dumped, "shop": {**dumped["shop"], **settings, **shop}})
