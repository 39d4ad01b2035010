"""The MCP server: the shop's tools for agents, with typed results and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ContentBlock, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

from lookbook.search.product_filter import Sort
from lookbook.server import models
from lookbook.server.limits import ConcurrencyLimit
from lookbook.server.problems import to_problem
from lookbook.server.service import ShopService
from lookbook.understanding.request import Recipient

INSTRUCTIONS = (
    "Find products of one shop, and put outfits together from them. Show customers the title, the "
    "price and the link (url) of an item as the tools return them; never invent any."
)
# Items whose pictures a result holds.
MAX_PICTURES = 8
_READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)

Photo = Annotated[
    models.PhotoBytes | None,
    Field(
        description="A photo of a garment or a product, its file in base64.",
        max_length=models.MAX_PHOTO_BYTES,
    ),
]
Limit = Annotated[int, Field(ge=1, le=models.MAX_ITEMS, description="Items at most.")]
Result = TypeVar("Result", bound=BaseModel)


class StrictTool(Tool):
    """A tool that refuses arguments that it does not have."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any], convert_result: bool = False
    ) -> Any:
        """Run the tool.

        Raises:
            ToolError: If an argument is unknown, or as the tool does.
        """
        known = self.parameters["properties"]
        if unknown := [name for name in arguments if name not in known]:
            raise ToolError(
                f"{self.name} has no argument '{unknown[0]}'. Choose from {', '.join(known)}."
            )
        return await super().run(arguments, context, convert_result)


def create_mcp(
    service: ShopService, limit: ConcurrencyLimit, thumbnail: Callable[[str, str], bytes]
) -> MCPServer[Any]:
    """Create the MCP server.

    Args:
        service: Answers requests.
        limit: Limits the answers in flight.
        thumbnail: Returns a small picture of an item by its main photo and file.
    """
    tools: list[Tool] = []

    def tool(function: Callable[..., Any]) -> None:
        made = StrictTool.from_function(function, annotations=_READ_ONLY)
        made.parameters["additionalProperties"] = False
        tools.append(made)

    def pictures(items: Sequence[models.Item]) -> list[ContentBlock]:
        blocks: list[ContentBlock] = []
        for item, data in service.main_pictures(items[:MAX_PICTURES], thumbnail):
            blocks.append(TextContent(type="text", text=f"{item.title} (id {item.id}):"))
            blocks.append(Image(data=data, format="webp").to_image_content())
        return blocks

    async def run(
        function: Callable[[], tuple[BaseModel, Sequence[models.Item]]],
    ) -> CallToolResult:
        def answer() -> CallToolResult:
            body, shown = function()
            content = [TextContent(type="text", text=body.model_dump_json()), *pictures(shown)]
            return CallToolResult(content=content, structured_content=body.model_dump(mode="json"))

        try:
            return await limit.run(answer)
        except Exception as error:
            raise ToolError(to_problem(error)["detail"]) from error

    @tool
    async def search_items(
        ctx: Context[Any],
        text: Annotated[str, Field(max_length=models.MAX_MESSAGE_LENGTH)] = "",
        photo: Photo = None,
        filters: models.Filters = models.Filters(),  # noqa: B008
        sort: Sort | None = None,
        limit: Limit = 8,
    ) -> Annotated[CallToolResult, models.SearchResults]:
        """Search the shop's catalogue by a text, a photo, or both; best match first."""

        def function() -> tuple[BaseModel, Sequence[models.Item]]:
            asked = models.SearchRequest(text=text, filters=filters, sort=sort, limit=limit)
            found = service.search(asked.model_copy(update={"photo": photo}), _base(ctx))
            return found, found.items

        return await run(function)

    @tool
    async def recommend_outfit(
        ctx: Context[Any],
        message: Annotated[str, Field(max_length=models.MAX_MESSAGE_LENGTH)] = "",
        photo: Photo = None,
        item_id: Annotated[str | None, Field(description="An item to start from.")] = None,
        recipient: Annotated[
            Recipient | None, Field(description="Whom it is for; Unisex for anybody.")
        ] = None,
        filters: models.Filters = models.Filters(),  # noqa: B008
        limit: Limit = 8,
    ) -> Annotated[CallToolResult, models.Recommendations]:
        """Recommend items and whole outfits for a customer's message, photo or chosen item."""

        def function() -> tuple[BaseModel, Sequence[models.Item]]:
            asked = models.RecommendRequest(
                message=message, item_id=item_id, recipient=recipient, filters=filters, limit=limit
            )
            body = service.answer(asked.model_copy(update={"photo": photo}), _base(ctx))
            worn = [one for outfit in body.outfits[:1] for one in outfit.items]
            shown = {one.id: one for one in [*worn, *body.items]}
            return body, list(shown.values())

        return await run(function)

    @tool
    async def describe_photo(
        ctx: Context[Any],
        photo: Annotated[models.PhotoBytes, Field(description="The photo's file in base64.")],
    ) -> Annotated[CallToolResult, models.SeenPhoto]:
        """Describe a photo of a garment or a product by the catalogue's attributes."""
        return await run(lambda: (service.describe(photo, _base(ctx)), []))

    @tool
    async def get_item(
        ctx: Context[Any], item_id: models.ItemId
    ) -> Annotated[CallToolResult, models.Item]:
        """Return one item: price, sizes, stock, attributes, link and picture."""

        def function() -> tuple[BaseModel, Sequence[models.Item]]:
            item = service.item(item_id, _base(ctx))
            return item, [item]

        return await run(function)

    return MCPServer(
        "lookbook", title="Lookbook", instructions=INSTRUCTIONS, version=version("lookbook"),
        tools=tools,
    )  # fmt: skip


def _base(ctx: Context[Any]) -> str:
    """Return the server's address; empty over stdio, where pictures have none."""
    request = getattr(ctx.request_context, "request", None)
    return str(request.base_url) if request is not None else ""
