"""Reviews in a real browser, by keys."""

import re

import pytest

from lookbook.datasets.corrections_dataset import CorrectionsDataset
from processes import run_kedro
from project import (
    copy_project,
    keep_screenshots,
    kill_server,
    make_project,
    serving_kedro,
    states_reset_on_load,
)

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def project(ran, tmp_path_factory):
    return copy_project(ran[0], tmp_path_factory.mktemp("reviewed"))


@pytest.fixture(scope="module")
def address(project):
    with serving_kedro(project, "review", "--who=ann") as address:
        yield address


@pytest.fixture
def page(chromium, address, project):
    opened = chromium.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    opened.goto(address)
    expect(opened.locator(".review")).to_be_visible()
    # From then on keys are listened to.
    expect(opened.locator("[data-ready]")).to_have_count(1)
    yield opened
    opened.context.close()


def decided(project, since=0):
    path = project / "data/03_primary/corrections.csv"
    return CorrectionsDataset(filepath=str(path)).load().iloc[since:].reset_index(drop=True)


@pytest.fixture
def since(project):
    """How many decisions there are before a test makes its own."""
    return len(decided(project))


def choose(page, label, option):
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def press(page, key, progress):
    """Presses a key, and waits until the page has taken it in."""
    page.keyboard.press(key)
    expect(page.locator("#progress")).to_contain_text(progress)


def asked(page):
    about = page.locator("[data-photo]")
    return about.get_attribute("data-photo"), about.get_attribute("data-attribute")


def test_a_key_is_a_decision_that_is_on_the_disk_and_can_be_taken_back(page, project, since):
    keep_screenshots(page, "review")
    first = asked(page)
    letter = page.locator(".choices .choice:not(.said):not(.right)").first
    key, value = letter.get_attribute("data-key"), letter.get_attribute("data-value")
    press(page, key, "1 of them on this page")
    (row,) = decided(project, since).to_dict("records")
    assert (row["photo_id"], row["attribute"], row["new_value"], row["reviewer"]) == (
        *first,
        value,
        "ann",
    )
    assert row["old_value"] != value
    assert asked(page) != first
    second = asked(page)
    press(page, "Enter", "2 of them on this page")
    row = decided(project, since).to_dict("records")[-1]
    assert (row["photo_id"], row["attribute"]) == second and row["old_value"] == row["new_value"]
    for left in (1, 0):
        press(page, "Backspace", f"{left} of them on this page")
    assert asked(page) == first
    assert decided(project, since)["new_value"].tolist()[2:] == ["?", "?"]
    expect(page.locator(".attribute.decided")).to_have_count(0)


def test_nothing_resets_the_page_once_a_question_is_shown(address):
    assert states_reset_on_load(address) == set()


def test_an_item_is_skipped_accepted_whole_or_called_none(page, project, since):
    skipped, _ = asked(page)
    page.keyboard.press(" ")
    expect(page.locator(f"[data-photo='{skipped}']")).to_have_count(0)
    whole, _ = asked(page)
    page.keyboard.press("Shift+Enter")
    expect(page.locator(f"[data-photo='{whole}']")).to_have_count(0)
    rows = decided(project, since)
    assert set(rows["photo_id"]) == {whole} and len(rows) > 5
    assert rows["old_value"].eq(rows["new_value"]).all()
    none, _ = asked(page)
    page.keyboard.press("Delete")
    expect(page.locator(f"[data-photo='{none}']")).to_have_count(0)
    last = decided(project, since).to_dict("records")[-1]
    assert (last["photo_id"], last["attribute"], last["new_value"]) == (
        none,
        "status",
        "not an item",
    )


def test_another_field_is_one_key_away_and_the_same_item_another(page, project, since):
    photo, attribute = asked(page)
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"[data-attribute='{attribute}']")).to_have_count(0)
    assert asked(page)[0] == photo
    other = page.locator("[data-do=same]").get_attribute("data-value")
    page.keyboard.press("=")
    expect(page.locator("#progress")).to_contain_text("1 of them on this page")
    (row,) = decided(project, since).to_dict("records")
    assert (row["attribute"], row["new_value"]) == ("duplicate_of", other)


def test_many_of_a_kind_are_accepted_at_once_but_those_that_are_touched(page, project, since):
    choose(page, "Attribute", "Category")
    choose(page, "That says", "Shoes")
    expect(page.locator(".review h2")).to_have_text("Category: Shoes?")
    page.get_by_label("Many at once").check()
    tiles = page.locator(".review-grid .tile")
    expect(tiles.nth(2)).to_be_visible()
    count = tiles.count()
    keep_screenshots(page, "review-grid")
    wrong = tiles.nth(1).get_attribute("data-value")
    tiles.nth(1).click()
    expect(page.locator(".tile.out")).to_have_count(1)
    page.get_by_role("button", name=f"These {count - 1} are right").click()
    expect(page.locator("#progress")).to_contain_text(f"{count - 1} of them on this page")
    rows = decided(project, since)
    assert len(rows) == count - 1 and wrong not in set(rows["photo_id"])
    assert rows["new_value"].eq("Shoes").all() and rows["attribute"].eq("Category").all()


def test_quick_keys_decide_one_question_once(page, project, since):
    first = asked(page)
    # Two keys in one breath, before the page has answered the first.
    page.evaluate(
        """() => {
          for (const key of ["Enter", "Enter"])
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }"""
    )
    expect(page.locator("#progress")).to_contain_text("1 of them on this page")
    page.wait_for_timeout(500)
    rows = decided(project, since)
    assert [(row.photo_id, row.attribute) for row in rows.itertuples()] == [first]
    assert asked(page) != first


def test_the_counters_agree_where_a_field_is_decided_again(page, project, since):
    choose(page, "Attribute", "Colours")
    expect(page.locator(".review[data-attribute=Colours]")).to_have_count(1)
    key = page.locator(".choices .choice:not(.said):not(.right)").first.get_attribute("data-key")
    for number in (1, 2):
        turn = page.locator("[data-turn]").get_attribute("data-turn")
        page.keyboard.press(f"Shift+{key.upper()}")
        expect(page.locator(f"[data-turn='{turn}']")).to_have_count(0)
        expect(page.locator("#progress")).to_contain_text("1 of them on this page")
        assert len(decided(project, since)) == number
    total = re.search(r"([\d,]+) decisions", page.locator("#progress").inner_text())[1]
    counted = decided(project).query("new_value != '?'").drop_duplicates(["photo_id", "attribute"])
    assert int(total) <= len(counted)


def test_it_fits_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".choice.right")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    photo = page.locator(".looked-at > img").bounding_box()
    assert photo["width"] > 250 and photo["height"] < 844 / 2


def test_two_reviewers_lose_nothing_and_see_each_others_decisions(
    chromium, page, address, project, since
):
    other = chromium.new_context().new_page()
    other.goto(address)
    expect(other.locator("[data-ready] .review")).to_be_visible()
    one, two = asked(page), asked(other)
    assert one == two
    press(page, "Enter", "1 of them on this page")
    press(other, "Enter", "1 of them on this page")
    rows = decided(project, since)
    assert rows[["photo_id", "attribute"]].to_numpy().tolist() == [list(one), list(one)]
    other.reload()
    expect(other.locator(".review")).to_be_visible()
    assert asked(other) != one
    other.context.close()


def test_a_page_that_is_killed_loses_nothing_that_was_decided(chromium, project):
    with serving_kedro(project, "review", "--who=ben") as address:
        page = chromium.new_context().new_page()
        page.goto(address)
        expect(page.locator("[data-ready] .review")).to_be_visible()
        before = len(decided(project))
        for number in (1, 2):
            press(page, "Enter", f"{number} of them on this page")
        kill_server(address)
        page.context.close()
    rows = decided(project)
    assert len(rows) == before + 2 and rows["problem"].eq("").all()


def test_a_decision_that_cannot_be_written_is_told(page, project):
    corrections = project / "data/03_primary/corrections.csv"
    kept = corrections.rename(corrections.with_suffix(".kept"))
    corrections.mkdir()
    try:
        page.keyboard.press("Enter")
        expect(page.get_by_text("cannot be written")).to_be_visible()
        expect(page.locator("#progress")).to_contain_text("0 of them on this page")
    finally:
        corrections.rmdir()
        kept.rename(corrections)


def test_there_is_nothing_to_review_before_a_run(tmp_path):
    result = run_kedro(make_project(tmp_path), "review")
    assert result.returncode == 1
    assert "Run 'kedro run --pipelines=" in result.stderr
    assert "Traceback" not in result.stderr
