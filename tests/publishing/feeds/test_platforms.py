"""Each platform's feed: what a product looks like there, and what is refused."""

import json
from dataclasses import replace

import pytest

from feed_products import FURTHER, PARAMS, PHOTO, PRODUCT, shop_params
from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds import google, json_ld, meta, openai
from lookbook.publishing.feeds.product import Text
from lookbook.publishing.feeds.shopify import make_shopify_feed
from lookbook.publishing.feeds.writing import make_feed

PLATFORMS = {"google": google, "meta": meta, "openai": openai, "json_ld": json_ld}


def make(name, *products, params=None):
    params = params or shop_params()
    if name == "shopify":
        return make_shopify_feed(products, params)
    return make_feed(products, PLATFORMS[name].RULES, PLATFORMS[name].lay_out, params)


def refusals(feed):
    return {row["field"]: row["reason"] for row in feed.rejections if row["left_out"] == "product"}


@pytest.mark.parametrize("name", [*PLATFORMS, "shopify"])
def test_a_complete_product_is_taken_with_its_variants(name):
    feed = make(name, PRODUCT)
    assert feed.rejections == [] and len(feed.rows) == 2


@pytest.mark.parametrize("name", PLATFORMS)
def test_settings_that_are_empty_are_named_to_those_who_need_them(name):
    product = replace(PRODUCT, link="", brand="", currency="", photos=[replace(PHOTO, address="")])
    feed = make(name, product, params=PARAMS)
    assert feed.rows == []
    advice = " ".join(row["advice"] for row in feed.rejections)
    assert "--params=export.shop.photos=https://…" in advice
    assert "--params=export.shop.currency=EUR" in advice
    if name != "json_ld":
        assert "--params=export.shop.url=https://…" in advice
        assert "--params=export.shop.brand=NAME" in advice


def test_google_gets_a_row_for_each_variant_in_one_group():
    first, second = make("google", PRODUCT).rows
    assert first == {
        "id": "WD-S", "title": "Wrap dress", "description": "A dress to wrap. In viscose.",
        "link": PRODUCT.link, "image_link": PHOTO.address, "additional_image_link": [FURTHER],
        "availability": "in_stock", "price": "79.90 EUR", "sale_price": "59.90 EUR",
        "condition": "new", "brand": "Ondrelle", "gtin": "4006381333931",
        "google_product_category": "Apparel & Accessories > Clothing > Dresses",
        "product_type": "Women > Dresses", "item_group_id": "wrap-dress", "color": "red",
        "size": "S", "gender": "female", "age_group": "adult", "material": "viscose",
        "pattern": "plain",
    }  # fmt: skip
    assert (second["id"], second["availability"], second["sale_price"]) == (
        "WD-M", "out_of_stock", "",
    )  # fmt: skip


def test_google_is_told_which_texts_a_model_wrote():
    product = replace(
        PRODUCT, title=Text('A 3" hem: red', by_model=True), description=Text("By a person.")
    )
    (row, _) = make("google", product).rows
    assert row["structured_title"] == 'trained_algorithmic_media:"A 3"" hem: red"'
    assert "title" not in row and row["description"] == "By a person."
    long = replace(PRODUCT, title=Text("word " * 99, by_model=True), description=Text("a " * 9999))
    feed = make("google", long)
    assert feed.rejections == [] and len(feed.rows[0]["description"]) <= 5000


def test_google_refuses_what_it_documents():
    product = replace(
        PRODUCT, id="x" * 51, description=Text(""), gender="", age_group="", colours="",
        variants=[replace(PRODUCT.variants[0], id="x" * 51, colour="", size="", price=0.0)],
    )  # fmt: skip
    assert refusals(make("google", product)) == {
        "id": "it has 51 letters, and 50 are allowed",
        "description": "it is missing",
        "price": "it is not a price above 0",
        "color": "it is missing",
        "size": "it is missing",
        "gender": "it is missing",
        "age_group": "it is missing",
    }
    elsewhere = replace(product, id="x", description=Text("A text."))
    elsewhere = replace(elsewhere, variants=[replace(PRODUCT.variants[0], size="", colour="")])
    assert make("google", elsewhere, params=shop_params(countries=["AT"])).rejections == []


def test_a_product_without_a_good_photo_is_refused_with_what_its_photos_lack():
    feed = make("google", replace(PRODUCT, photos=[replace(PHOTO, width=300)]))
    (row,) = feed.rejections
    assert row["reason"] == "it has 300 × 1200 pixels, and 500 × 500 are asked for"
    (row,) = make("google", replace(PRODUCT, photos=[])).rejections
    assert row["reason"] == "no usable photo belongs to it"


def test_a_variant_without_a_price_and_a_wrong_barcode_are_left_out_alone():
    first, second = PRODUCT.variants
    product = replace(PRODUCT, variants=[replace(first, gtin="123"), replace(second, price=None)])
    feed = make("google", product)
    assert len(feed.rows) == 1 and "gtin" not in feed.rows[0]
    assert [(row["variant_id"], row["left_out"], row["field"]) for row in feed.rejections] == [
        ("WD-M", "variant", "price"), ("WD-S", "field", "gtin"),
    ]  # fmt: skip


def test_a_variant_has_its_own_page_and_photo_where_the_shop_says_so():
    page = "https://lookbook.example/p/wrap-dress?variant=2"
    photos = [replace(photo, image=photo.file) for photo in PRODUCT.photos]
    second = replace(PRODUCT.variants[1], link=page, image="b.png")
    product = replace(PRODUCT, photos=photos, variants=[PRODUCT.variants[0], second])
    rows = make("google", product).rows
    assert [row["link"] for row in rows] == [PRODUCT.link, page]
    assert [row["image_link"] for row in rows] == [PHOTO.address, FURTHER]
    assert [row["additional_image_link"] for row in rows] == [[], [PHOTO.address]]
    assert [row["Variant image URL"] for row in make("shopify", product).rows] == ["", FURTHER]


def test_a_sale_price_that_saves_nothing_is_left_out():
    product = replace(PRODUCT, variants=[replace(PRODUCT.variants[0], sale_price=79.9)])
    feed = make("google", product)
    assert "sale_price" not in feed.rows[0]
    assert feed.rejections[0]["reason"] == "it is not below 79.90 EUR"


def test_meta_writes_availability_with_blanks_and_bounds_further_photos():
    photos = [PHOTO] + [
        replace(PHOTO, address=f"https://cdn.lookbook.example/{n}{'a' * 300}.jpg") for n in range(9)
    ]
    row, _ = make("meta", replace(PRODUCT, photos=photos)).rows
    assert row["availability"] == "in stock" and row["item_group_id"] == "wrap-dress"
    assert 1 < len(row["additional_image_link"]) < 9
    assert len(",".join(row["additional_image_link"])) <= 2000


def test_meta_refuses_webp_and_unknown_stock():
    photo = replace(PHOTO, format="webp", address="https://cdn.lookbook.example/a.webp")
    variant = replace(PRODUCT.variants[0], in_stock=None)
    found = refusals(make("meta", replace(PRODUCT, photos=[photo], variants=[variant])))
    assert found["photo"] == "its format 'webp' is not one of jpg, png"
    assert found["availability"] == "it is missing"


def test_openai_gets_flags_the_seller_and_variants_with_their_options():
    row, _ = make("openai", PRODUCT).rows
    assert row["variant_dict"] == {"color": "red", "size": "S"} and row["group_id"] == "wrap-dress"
    assert (row["is_eligible_search"], row["is_eligible_checkout"]) == (True, False)
    assert (row["seller_name"], row["seller_url"]) == ("Ondrelle", "https://lookbook.example")
    assert (row["target_countries"], row["store_country"]) == (["DE", "AT"], "DE")
    assert set(refusals(make("openai", PRODUCT, params=PARAMS))) == {
        "seller_name", "seller_url", "target_countries", "store_country",
    }  # fmt: skip
    unknown = replace(PRODUCT, variants=[replace(PRODUCT.variants[0], in_stock=None)])
    assert make("openai", unknown).rows[0]["availability"] == "unknown"


def test_json_ld_groups_variants_and_asks_the_price_that_a_customer_pays():
    ((product, rows),) = make("json_ld", PRODUCT).products
    group = json_ld.to_json_ld(product, rows)
    assert json.dumps(group) and group["@context"] == "https://schema.org/"
    assert (group["@type"], group["productGroupID"]) == ("ProductGroup", "wrap-dress")
    assert group["variesBy"] == ["https://schema.org/size"]
    assert group["brand"] == {"@type": "Brand", "name": "Ondrelle"}
    first = group["hasVariant"][0]
    assert first["offers"] == {
        "@type": "Offer", "price": "59.90", "priceCurrency": "EUR", "url": PRODUCT.link,
        "availability": "https://schema.org/InStock",
        "itemCondition": "https://schema.org/NewCondition",
    }  # fmt: skip
    single = replace(PRODUCT, variants=PRODUCT.variants[:1])
    ((product, rows),) = make("json_ld", single).products
    alone = json_ld.to_json_ld(product, rows)
    assert alone["@type"] == "Product" and "hasVariant" not in alone
    assert refusals(make("json_ld", replace(PRODUCT, title=Text("")))) == {"name": "it is missing"}


def test_shopify_gets_rows_for_variants_and_photos():
    product = replace(PRODUCT, photos=[*PRODUCT.photos, PHOTO], description=Text("A & B\nC"))
    first, second, third = make("shopify", product).rows
    assert (first["Title"], first["Description"]) == ("Wrap dress", "<p>A &amp; B</p><p>C</p>")
    assert (first["Price"], first["Compare-at price"], first["Status"]) == (
        "59.90", "79.90", "Draft",
    )  # fmt: skip
    assert [first[f"Option{n} {part}"] for n in (1, 2) for part in ("name", "value")] == [
        "Color", "red", "Size", "S",
    ]  # fmt: skip
    assert first["Color (product.metafields.shopify.color-pattern)"] == "red; pink"
    assert first["Target gender (product.metafields.shopify.target-gender)"] == "female"
    assert first["Google Shopping / Age group"] == "Adult" and first["Type"] == "Dresses"
    assert "Title" not in second and second["Option2 value"] == "M"
    assert (second["Inventory quantity"], second["Image position"]) == ("0", "2")
    assert third == {
        "URL handle": "wrap-dress", "Product image URL": PHOTO.address, "Image position": "3",
        "Image alt text": "Red wrap dress",
    }  # fmt: skip


def test_shopify_refuses_products_without_a_title_and_variants_that_are_alike():
    assert refusals(make("shopify", replace(PRODUCT, title=Text("")))) == {"Title": "it is missing"}
    first, second = PRODUCT.variants
    feed = make("shopify", replace(PRODUCT, variants=[first, replace(second, size="S")]))
    assert [row["reason"] for row in feed.rejections] == ["another variant has the same"]
    assert len({row.get("SKU") for row in feed.rows if "SKU" in row}) == 1


def test_shopify_takes_drafts_without_prices_and_photos_but_sells_none():
    bare = replace(
        PRODUCT, photos=[], variants=[replace(PRODUCT.variants[0], price=None, sale_price=None)]
    )
    (row,) = make("shopify", bare).rows
    assert (row["Price"], row["Published on online store"]) == ("", "FALSE")
    dumped = PARAMS.model_dump()
    active = {**dumped, "shopify": {**dumped["shopify"], "status": "active"}}
    feed = make("shopify", bare, params=ExportParams.model_validate(active))
    assert refusals(feed)["Price"] == "it is missing, and the product is sold"


@pytest.mark.parametrize(
    "shop",
    [{"url": "shop.example"}, {"countries": ["Germany"]}, {"currency": "€"}, {"condition": "old"}],
)
def test_settings_that_no_platform_understands_stop_the_run(shop):
    with pytest.raises(ValueError, match=next(iter(shop))):
        shop_params(**shop)


def test_countries_of_the_command_line_are_split_at_blanks():
    assert shop_params(countries="DE AT").shop.countries == ["DE", "AT"]
