"""Dialects and oddities of shops' files, each with the right reading."""

import json

from feeds import check


def test_gambio_writes_short_headings():
    check(
        "XTSOL|p_id|p_model|p_stock|p_priceNoTax|p_manufacturer|p_name.de|p_cat.0|p_image|"
        "p_image.1\n"
        "XTSOL|12|A-0012|5|41.90|Elbmoor|Kleid|Damen|a.jpg|b.jpg\n",
        {"id": "A-0012", "title": "Kleid", "price": 41.9, "brand": "Elbmoor", "in_stock": True,
         "gender": "Women", "images": ["a.jpg", "b.jpg"]},
    )  # fmt: skip


def test_oxid_points_to_the_parent_by_its_number():
    check(
        "OXID;OXPARENTID;OXARTNUM;OXTITLE;OXPRICE;OXSTOCK;OXPIC1;OXPIC2\n"
        "a1;;2001;Jeans;79,9;0;1.jpg;2.jpg\na2;a1;2001-1;;79,9;3;;\na3;a1;2001-2;;89,9;0;;\n",
        {"id": "2001", "title": "Jeans", "price": 79.9, "in_stock": True, "variants": 2,
         "images": ["1.jpg", "2.jpg"]},
    )  # fmt: skip


def test_ebay_states_the_currency_in_the_heading_of_actions():
    check(
        "*Action(SiteID=Germany|Currency=EUR);CustomLabel;*Title;*StartPrice;*C:Farbe\n"
        "Add;E-1;Stiefel;59,00;Braun\n",
        {"id": "E-1", "title": "Stiefel", "price": 59.0, "currency": "EUR", "colours": ["Braun"]},
    )


def test_shopifys_interface_tracks_no_stock_where_nothing_is_named():
    variants = [
        {"sku": "T-S", "price": "20.00", "inventory_management": None, "inventory_quantity": 0},
        {"sku": "T-M", "price": "20.00", "inventory_management": "shopify",
         "inventory_quantity": 0},
    ]  # fmt: skip
    check(
        json.dumps({"products": [{"handle": "tee", "title": "Tee", "variants": variants}]}),
        {"id": "tee", "title": "Tee", "price": 20.0, "in_stock": True, "variants": 2},
    )


def test_woocommerces_interface_has_0_for_no_parent():
    check(
        json.dumps([
            {"id": number, "name": name, "parent_id": 0, "brands": [{"id": 3, "name": "Odel"}],
             "attributes": [{"name": "Size", "options": ["S"]}]}
            for number, name in ((7, "Top"), (8, "Hat"))
        ]),
        {"id": "7", "title": "Top", "brand": "Odel", "sizes": ["S"]},
        {"id": "8", "title": "Hat", "brand": "Odel", "sizes": ["S"]},
    )  # fmt: skip


def test_lists_and_graphs_of_schema_org():
    offer = {"lowPrice": 9.5, "priceCurrency": "GBP"}
    cap = {"@type": "Product", "productID": "A1", "name": "Cap", "offers": offer}
    want = {"id": "A1", "title": "Cap", "price": 9.5, "currency": "GBP"}
    items = [{"@type": "ListItem", "position": 1, "item": cap}]
    check(json.dumps({"@type": "ItemList", "itemListElement": items}), want)
    check(json.dumps({"@graph": [{"@type": "Organization", "name": "Shop"}, cap]}), want)


def test_a_variant_may_be_on_sale_where_the_first_is_not():
    check(
        "Product ID,Title,SKU,Option Name 1,Option Value 1,Price,Sale Price,On Sale\n"
        "6a1,Robe,R-1,Size,S,120,99,No\n,,R-2,,M,120,99,Yes\n",
        {"id": "6a1", "title": "Robe", "price": 120.0, "sale_price": 99.0, "sizes": ["S", "M"],
         "variants": 2},
    )  # fmt: skip


def test_googles_id_counts_more_than_that_of_atom():
    check(
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
        "<entry><id>tag:1</id><g:id>01</g:id><title>Tee</title></entry></feed>",
        {"id": "01", "title": "Tee"},
    )


def test_a_column_may_say_that_something_is_sold_out():
    check(
        "sku,name,Sold out?\n1,Boot,No\n2,Shoe,Yes\n",
        {"id": "1", "title": "Boot", "in_stock": True},
        {"id": "2", "title": "Shoe", "in_stock": False},
    )


def test_google_has_german_headings():
    check(
        "ID\tTitel\tBildlink\tZusätzlicher Bildlink\tPreis\tSonderangebotspreis\tArtikelgruppen-ID"
        "\nd-1\tHemd\ta.jpg\tb.jpg\t39,90 EUR\t29,90 EUR\tG1\n",
        {"id": "G1", "title": "Hemd", "price": 39.9, "sale_price": 29.9, "currency": "EUR",
         "images": ["a.jpg", "b.jpg"]},
    )  # fmt: skip


def test_amazon_names_its_markets_in_headings():
    check(
        "SKU\tItem Name\tYour Price USD (Sell on Amazon, US)\tQuantity (US)\tList Price\n"
        "S-1\tShirt\t40.00\t3\t60\n",
        {"id": "S-1", "title": "Shirt", "price": 40.0, "currency": "USD", "in_stock": True},
    )


def test_prestashop_has_a_fourth_part_of_features():
    check(
        "N° de référence;Nom*;Caractéristique (Nom:Valeur:Position:Personnalisé)\n"
        "PU-5;Pull;Couleur:bleu nuit:1:1,Taille:M:2:1\n",
        {"id": "PU-5", "title": "Pull", "sizes": ["M"], "colours": ["bleu nuit"]},
    )


def test_a_cell_may_list_variants_as_json():
    variants = '[{""sku"":""a"",""size"":""S"",""price"":9},{""sku"":""b"",""size"":""M""}]'
    check(
        f'id,name,variants,price_eur\n5,Tee,"{variants}",10\n6,Hat,,7\n',
        {"id": "5", "title": "Tee", "price": 9.0, "currency": "EUR", "sizes": ["S", "M"],
         "variants": 2},
        {"id": "6", "title": "Hat", "price": 7.0, "currency": "EUR"},
    )  # fmt: skip


def test_ebays_own_number_counts_less_than_the_sellers():
    check(
        "Item number,Custom label (SKU),Title,C:Colour,PicURL\n"
        "1001,DR-1,Dress,Teal (#008080),Colour=Teal|https://e.example/1.jpg\n",
        {
            "id": "DR-1",
            "title": "Dress",
            "colours": ["Teal"],
            "images": ["https://e.example/1.jpg"],
        },
    )
