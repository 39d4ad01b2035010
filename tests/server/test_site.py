import json
import re
from pathlib import Path
from string import Formatter

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from lookbook.errors import InputError
from lookbook.server.secrets import Secrets
from lookbook.server.shop_page import WEB, PageParams, page_texts
from lookbook.server.site import site_router
from project import (
    assistant_of,
    configuration,
    free_port,
    jpeg,
    keep_screenshots,
)
from serving import app_of, server_params, serving

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
# Answers take fractions of a second; a machine whose cores are busy takes its time.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 1000}
LANGUAGES = ("en", "de", "fr", "es")
SHIFT = """() => { window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(
    entry => { if (!entry.hadRecentInput) window.shift += entry.value }
)).observe({ type: "layout-shift", buffered: true }) }"""

POSITION = """position => document.querySelectorAll(".composer, .bar").forEach(
    element => { element.style.position = position }
)"""


@pytest.fixture(scope="module")
def shop_port():
    """The port of a shop's own page, whose site may open the widget."""
    return free_port()


@pytest.fixture(scope="module")
def address(ran, shop_port):
    assistant = assistant_of(ran[0])
    assistant.reload_index(assistant.params)
    origins = [f"http://127.0.0.1:{shop_port}"]
    with serving(app_of(assistant, frame_origins=origins)) as address:
        yield f"{address}/"


@pytest.fixture
def photo(tmp_path):
    def draw(label, colour):
        path = tmp_path / f"{label}-{colour}.jpg"
        path.write_bytes(jpeg(label, colour))
        return path

    return draw


def opened(browser, address, viewport=DESK, **options):
    options = {"locale": "en-US", "reduced_motion": "reduce", **options}
    page = browser.new_context(viewport=viewport, **options).new_page()
    page.set_default_timeout(PATIENCE)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.add_init_script(f"({SHIFT})()")
    page.goto(address)
    expect(page.locator("#message")).to_be_visible()
    return page


def upload(page, path):
    page.locator("#photo").set_input_files(path)
    return answered(page)


def say(page, words):
    page.locator("#message").fill(words)
    page.locator("#message").press("Enter")
    expect(page.locator(".turn.last .bubble")).to_have_text(words)
    return answered(page)


def answered(page):
    """Wait for the last answer, and return its turn."""
    turn = page.locator(".turn.last")
    expect(turn).to_have_attribute("aria-busy", "false")
    expect(turn.locator(".answer .reply, .answer .problem").first).to_be_visible()
    return turn


def slots(turn):
    return turn.locator(".slot:not(:has(.outfits)) h3")


def close(page):
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def violations(page):
    """Check a page against WCAG 2.2 AA by axe-core."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    # Cards that the composer covers until they are scrolled to would count as too small.
    page.evaluate(POSITION, "static")
    found = axe.run(page, options={"runOnly": {"type": "tag", "values": rules}})
    page.evaluate(POSITION, "")
    return [
        (one["id"], [(node["target"], node["failureSummary"]) for node in one["nodes"]])
        for one in found.response["violations"]
    ]


def check(page, name):
    """Check a state of the page: accessible, and nothing wider than the screen.

    Contrast depends on the colours, and sizes on the width: two of four combinations hold all.
    """
    for viewport, scheme in ((DESK, "light"), (PHONE, "dark")):
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], (name, viewport, scheme)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], name
    page.emulate_media(color_scheme="light")
    keep_screenshots(page, name)
    page.set_viewport_size(DESK)


def test_a_visit_from_a_photo_to_messages_items_and_back(chromium, address, photo):
    page = opened(chromium, address)
    check(page, "opened")
    turn = upload(page, photo("T-Shirt", "blue"))
    expect(turn.locator(".seen b")).to_have_text(re.compile("shirt", re.IGNORECASE))
    expect(slots(turn).first).to_have_text("bottom")
    expect(turn.locator(".reply")).to_contain_text("These go with your")
    expect(page.get_by_role("status")).to_contain_text("These go with your")
    check(page, "answered")

    card = turn.locator(".card").nth(1)
    title = card.locator(".title").inner_text()
    card.locator(".open").click()
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    check(page, "item")
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    card.locator(".more-like").click()
    turn = answered(page)
    expect(slots(turn)).to_have_text(["bottom"])
    expect(turn.locator(".said img")).to_have_attribute("alt", title)

    turn = say(page, "blue shoes")
    expect(slots(turn)).to_have_text(["shoes"])
    before = page.locator(".turn").all_inner_texts()
    page.reload()
    expect(page.locator(".turn")).to_have_count(3)
    assert page.locator(".turn").all_inner_texts() == before
    page.locator("#clear").click()
    expect(page.locator(".greeting")).to_be_visible()
    page.go_back()
    expect(page.locator(".turn")).to_have_count(3)
    assert page.evaluate("window.shift") < 0.05
    assert page.errors == []


def test_outfits_come_first_are_swapped_by_keyboard_and_shared(chromium, address, photo):
    page = opened(chromium, address)
    turn = upload(page, photo("Pants", "blue"))
    outfit = turn.locator(".outfit").first
    pieces = outfit.locator(".piece")
    expect(pieces).to_have_count(3)
    expect(outfit.locator(".reason")).not_to_be_empty()
    first_slot = slots(turn).first
    assert outfit.bounding_box()["y"] < first_slot.bounding_box()["y"]
    before = pieces.nth(2).get_attribute("data-item")
    pieces.nth(2).locator(".swap").press("Enter")
    expect(pieces.nth(2)).not_to_have_attribute("data-item", before)
    expect(pieces).to_have_count(3)
    expect(pieces.nth(2).locator(".swap")).to_be_focused()

    page.evaluate("navigator.clipboard.writeText = async text => { window.copied = text }")
    outfit.locator(".share").click()
    expect(outfit.locator(".note")).to_have_text("The link is copied.")
    shown = [piece.get_attribute("data-item") for piece in pieces.all()]
    other = opened(chromium, page.evaluate("window.copied"), PHONE)
    shared = other.locator(".outfit .piece")
    expect(shared).to_have_count(3)
    assert [piece.get_attribute("data-item") for piece in shared.all()] == shown
    check(other, "shared")
    assert page.evaluate("window.shift") < 0.05


def test_an_uncertain_recipient_is_asked_for_by_keyboard_on_a_phone(chromium, address, photo):
    page = opened(chromium, address, PHONE)
    turn = upload(page, photo("Shirt", "blue"))
    buttons = page.locator("#recipient button")
    expect(buttons).to_have_text([re.compile("Women"), re.compile("Men"), "Anyone"])
    expect(page.locator("#recipient .guess")).to_have_count(1)
    expect(turn.locator(".outfit")).not_to_have_count(0)
    for name in ("Women", "Men"):
        page.locator(f"[data-recipient={name}]").press("Enter")
        expect(page.locator("#recipient [aria-pressed=true]")).to_have_text(name)
        answered(page)
        expect(page.locator(".guess")).to_have_count(0)
    # It holds until the customer says otherwise, or shows another photo.
    turn = say(page, "shoes")
    expect(slots(turn)).to_have_text(["shoes"])
    expect(page.locator("#recipient [aria-pressed=true]")).to_have_text("Men")
    say(page, "shoes for my wife")
    expect(page.locator("#recipient")).to_have_count(0)
    upload(page, photo("Hoodie", "blue"))
    expect(page.locator("#recipient .guess")).to_have_count(1)


def test_what_was_seen_can_be_put_right(chromium, address, photo):
    page = opened(chromium, address)
    turn = upload(page, photo("Shirt", "blue"))
    turn.get_by_role("button", name="Change what was seen").click()
    editor = page.locator("#editor")
    for name, value in (("Category", "Pants"), ("Garment", "trousers"), ("Gender", "Women")):
        editor.get_by_label(name).select_option(value)
    expect(
        editor.get_by_role("group", name="Colours").locator("[aria-pressed=true]")
    ).to_have_count(1)
    check(page, "editor")
    page.locator("#apply").click()
    expect(slots(turn).first).to_have_text("top")
    # Whom it is for is known now.
    expect(page.locator("#recipient")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(1)
    # The server may have forgotten the photo: it is sent again.
    request = {}
    page.route("**/api/v1/recommend", lambda route: (
        request.update(type=route.request.headers["content-type"]),
        route.continue_()
        if request["type"].startswith("multipart")
        else route.fulfill(
            status=404, content_type="application/problem+json",
            body=json.dumps({"type": "/docs#photo-unknown", "status": 404, "detail": "gone"}),
        ),
    ))  # fmt: skip
    turn = say(page, "shoes")
    expect(slots(turn)).to_have_text(["shoes"])
    assert request["type"].startswith("multipart")


def test_a_product_shows_what_the_shop_says_and_questions_are_about_it(chromium, address):
    page = opened(chromium, address)
    turn = say(page, "LB-045-S")
    card = turn.locator(".card").first
    expect(card.locator(".title")).to_have_text("Beige Shorts")
    expect(card.locator(".price b")).to_have_text("€37.90")
    expect(card.locator(".price s")).to_have_text("€53.90")
    expect(card.locator("s.size").first).to_contain_text("S")
    expect(card.locator(".sizes")).to_contain_text("M")
    link = card.locator("a.to-shop")
    expect(link).to_have_attribute("href", "https://lookbook.example/products/beige-shorts-045")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    card.locator(".heart").click()
    card.locator(".open").click()
    dialog = page.get_by_role("dialog", name="Beige Shorts")
    expect(dialog.locator(".brand")).to_have_text("Elmshore")
    pictures = dialog.locator(".strip img")
    expect(pictures).to_have_count(2)
    dialog.locator(".strip").press("ArrowRight")
    expect(dialog.locator(".dots-row button").nth(1)).to_have_attribute("aria-current", "true")
    loaded = "picture => picture.decode().then(() => picture.naturalWidth)"
    assert pictures.nth(1).evaluate(loaded) >= 300
    dialog.locator(".zoom").click()
    expect(dialog.locator(".zoomed img")).to_be_visible()
    close(page)
    turn = say(page, "how much is it, and do you have it in S?")
    expect(turn.locator(".reply")).to_contain_text("Beige Shorts costs 37.90 EUR")
    expect(turn.locator(".reply")).to_contain_text("sold out")
    page.reload()
    page.locator("#saved").click()
    expect(page.locator("#saved-items .card .title")).to_have_text(["Beige Shorts"])
    check(page, "saved")


def test_a_shop_that_asks_for_it_is_told_what_is_shown_and_clicked(chromium, address):
    context, told = chromium.new_context(), []

    def ask_for_feedback(route):
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"feedback": True})

    def take(route):
        told.append(route.request.post_data_json)
        route.fulfill(status=204)

    context.route("**/api/v1/shop", ask_for_feedback)
    context.route("**/api/v1/feedback", take)
    context.route("https://lookbook.example/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(address)
    turn = say(page, "LB-045-S")
    turn.locator("a.to-shop").first.click()
    turn.locator(".outfit .swap").first.click()
    expect(turn.locator(".piece[aria-busy=true]")).to_have_count(0)
    page.wait_for_timeout(300)
    assert [one["event"] for one in told] == ["shown", "clicked", "dismissed"]
    assert {one["answer_id"] for one in told} == {told[0]["answer_id"]}
    assert told[1]["item_ids"] == ["beige-shorts-045"]


def test_products_are_filtered_and_sorted_by_keyboard_on_a_phone(chromium, address):
    page = opened(chromium, address, PHONE)
    say(page, "tops")
    page.locator("#open-filters").press("Enter")
    most = page.locator("#max-price")
    most.fill("cheap")
    expect(page.get_by_text("“cheap” is not a price")).to_be_visible()
    most.press("Enter")
    expect(most).to_be_focused()
    most.fill("30,00")
    page.locator("#sort").select_option("price_ascending")
    page.locator("#filters").get_by_text("Search", exact=True).click()
    page.locator("#method").select_option("semantic")
    check(page, "filters")
    page.set_viewport_size(PHONE)
    most.press("Enter")
    expect(page.locator("#open-filters")).to_have_attribute("aria-label", "Filters, 3 active")
    answered(page)
    expect(page.locator(".turn")).to_have_count(1)
    prices = [
        float(text.removeprefix("€"))
        for text in page.locator(".card .price b").all_inner_texts()
    ]  # fmt: skip
    assert len(prices) > 1 and prices == sorted(prices) and prices[-1] <= 30
    # Without a message all items are listed, by pages.
    page.locator("#clear").click()
    page.locator("#open-filters").click()
    page.locator("#sort").select_option("price_descending")
    page.locator("#apply-filters").click()
    turn = answered(page)
    expect(turn.locator(".card").first).to_be_visible()
    count = turn.locator(".card").count()
    turn.get_by_role("button", name="Show more").click()
    expect(turn.locator(".card").nth(count)).to_be_visible()


def test_visitors_see_their_own_and_what_is_said_as_text(chromium, address, photo):
    one, other = (opened(chromium, address) for _ in range(2))
    asked = []
    one.on("request", lambda request: asked.append(request.url))
    upload(one, photo("Shirt", "blue"))
    expect(upload(other, photo("Dress", "red")).locator(".seen b")).to_contain_text("Red")
    expect(slots(say(one, "shoes"))).to_have_text(["shoes"])
    expect(slots(say(other, "hats"))).to_have_text(["hat"])
    expect(one.locator(".seen b")).to_contain_text("Blue")
    words = "<img src=http://127.0.0.1:1/x onerror=alert(1)> **red** dress {{value}}"
    expect(say(one, words).locator(".bubble")).to_have_text(words)
    # Nothing is asked for elsewhere.
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert "hats" not in one.locator(".turns").inner_text()


def test_errors_are_sentences_and_the_page_goes_on(chromium, address, photo, tmp_path):
    page = opened(chromium, address)
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    turn = upload(page, tmp_path / "bad.jpg")
    expect(turn.get_by_role("alert")).to_contain_text("I cannot use this file as a photo.")
    check(page, "failed")
    expect(page.locator("#context")).to_have_count(0)
    page.context.set_offline(True)
    turn = say(page, "red dress")
    expect(turn.get_by_role("alert")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    turn.get_by_role("button", name="Try again").click()
    expect(turn.locator(".card").first).to_be_visible()
    # An example is one tap.
    page.locator("#clear").click()
    page.locator(".example").nth(1).click()
    expect(answered(page).locator(".card").first).to_be_visible()


def test_the_page_speaks_the_customers_language_and_quick_replies_are_theirs(chromium, address):
    page = opened(chromium, address, PHONE, locale="de-DE")
    expect(page.locator(".greeting")).to_have_text("Was suchen Sie?")
    assert page.evaluate("document.documentElement.lang") == "de"
    page.locator(".example").first.click()
    expect(answered(page).locator(".reply")).to_contain_text(re.compile("pass"))
    page.locator("#context button").click()
    turn = say(page, "schwarze Schuhe")
    expect(turn.locator(".price b").first).to_have_text(re.compile(r"\d+,\d\d\s€"))
    replies = page.locator(".reply-chip")
    expect(replies.first).to_have_text("günstiger")
    shown = [float(re.sub(r"\D", "", text)) for text in turn.locator(".price b").all_inner_texts()]
    replies.first.click()
    expect(page.locator(".turn")).to_have_count(3)
    cheaper = answered(page).locator(".price b").all_inner_texts()
    assert min(float(re.sub(r"\D", "", text)) for text in cheaper) < max(shown)
    page.locator("#language").select_option("fr")
    expect(page.locator("#message")).to_have_attribute("placeholder", re.compile("Dites"))
    expect(replies.first).to_have_text("moins cher")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep_screenshots(page, "french")


def test_files_are_kept_by_browsers_and_no_site_shows_the_page_in_a_frame_by_default():
    params = server_params().page
    client = TestClient(FastAPI())
    client.app.include_router(site_router(params, [], lambda count, base: []))
    page = client.get("/")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache"
    for path in re.findall(r'(?:href|src)="(web/[^"]+)"', page.text):
        file = client.get(f"/{path}")
        assert "immutable" in file.headers["cache-control"]
        again = client.get(f"/{path}", headers={"If-None-Match": file.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert "immutable" not in client.get("/web/old/app.css").headers["cache-control"]
    for path in ("/web/x/site.py", "/web/x/../site.py", "/web/x/%2e%2e/site.py", "/logo"):
        assert client.get(path).status_code == 404
    missing = params.model_copy(update={"logo": Path("no/logo.svg")})
    with pytest.raises(InputError, match="Check server"):
        site_router(missing, [], lambda count, base: [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_complete_in_every_language(language):
    names = {path.stem for path in (WEB / "texts").iterdir()}
    assert names == set(LANGUAGES)

    def fields(text):
        return sorted(field for _, field, *_ in Formatter().parse(text) if field)

    english, texts = page_texts("en"), page_texts(language)
    assert list(texts) == list(english)
    assert all(texts.values())
    assert {name: fields(text) for name, text in texts.items()} == {
        name: fields(text) for name, text in english.items()
    }


def test_every_text_of_the_page_is_used_and_there_is_no_other():
    scripts = "".join(path.read_text() for path in WEB.glob("*.js"))
    named = set(re.findall(r'\bt\(\s*"([\w. +]+)"', scripts)) | set(
        re.findall(r'"(error[\w.]*|swap\.none|waiting\.photo)"', scripts)
    )
    families = ("recipient.", "sort.", "method.")
    texts = page_texts("en")
    assert {name for name in named if name not in texts and not name.endswith(".")} == set()
    unused = {
        name
        for name in texts
        if f'"{name}"' not in scripts and not name.startswith(families)
    }  # fmt: skip
    assert unused == set()


def test_a_shop_gives_its_name_colours_texts_and_nothing_says_clothes(chromium, ran, tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="28"/>')
    page_params = configuration("parameters_server")["server"]["page"] | {
        "name": "Casa & Co", "logo": str(logo), "colours": {"accent": "#1f5fa8"},
        "languages": ["en", "es"], "messages": {"en": ["a small oak table"]}, "replies": {},
        "texts": {"en": {"greeting": "What does your home need?"}},
    }  # fmt: skip
    assistant = assistant_of(ran[0])
    assistant.reload_index(assistant.params)
    # Where programs need a key, the page has a token.
    known = Secrets(None, {"agent": "a key of some length"})
    with serving(app_of(assistant, known, page=page_params)) as address:
        page = opened(chromium, address, locale="pl-PL")
        assert page.title() == "Casa & Co"
        expect(page.locator(".name img")).to_have_attribute("alt", "Casa & Co")
        expect(page.locator(".greeting")).to_have_text("What does your home need?")
        expect(page.locator("#language option")).to_have_text(["English", "Español"])
        style = page.locator("#send").evaluate("button => getComputedStyle(button).backgroundColor")
        assert style == "rgb(31, 95, 168)"
        expect(say(page, "shoes").locator(".card").first).to_be_visible()
    words = re.compile(
        r"cloth|wear|outfit|garment|dress\b|Kleid|Mode\b|tenue|habits\b|ropa|prenda", re.I
    )
    for language in LANGUAGES:
        assert [text for text in page_texts(language).values() if words.search(text)] == []
    with pytest.raises(ValueError, match="no texts named greetings"):
        PageParams.model_validate(page_params | {"texts": {"en": {"greetings": ""}}})


HOST = """<!doctype html><html lang="de"><title>Shop</title>
<style>:root { --lookbook-accent: #1f5fa8 }</style><h1>Our shop</h1>
<script src="ADDRESSwidget.js" data-label="Stylist"></script>
<script>window.events = []; for (const name of ["open", "close", "answer", "view-product"])
document.addEventListener("lookbook:" + name, event => {
  events.push([name, event.detail]); if (window.stay) event.preventDefault() })</script>"""


def test_the_widget_opens_in_the_page_of_a_shop_and_of_no_other(chromium, address, shop_port):
    async def show(request):
        return HTMLResponse(HOST.replace("ADDRESS", address))

    shop = Starlette(routes=[Route("/{path:path}", show)])
    with serving(shop, shop_port) as own, serving(shop) as foreign:
        context = chromium.new_context(viewport=DESK, locale="en-US")
        page = context.new_page()
        page.goto(own)
        button = page.get_by_role("button", name="Stylist")
        button.press("Enter")
        panel = page.frame_locator("iframe")
        field = panel.locator("#message")
        expect(field).to_be_focused()
        expect(panel.locator(".greeting")).to_have_text("Was suchen Sie?")
        accent = "button => getComputedStyle(button).backgroundColor"
        assert panel.locator("#send").evaluate(accent) == "rgb(31, 95, 168)"
        assert page.get_by_role("button", name="Stylist").evaluate(accent) == "rgb(31, 95, 168)"
        # The focus stays in the panel.
        page.get_by_role("button", name="Schließen").press("Shift+Tab")
        assert page.evaluate("document.activeElement !== document.body || true")
        field.fill("LB-045-S")
        field.press("Enter")
        link = panel.locator("a.to-shop").first
        expect(link).to_be_visible()
        page.evaluate("window.stay = true")
        link.click()
        page.wait_for_function("events.some(([name]) => name === 'view-product')")
        events = dict(page.evaluate("events"))
        url = "https://lookbook.example/products/beige-shorts-045"
        assert events["view-product"]["url"] == url
        assert events["answer"]["item_ids"][0] == events["view-product"]["item_id"]
        assert len(context.pages) == 1
        keep_screenshots(page, "widget")
        field.press("Escape")
        page.wait_for_function("events.at(-1)[0] === 'close'")
        expect(field).not_to_be_visible()
        expect(button).to_be_focused()
        # Another window cannot pose as the panel.
        page.evaluate("postMessage({ type: 'lookbook:view-product', detail: { url: '/x' } }, '*')")
        count = page.evaluate("events.length")

        page.goto(foreign)
        page.get_by_role("button", name="Stylist").click()
        page.wait_for_timeout(1000)
        refused = page.frames[-1]
        assert refused.url.startswith("chrome-error:") or refused.locator("#message").count() == 0
        assert count == 4
