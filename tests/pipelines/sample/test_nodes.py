from lookbook.photos.drawing import LABELS
from lookbook.pipelines.sample.nodes import SampleParams, draw_sample
from project import configuration

PARAMS = SampleParams.model_validate(configuration("parameters_sample")["sample"])


def test_draws_a_small_shop_with_its_troubles():
    photos, rows, products = draw_sample(PARAMS)
    shown = set(products["Image Src"].dropna().str.removesuffix(".jpg"))
    assert products["Handle"].nunique() == 60
    # A file without a row, and a row without a file.
    (unlisted,) = photos.keys() - set(rows["image"])
    (missing,) = set(rows["image"]) - photos.keys()
    assert shown == set(rows["image"]) - {missing} == photos.keys() - {unlisted}
    assert set(rows["label"]) == {*LABELS, "Not sure"}
    assert set(rows["kids"]) == {True, False, "perhaps"}

    main = products.dropna(subset="Title").set_index("Handle")
    assert set(main["Status"]) == {"active", "draft"}
    assert {"on request", "0.00"} < set(main["Variant Price"])
    assert main["Variant Compare At Price"].ne("").sum() > 5
    assert products["Variant Barcode"].dropna().is_unique
    stock = products.dropna(subset="Variant SKU").groupby("Handle")["Variant Inventory Qty"]
    assert stock.agg(lambda quantities: quantities.eq("0").all()).sum() >= 3
    views = products.dropna(subset="Image Src").groupby("Handle").size()
    assert set(views) == {1, 2, 3}
