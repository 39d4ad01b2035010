"""Labels messages in a real browser, by keys."""

import gradio as gr
import pytest

from lookbook.datasets.json_lines_dataset import JsonLinesDataset
from lookbook.review.launch import launch_options
from lookbook.review.message_page import MessagePage
from lookbook.review.message_session import MessageSession
from lookbook.understanding.kept_messages import row_of
from lookbook.understanding.request import Conversation, Part, Request, Turn
from processes import run_kedro
from project import keep_screenshots, states_reset_on_load

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=60_000)

REQUEST = Request(
    parts=[Part(wanted={"Garment": ["dress"], "Colours": ["navy"]})], recipients=["Women"]
)


@pytest.fixture
def served(tmp_path, schema):
    """The page over two kept messages: its address, and its finished messages."""
    record = {name: attribute.default for name, attribute in schema.singles.items()}
    record |= {name: [] for name in schema.multis} | dict.fromkeys(schema.texts, "Navy dress")
    shown = record | {"Garment": "dress", "Colours": ["navy"]}
    turns = [Turn("user", "a navy dress for work"), Turn("assistant", "Here you are.", [shown])]
    files = {
        name: JsonLinesDataset(filepath=str(tmp_path / f"{name}.jsonl"))
        for name in ("kept", "labels", "shop")
    }
    for message in ("not quite my cup of tea", "merci"):
        row = row_of(Conversation(message, turns), "en", schema)
        files["kept"].save({row["id"]: row})
    page = MessagePage(MessageSession(*files.values(), lambda _: REQUEST, schema)).build()
    _, address, _ = page.launch(**launch_options(), quiet=True, prevent_thread_lock=True)
    yield address, files["shop"]
    page.close()
    gr.close_all()


def test_a_message_is_labelled_by_keys_and_taken_back(served, chromium):
    address, shop = served
    assert states_reset_on_load(address) == set()
    page = chromium.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(address)
    heading = page.locator(".review h2")
    expect(heading).to_have_text("Act: search?")
    expect(page.locator("[data-ready]")).to_have_count(1)
    keep_screenshots(page, "review-messages")
    for key, following in (
        ("m", "Garment dress: wanted?"), ("Enter", "Colours navy: wanted?"),
        ("r", "For whom: Women?"), ("x", "Weather: none?"), ("r", "Item shown: none?"),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect(heading).to_have_text(following)
    page.keyboard.press("1")
    expect(page.locator("#progress")).to_contain_text("1 of 2 messages labelled")
    expect(page.locator(".turn.message")).to_have_text("merci")
    (row,) = shop.load().values()
    plan = row["plan"]
    assert (plan["act"], plan["wearer"], plan["weather"]) == ("similar", [], "rain")
    assert plan["parts"][0]["not"] == {"colours": ["navy"]} and plan["refers_to"] == 1
    page.keyboard.press("Backspace")
    expect(page.locator("#progress")).to_contain_text("0 of 2 messages labelled")
    expect(heading).to_have_text("Item shown: none?")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".turn.message")).to_have_text("merci")
    page.keyboard.press("t")
    expect(page.locator("#shown")).to_contain_text("No message is left")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".turn.message")).to_have_text("merci")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_where_no_message_was_kept_it_says_how_to_keep_them(project):
    result = run_kedro(project, "review", "--messages")
    assert result.returncode == 1
    assert "Set serving.keep_messages to true" in result.stderr
    assert "Traceback" not in result.stderr
