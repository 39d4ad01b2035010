import asyncio
import base64
import io
import os
import sys

import pytest
from PIL import Image

from lookbook.server.agents import MAX_PICTURES
from project import assistant_of, jpeg
from serving import app_of, serving

Client = pytest.importorskip("mcp").Client


@pytest.fixture(scope="module")
def address(ran):
    assistant = assistant_of(ran[0])
    assistant.reload_index(assistant.params)
    with serving(app_of(assistant)) as address:
        yield f"{address}/mcp"


def calling(server, *calls):
    """Call tools one after the other in one session of a real client."""

    async def run():
        async with Client(server) as client:
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, given) for name, given in calls]

    return asyncio.run(run())


def pictures(result):
    return [
        Image.open(io.BytesIO(base64.b64decode(block.data)))
        for block in result.content
        if block.type == "image"
    ]


def test_an_agent_searches_looks_and_puts_an_outfit_together(address):
    photo = base64.b64encode(jpeg("Pants", "red")).decode()
    tools, (found, seen, advice) = calling(
        address,
        ("search_items", {"text": "red dress", "limit": 3, "filters": {"max_price": 500}}),
        ("describe_photo", {"photo": photo}),
        ("recommend_outfit", {"photo": photo, "message": "for the office", "recipient": "Women"}),
    )
    assert {tool.name for tool in tools} == {
        "search_items", "recommend_outfit", "describe_photo", "get_item",
    }  # fmt: skip
    assert all(tool.output_schema and tool.annotations.read_only_hint for tool in tools)
    items = found.structured_content["items"]
    assert 0 < len(items) <= 3 and items[0]["price"] and items[0]["url"]
    assert items[0]["pictures"][0]["thumbnail"].startswith(address.removesuffix("mcp"))
    assert [picture.format for picture in pictures(found)] == ["WEBP"] * len(items)
    assert seen.structured_content["attributes"]["Category"] == "Pants"
    assert advice.structured_content["outfits"] and advice.structured_content["reply"]
    assert 0 < len(pictures(advice)) <= MAX_PICTURES
    _, (item,) = calling(address, ("get_item", {"item_id": items[0]["id"]}))
    assert item.structured_content["title"] == items[0]["title"]
    assert len(pictures(item)) == 1


@pytest.mark.parametrize(
    ("tool", "given", "named"),
    [
        ("get_item", {"item_id": "nothing"}, "There is no item 'nothing'"),
        ("search_items", {"text": "x", "filters": {"sizes": ["ZZ"]}}, "There are: S, M, L"),
        ("recommend_outfit", {}, "nothing to answer"),
        ("search_items", {"limit": 99}, "30"),
        (
            "search_items",
            {"color": "red"},
            "search_items has no argument 'color'. Choose from text",
        ),
        ("describe_photo", {"photo": "bm8gcGhvdG8="}, "cannot use that photo"),
    ],
)
def test_an_agent_reads_what_is_wrong_with_a_call(address, tool, given, named):
    _, (result,) = calling(address, (tool, given))
    assert result.is_error and named in result.content[0].text


def test_an_agent_on_this_machine_talks_over_stdio(ran):
    from mcp.client.stdio import StdioServerParameters, stdio_client

    server = stdio_client(
        StdioServerParameters(
            command=sys.executable, args=["-m", "lookbook", "mcp"], cwd=str(ran[0]),
            env={**os.environ, "KEDRO_DISABLE_TELEMETRY": "1"},
        )
    )  # fmt: skip
    _, (found,) = calling(server, ("search_items", {"text": "red dress", "limit": 1}))
    (item,) = found.structured_content["items"]
    assert item["pictures"] == [] and len(pictures(found)) == 1
