"""The MCP server over standard input and output."""

from __future__ import annotations

from lookbook.assistant.assistant import Assistant
from lookbook.server.agents import create_mcp
from lookbook.server.launch import log_as_json, share_cores
from lookbook.server.limits import ConcurrencyLimit
from lookbook.server.routes import Routes
from lookbook.server.service import ShopService


def serve_stdio(assistant: Assistant) -> None:
    """Serve an agent until it closes the connection."""
    share_cores()
    # To the standard error; the standard output is the agent's.
    log_as_json()
    routes = Routes(assistant, further_photos=assistant.further_photos)
    service = ShopService(assistant, assistant.params)
    create_mcp(service, ConcurrencyLimit(), routes.thumbnail).run("stdio")
