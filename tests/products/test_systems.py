"""Files as shop systems export them, each with the right reading."""

import json

import pytest

from feeds import check, saved, workbook


def test_prestashop_counts_discounts_and_features():
    check(
        "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded;Price "
        "tax included;"
        "Wholesale price;On sale (0/1);Discount amount;Discount percent;Reference #;"
        "Supplier reference #;Supplier;Manufacturer;EAN13;Quantity;Description;Image "
        "URLs (x,y,z...);"
        "Feature(Name:Value:Position)\n"
        "1;1;Robe;Femme,Robes;75;90.00;30;1;;20;RB-1;S-9;Grossiste;Marnelle;40;3;<p>Lin</p>;"
        "https://x.example/1.jpg,https://x.example/2.jpg;Colour:Bleu:1,Size:M:2\n"
        "2;0;Pull;Homme;50;60;20;0;10.00;;00042;S-9;Grossiste;;40;0;;;\n"
        "3;1;Gant;Accueil;10;12;2;1;2.50;;;;;;;5;;;\n",
        {"id": "RB-1", "title": "Robe", "price": 90.0, "sale_price": 72.0, "brand": "Marnelle",
         "in_stock": True, "sizes": ["M"], "colours": ["Bleu"], "gender": "Women",
         "images": ["https://x.example/1.jpg", "https://x.example/2.jpg"]},
        {"id": "00042", "title": "Pull", "price": 60.0, "in_stock": False, "gender": "Men"},
        {"id": "3", "title": "Gant", "price": 12.0, "sale_price": 9.5, "in_stock": True},
    )  # fmt: skip


def test_squarespace_has_its_variants_below_the_product():
    check(
        "Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],"
        "Product Page,Product URL,Title,Description,SKU,Option Name 1,Option Value 1,Option Name 2,"
        "Option Value 2,Price,Sale Price,On Sale,Stock,Categories,Tags,Visible,Hosted Image URLs\n"
        "5f1,a1,PHYSICAL,store,linen-top,Linen Top,<p>x</p>,LT-S,Size,S,Color,Sand,48.00,"
        "40.00,Yes,0,"
        "/women/tops,,Yes,https://i.example/a.jpg https://i.example/b%20c.jpg\n"
        ",a2,,,,,,LT-M,,M,,Sand,50.00,42.00,Yes,2,,,,\n"
        "5f2,b1,PHYSICAL,store,mug,Mug,,MUG-1,,,,,20.00,15.00,No,Unlimited,,,No,\n",
        {"id": "5f1", "title": "Linen Top", "price": 48.0, "sale_price": 40.0, "in_stock": True,
         "sizes": ["S", "M"], "colours": ["Sand"], "gender": "Women", "variants": 2,
         "images": ["https://i.example/a.jpg", "https://i.example/b%20c.jpg"]},
        {"id": "MUG-1", "title": "Mug", "price": 20.0, "in_stock": True},
    )  # fmt: skip


def test_wix_lists_options_and_adds_surcharges():
    check(
        "handleId,fieldType,name,description,productImageUrl,collection,sku,ribbon,price,surcharge,"
        "visible,discountMode,discountValue,inventory,weight,cost,productOptionName1,"
        "productOptionType1,productOptionDescription1,productOptionName2,productOptionType2,"
        "productOptionDescription2,additionalInfoTitle1,additionalInfoDescription1,brand\n"
        "tee,Product,Tee,<p>x</p>,a_1.jpg;a_2.jpg,Men;Sale,T,,25,,true,PERCENT,20,InStock,,9,Size,"
        "DROP_DOWN,S;M,Color,COLOR,#2e8b57:Sea;#ffffff:White,Care,Wash; dry,Odel\n"
        "tee,Variant,,,,,T-S,,,0,true,,,0,,,Size,DROP_DOWN,S,Color,COLOR,#2e8b57:Sea,,,\n"
        "tee,Variant,,,,,T-M,,,5,true,,,3,,,Size,DROP_DOWN,M,Color,COLOR,#ffffff:White,,,\n"
        "cap,Product,Cap,,,,C,,30,,true,AMOUNT,4.5,OutOfStock,,,,,,,,,,,\n",
        {"id": "tee", "title": "Tee", "price": 25.0, "sale_price": 20.0, "brand": "Odel",
         "in_stock": True, "sizes": ["S", "M"], "colours": ["Sea", "White"], "gender": "Men",
         "images": ["a_1.jpg", "a_2.jpg"], "variants": 2},
        {"id": "cap", "title": "Cap", "price": 30.0, "sale_price": 25.5, "in_stock": False},
    )  # fmt: skip


def test_new_wix_has_rows_of_media():
    check(
        "handle,fieldType,name,visible,plainDescription,media,mediaAltText,brand,price,"
        "strikethroughPrice,inventory,sku,productOptionName1,productOptionType1,"
        "productOptionChoices1\n"
        "tee,PRODUCT,Tee,TRUE,Soft,https://w.example/1.jpg,front,Odel,20,25,,,Size,"
        "TEXT_CHOICES,S;M\n"
        "tee,MEDIA,,,,https://w.example/2.jpg,back,,,,,,,,\n"
        "tee,VARIANT,,TRUE,,,,,20,25,IN_STOCK,T-S,Size,TEXT_CHOICES,S\n"
        "tee,VARIANT,,TRUE,,,,,22,,OUT_OF_STOCK,T-M,Size,TEXT_CHOICES,M\n",
        {"id": "tee", "title": "Tee", "price": 22.0, "sale_price": 20.0, "brand": "Odel",
         "in_stock": True, "sizes": ["S", "M"], "variants": 2,
         "images": ["https://w.example/1.jpg", "https://w.example/2.jpg"]},
    )  # fmt: skip


def test_new_bigcommerce_has_rows_of_variants_and_images():
    head = (
        "Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Low Stock,Price,Cost Price,"
        "Retail Price,Sale Price,Brand ID,Channels,Categories,Description,Custom Fields,Page Title,"
        "Product URL,UPC/EAN,Is Visible,Variant Image URL,Internal Image URL (Export),"
        "Image URL (Import),Image Description,Image is Thumbnail,Image Sort Order,YouTube ID\n"
    )
    check(
        head + "Product,10,Parka,physical,PK,,variant,0,0,200,90,250,0,38,1,Women/Coats,<p>x</p>,,,"
        "/parka/,,TRUE,,,,,,,\n"
        "Variant,11,,,PK-S,Type=Rectangle|Name=Size|Value=SType=Swatch|Name=Color|"
        "Value=Sea[#2e8b57],"
        ",0,0,210,,,190,,,,,,,,,TRUE,https://b.example/v.jpg,,,,,,\n"
        "Variant,12,,,PK-M,Type=Rectangle|Name=Size|Value=M|Type=Swatch|Name=Color|"
        "Value=Sea[#2e8b57],"
        ",4,0,,,,,,,,,,,,,TRUE,,,,,,,\n"
        "Image,13,,,,,,,,,,,,,,,,,,,,,,https://b.example/2.jpg,,back,FALSE,1,\n"
        "Image,14,,,,,,,,,,,,,,,,,,,,,,https://b.example/1.jpg,,front,TRUE,0,\n"
        "Video,15,,,,,,,,,,,,,,,,,,,,,,,,,,,abc\n"
        "Product,20,Voucher,digital,V,,none,0,0,30,,,,,1,,,,,/voucher/,,TRUE,,,,,,,\n",
        {"id": "PK", "title": "Parka", "price": 200.0, "sale_price": 190.0, "in_stock": True,
         "sizes": ["S", "M"], "colours": ["Sea"], "url": "/parka/",
         "gender": "Women", "variants": 2,
         "images": [f"https://b.example/{name}.jpg" for name in "12v"]},
        {"id": "V", "title": "Voucher", "price": 30.0, "in_stock": True, "url": "/voucher/"},
    )  # fmt: skip


def test_magento_translates_and_prices_a_product_for_other_stores():
    check(
        "sku,store_view_code,product_type,categories,name,price,special_price,base_image,"
        "additional_images,additional_attributes,qty,is_in_stock,manage_stock,"
        "use_config_manage_stock,"
        "url_key,configurable_variations\n"
        'A-S,,simple,Default Category/Women,Top S,30.0000,,/a.jpg,,"size=S,'
        'color=Blue/White",0,,1,0,,\n'
        'B-1,,simple,Default Category/Men,Belt,20.0000,15.0000,/b.jpg,,"size=Onesize|'
        'Long",0.0000,,0,0,,\n'
        'A,,configurable,Default Category/Women,Top,,,/a.jpg,"/a.jpg,/a2.jpg",'
        '"brand=Odel",0,1,,,top,'
        '"sku=A-S,size=S"\n'
        "A,fr,configurable,,Haut,25.0000,,,,,,,,,,\n"
        "B-1,de,simple,,Gürtel,19.0000,,,,,,,,,,\n",
        {"id": "B-1", "title": "Belt", "price": 20.0, "sale_price": 15.0, "in_stock": True,
         "gender": "Men", "images": ["/b.jpg"], "sizes": ["Onesize", "Long"], "variants": 2},
        {"id": "A", "title": "Top", "price": 30.0, "brand": "Odel", "in_stock": False,
         "gender": "Women", "sizes": ["S"], "colours": ["Blue/White"],
         "images": ["/a.jpg", "/a2.jpg"]},
    )  # fmt: skip


def test_shopware_points_to_the_parent_by_its_number():
    check(
        "id;parent_id;product_number;active;stock;name;description;price_net;price_gross;"
        "list_price_gross;"
        "manufacturer_name;categories;cover_media_url;options\n"
        "0a1;;SW-1;1;0;Hemd;;50;59.9;79.9;Nordwerk;Herren|Hemden;https://s.example/h.jpg;\n"
        "0a2;0a1;SW-1.1;1;4;;;;;;;;;Größe: S|Farbe: Blau\n"
        "0a3;0a1;SW-1.2;1;0;;;54.5;64.9;;;;;Größe: M|Farbe: Blau\n"
        "0b1;;SW-2;0;0;Schal;;20;24;;Nordwerk;;;\n",
        {"id": "SW-1", "title": "Hemd", "price": 59.9, "brand": "Nordwerk", "in_stock": True,
         "sizes": ["S", "M"], "colours": ["Blau"], "gender": "Men", "variants": 2,
         "images": ["https://s.example/h.jpg"]},
        {"id": "SW-2", "title": "Schal", "price": 24.0, "brand": "Nordwerk", "in_stock": False},
    )  # fmt: skip


def test_a_google_feed_in_atom_has_its_link_in_an_attribute():
    check(
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>'
        '<link rel="self" href="https://a.example/feed"/>'
        "<entry><g:id>A-1</g:id><title>Hat &amp;amp; Scarf</title>"
        '<link rel="alternate" href="https://a.example/hat"/><summary>Warm</summary>'
        "<g:image_link>https://a.example/hat.jpg</g:image_link><g:price>1,299.00 CHF</g:price>"
        "<g:availability>preorder</g:availability><g:gender>female</g:gender>"
        "<g:additional_image_link>https://a.example/2.jpg</g:additional_image_link></entry></feed>",
        {"id": "A-1", "title": "Hat & Scarf", "price": 1299.0, "currency": "CHF", "in_stock": False,
         "url": "https://a.example/hat", "gender": "Women",
         "images": ["https://a.example/hat.jpg", "https://a.example/2.jpg"]},
        name="feed.xml",
    )  # fmt: skip


def test_heureka_has_parameters_and_days_of_delivery():
    check(
        '<?xml version="1.0" encoding="utf-8"?><SHOP>'
        "<SHOPITEM><ITEM_ID>H1-M</ITEM_ID><PRODUCTNAME>Šaty Léto</PRODUCTNAME><"
        "PRODUCT>Šaty</PRODUCT>"
        "<URL>https://h.example/saty</URL><IMGURL>https://h.example/1.jpg</IMGURL>"
        "<IMGURL_ALTERNATIVE>https://h.example/2.jpg</IMGURL_ALTERNATIVE><PRICE_VAT>1 "
        "290</PRICE_VAT>"
        "<MANUFACTURER>Lesní</MANUFACTURER><CATEGORYTEXT>Oblečení | Dámské | Šaty</CATEGORYTEXT>"
        "<PARAM><PARAM_NAME>Velikost</PARAM_NAME><VAL>M</VAL></PARAM>"
        "<PARAM><PARAM_NAME>Barva</PARAM_NAME><VAL>modrá</VAL></PARAM>"
        "<DELIVERY_DATE>0</DELIVERY_DATE><ITEMGROUP_ID>H1</ITEMGROUP_ID></SHOPITEM>"
        "<SHOPITEM><ITEM_ID>H2</ITEM_ID><PRODUCTNAME>Čepice</PRODUCTNAME>"
        "<PRICE_VAT>349,50</PRICE_VAT><DELIVERY_DATE>2026-02-01</DELIVERY_DATE></SHOPITEM></SHOP>",
        {"id": "H1", "title": "Šaty Léto", "price": 1290.0, "brand": "Lesní", "in_stock": True,
         "sizes": ["M"], "colours": ["modrá"], "url": "https://h.example/saty", "gender": "Women",
         "images": ["https://h.example/1.jpg", "https://h.example/2.jpg"]},
        {"id": "H2", "title": "Čepice", "price": 349.5, "in_stock": False},
        name="heureka.xml",
    )  # fmt: skip


def test_an_openai_feed_names_groups_and_other_variants():
    rows = [
        {"id": "W-S", "item_group_id": "W", "item_group_title": "Wool Hat", "title": "Wool Hat, S",
         "link": "https://o.example/w?s", "image_link": "https://o.example/w.jpg",
         "video_link": "https://o.example/w.mp4", "model_3d_link": "https://o.example/w.glb",
         "price": "30.00 GBP", "sale_price": "", "availability": "out_of_stock",
         "custom_variant1_category": "Hat size", "custom_variant1_option": "S", "brand": "Odel",
         "inventory_quantity": 5, "seller_name": "Shop", "age_group": "adult", "gender": "male"},
        {"id": "W-M", "item_group_id": "W", "item_group_title": "Wool Hat", "title": "Wool Hat, M",
         "link": "https://o.example/w?m", "image_link": "https://o.example/w.jpg",
         "price": "28.00 GBP", "availability": "backorder",
         "custom_variant1_category": "Hat size", "custom_variant1_option": "M"},
    ]  # fmt: skip
    check(
        json.dumps({"products": rows}),
        {"id": "W", "title": "Wool Hat", "price": 28.0, "currency": "GBP", "brand": "Odel",
         "in_stock": False, "sizes": ["S", "M"], "url": "https://o.example/w?s", "gender": "Men",
         "images": ["https://o.example/w.jpg"], "variants": 2},
        name="feed.json",
    )  # fmt: skip


def test_nested_json_has_variants_options_and_images():
    product = {
        "id": 632910392, "title": "Parka", "handle": "parka", "vendor": "Odel",
        "options": [{"name": "Size", "values": ["S", "M"]}, {"name": "Color", "values": ["Sea"]}],
        "variants": [
            {"id": 1, "title": "S / Sea", "option1": "S", "price": "80.00", "sku": "P-S",
             "compare_at_price": "100.00", "inventory_quantity": 0},
            {"id": 2, "title": "M / Sea", "option1": "M", "price": "80.00", "sku": "P-M",
             "compare_at_price": None, "inventory_quantity": 2},
        ],
        "images": [{"id": 9, "position": 2, "src": "https://j.example/2.jpg"},
                   {"id": 8, "position": 1, "src": "https://j.example/1.jpg"}],
    }  # fmt: skip
    check(
        json.dumps({"products": [product]}),
        {"id": "parka", "title": "Parka", "price": 80.0, "sale_price": 80.0, "brand": "Odel",
         "in_stock": True, "sizes": ["S", "M"], "colours": ["Sea"], "variants": 2,
         "images": ["https://j.example/1.jpg", "https://j.example/2.jpg"]},
        name="products.json",
    )  # fmt: skip


def test_prices_of_offers_and_names_of_brands_may_be_nested():
    row = {
        "sku": "N-1", "name": "Tie", "brand": {"@type": "Brand", "name": "Odel"},
        "price": {"amount": 49.5, "currency": "SEK"}, "image": ["https://n.example/1.jpg"],
        "shipping": {"price": 4.0, "currency": "EUR"},
        "attributes": {"Talla": ["S", "M"], "Género": "Mujer"}, "stock": {"quantity": 0},
    }  # fmt: skip
    check(
        json.dumps([row]),
        {"id": "N-1", "title": "Tie", "price": 49.5, "currency": "SEK", "brand": "Odel",
         "in_stock": False, "sizes": ["S", "M"], "gender": "Women", "variants": 2,
         "images": ["https://n.example/1.jpg"]},
        name="products.json",
    )  # fmt: skip


def test_a_product_group_of_schema_org():
    offer = {"price": 39.99, "priceCurrency": "USD"}
    group = {
        "@type": "ProductGroup", "productGroupID": "44", "name": "Coat", "brand": {"name": "Odel"},
        "hasVariant": [
            {"sku": "44-M", "size": "M", "color": "Green", "image": "https://s.example/1.jpg",
             "offers": {**offer, "availability": "https://schema.org/InStock"}},
            {"sku": "44-S", "size": "S", "color": "Green",
             "offers": {**offer, "availability": "https://schema.org/BackOrder"}},
        ],
    }  # fmt: skip
    check(
        json.dumps(group),
        {"id": "44", "title": "Coat", "price": 39.99, "currency": "USD", "brand": "Odel",
         "in_stock": True, "sizes": ["M", "S"], "colours": ["Green"], "variants": 2,
         "images": ["https://s.example/1.jpg"]},
        name="product.json",
    )  # fmt: skip


def test_ceneo_has_its_values_in_attributes_of_xml():
    check(
        '<offers><o id="1" url="https://c.example/1" price="99.90" avail="1" stock="3">'
        "<cat><![CDATA[Moda/Damskie/Sukienki]]></cat><name><![CDATA[Sukienka]]></name>"
        '<imgs><main url="https://c.example/1.jpg"/><i url="https://c.example/2.jpg"/></imgs>'
        '<attrs><a name="Producent"><![CDATA[Wisz]]>'
        '</a><a name="Rozmiar">M</a></attrs></o></offers>',
        {"id": "1", "title": "Sukienka", "price": 99.9, "brand": "Wisz", "in_stock": True,
         "sizes": ["M"], "url": "https://c.example/1", "gender": "Women",
         "images": ["https://c.example/1.jpg", "https://c.example/2.jpg"]},
        name="offers.xml",
    )  # fmt: skip


def test_prices_of_other_markets_do_not_count():
    check(
        "SKU,Name,Price USD,Price EUR,Sale Price USD,Sale Price EUR\n1,a,10,9,8,7\n2,b,,9,,\n",
        {"id": "1", "title": "a", "price": 10.0, "currency": "USD", "sale_price": 8.0},
        {"id": "2", "title": "b", "currency": "USD"},
    )


def test_a_row_a_photo():
    check(
        "SKU,Title,Image,Price\n1,Top,a.jpg,5\n1,Top,b.jpg,5\n2,Hat,c.jpg,6\n2,,d.jpg,\n"
        "Exported 2025-12-03,,,\n",
        {"id": "1", "title": "Top", "price": 5.0, "images": ["a.jpg", "b.jpg"]},
        {"id": "2", "title": "Hat", "price": 6.0, "images": ["c.jpg", "d.jpg"]},
    )


def test_a_swiss_table():
    check(
        "Art.-Nr.;Artikel;VK-Preis brutto;EK;Statt-Preis;Rabatt in %;Grösse;Farben;Lieferzeit;"
        "Bild-URL;Produktlink\n"
        "4.010;Schal;CHF 49.90;20;;10;M, L;rot, blau;0 Tage;https://g.example/1.jpg;/schal\n"
        "4.020;Hut;89.–;30;CHF 99.–;;;;2026-02-01;;hut\n",
        {"id": "4.010", "title": "Schal", "price": 49.9, "currency": "CHF", "sale_price": 44.91,
         "sizes": ["M, L"], "colours": ["rot", "blau"], "in_stock": True, "url": "/schal",
         "images": ["https://g.example/1.jpg"], "variants": 2},
        {"id": "4.020", "title": "Hut", "price": 99.0, "currency": "CHF", "sale_price": 89.0,
         "in_stock": False},
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        'sku,title,price\n1,"a \\"b\\", c",5\n2,d,6\n',
        'sku\ttitle\tprice\n1\ta "b", c\t5\n2\td\t6\n',
    ],
)
def test_quotes_behind_backslashes_or_none_at_all(text):
    check(
        text,
        {"id": "1", "title": 'a "b", c', "price": 5.0},
        {"id": "2", "title": "d", "price": 6.0},
    )


def test_a_spanish_table():
    check(
        "Código;Nombre;Precio;Precio anterior;Moneda;Tallas;Color;Género;Disponibilidad;Fotos;"
        "Enlace;Marca;Proveedor\n"
        "0007;Falda «Río»;29,95;39,95;EUR;36, 38, 38,5;rojo/negro;Mujer;Agotado;"
        "rio 1.jpg;https://e.example/rio;Lunera;Textil SA\n".encode("latin-1"),
        {"id": "0007", "title": "Falda «Río»", "price": 39.95, "sale_price": 29.95,
         "currency": "EUR", "sizes": ["36", "38", "38,5"], "colours": ["rojo/negro"],
         "gender": "Women", "in_stock": False, "images": ["rio 1.jpg"], "variants": 3,
         "url": "https://e.example/rio", "brand": "Lunera"},
    )  # fmt: skip


def test_a_polish_table():
    check(
        "Kod produktu|Nazwa|Cena brutto|Cena netto|Cena promocyjna|Rozmiar|Kolor|Płeć|"
        "Stan magazynowy|Zdjęcie 1|Zdjęcie 2|Producent|Dostawca\n"
        "PL-1|Kurtka „Wisła”|1 299,00 zł|1 056,10 zł|999,00 zł|M|granat|Damskie|7|a.jpg|"
        "b.jpg|Wisz|Hurt\n"
        "Razem|||||||||||||\n".encode("cp1250"),
        {"id": "PL-1", "title": "Kurtka „Wisła”", "price": 1299.0, "sale_price": 999.0,
         "currency": "PLN", "sizes": ["M"], "colours": ["granat"], "gender": "Women",
         "in_stock": True, "images": ["a.jpg", "b.jpg"], "brand": "Wisz"},
    )  # fmt: skip


def test_a_workbook_with_hidden_sheets_formats_and_parents():
    old = [["SKU", "Name", "Price", "Brand", "Colour", "Size"], ["X", "Old", 1, "b", "c", "s"]]
    rows = [
        ["Autumn range"],
        [],
        ["Style no.", "Name", "Price", "Old price", "Size", "Stock", "Photo"],
        [71, "Coat", 1299.5, 1500, None, None, "coat.jpg"],
        [None, None, None, None, 36.0, 2, None],
        [None, None, None, None, 37.5, 0, "coat 2.jpg"],
        [85, "Scarf", None, None, "One Size", 4, None],
        [None, None, None, None, None, 6, None],
        ["Total", None, 1299.5, None, None, 6, None],
    ]
    book = workbook(
        [("Old", old, "hidden"), ("Notes", [["Read me"]], "visible"), ("AW", rows, "visible")]
    )
    sheet = book["AW"]
    for row in range(4, 8):
        sheet.cell(row, 1).number_format = "0000"
        sheet.cell(row, 3).number_format = "#,##0.00\\ [$€-407]"
    check(
        saved(book),
        {"id": "0071", "title": "Coat", "price": 1500.0, "sale_price": 1299.5, "currency": "EUR",
         "sizes": ["36", "37.5"], "in_stock": True, "variants": 2,
         "images": ["coat.jpg", "coat 2.jpg"]},
        {"id": "0085", "title": "Scarf", "sizes": ["One Size"], "in_stock": True},
        name="range.xlsx",
    )  # fmt: skip


def test_ebay_has_its_variations_below_the_product():
    check(
        "Action,CustomLabel,Title,Relationship,RelationshipDetails,StartPrice,Quantity,"
        "PicURL,Brand\n"
        "Add,E-1,Boots,,Size=38;39|Color=Tan,,,https://e.example/1.jpg|"
        "https://e.example/2.jpg,Odel\n"
        ",E-1-38,,Variation,Size=38|Color=Tan,59.00,0,,\n"
        ",E-1-39,,Variation,Size=39|Color=Tan,61.00,3,,\n",
        {"id": "E-1", "title": "Boots", "price": 59.0, "brand": "Odel", "in_stock": True,
         "sizes": ["38", "39"], "colours": ["Tan"], "variants": 2,
         "images": ["https://e.example/1.jpg", "https://e.example/2.jpg"]},
    )  # fmt: skip


def test_meta_numbers_images_and_their_tags():
    check(
        "id,title,availability,price,link,image[0].url,image[0].tag[0],image[1].url,video[0].url,"
        "item_group_id,size,age_group,gender\n"
        "m-1,Tee,available for order,9.00 USD,https://m.example,https://m.example/1.jpg,front,"
        "https://m.example/2.jpg,https://m.example/v.mp4,,00,all ages,unisex\n",
        {"id": "m-1", "title": "Tee", "price": 9.0, "currency": "USD", "in_stock": False,
         "url": "https://m.example", "sizes": ["00"], "gender": "Unisex",
         "images": ["https://m.example/1.jpg", "https://m.example/2.jpg"]},
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32-be"])
def test_any_encoding_and_line_end(encoding):
    check(
        "sep=;\r\nSKU;Titel;Preis in CHF\r\n1;Möwe;1’299.–\r\n2;Rabe;89.–\r\n".encode(encoding)
        if encoding != "utf-32-be"
        else (
            "'SKU'\t'Titel'\t'Preis in CHF'\r'1'\t'Möwe'\t'1''299.–'\r'2'\t'Rabe'\t'89.–'\r"
        ).encode(),
        {"id": "1", "title": "Möwe", "price": 1299.0, "currency": "CHF"},
        {"id": "2", "title": "Rabe", "price": 89.0, "currency": "CHF"},
    )


def test_a_line_sheet_has_labels_between_its_rows_and_discounts_in_money():
    check(
        "Style #;Item;Price;Rabatt (€);Stock\nKnitwear;;;;\nK-1;Jumper;50,00 €;5;1\n"
        "Outerwear;;;;\nO-1;Coat;150,00 €;;0\n",
        {"id": "K-1", "title": "Jumper", "price": 50.0, "currency": "EUR", "sale_price": 45.0,
         "in_stock": True},
        {"id": "O-1", "title": "Coat", "price": 150.0, "currency": "EUR", "in_stock": False},
    )  # fmt: skip


def test_a_shop_may_sell_pictures_and_describe_them_in_html():
    check(
        "SKU,Title,Type,Features,Link\n"
        "1,Sea,Picture,<p>Size: fits all: yes</p>,https://a.example\n"
        "2,Hill,Photo,,https://b.example\n",
        {"id": "1", "title": "Sea", "url": "https://a.example"},
        {"id": "2", "title": "Hill", "url": "https://b.example"},
    )


def test_variants_may_have_nothing_but_a_title_in_common():
    check(
        "Title,Size,Price\nTop,S,9\nTop,M,8\nHat,,7\n",
        {"id": "Top", "title": "Top", "price": 8.0, "sizes": ["S", "M"], "variants": 2},
        {"id": "Hat", "title": "Hat", "price": 7.0},
    )


@pytest.mark.parametrize(
    "heading",
    [
        "ID,Typ,Artikelnummer,Name,Vorrätig?,Lager,Angebotspreis,Regulärer Preis,Kategorien,Bilder,"
        "Übergeordnetes Produkt,Marken,Attribut 1 Name,Attribut 1 Wert(e)",
        "ID,Type,UGS,Nom,En stock ?,Stock,Tarif promo,Tarif régulier,Catégories,Images,Parent,"
        "Marques,Nom de l'attribut 1,Valeur(s) de l'attribut 1",
        "ID,Tipo,SKU,Nombre,¿Existencias?,Inventario,Precio rebajado,Precio normal,Categorías,"
        "Imágenes,Superior,Marcas,Nombre del atributo 1,Valor(es) del atributo 1",
    ],
)
def test_woocommerce_has_headings_in_the_shops_language(heading):
    check(
        f'{heading}\n1,variable,W,Top,1,,,,Women > A,https://w.example/1.jpg,,Odel,Size,"S, M"\n'
        "2,variation,W-S,Top - S,0,0,,30,,,W,,Size,S\n"
        "3,variation,W-M,Top - M,1,4,25,30,,,W,,Size,M\n",
        {"id": "W", "title": "Top", "price": 30.0, "sale_price": 25.0, "brand": "Odel",
         "in_stock": True, "sizes": ["S", "M"], "gender": "Women", "variants": 2,
         "images": ["https://w.example/1.jpg"]},
    )  # fmt: skip


def test_a_table_whose_only_letter_beyond_ascii_is_the_euro():
    check(
        "SKU;Titel;Preis\n1;a;5,00 €\n".encode("cp1252"),
        {"id": "1", "title": "a", "price": 5.0, "currency": "EUR"},
    )
