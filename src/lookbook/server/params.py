"""Parameters of the server."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lookbook.server.shop_page import PageParams


class ServerParams(BaseModel):
    """How the page, the API and the MCP server are served.

    Attributes:
        root_path: The path under which a proxy serves it.
        trusted_proxies: Addresses or networks of proxies whose ``X-Forwarded-*`` headers count.
        allow_origins: Sites whose scripts may call the API; ``*`` for all.
        frame_origins: Sites whose pages may show the page in a frame, as the widget does.
        page: How the page looks and speaks.
        rate_limit: Requests a minute for one key, or for one address where no key is asked for;
            ``None`` for no limit.
        shutdown_timeout: Seconds that answers under way may take when the server stops.
        tracing: Whether traces are exported by OpenTelemetry.
    """

    model_config = ConfigDict(extra="forbid")

    root_path: str = Field(pattern=r"^(/[^/?#\s]+)*$")
    trusted_proxies: list[str]
    allow_origins: list[str]
    frame_origins: list[str]
    page: PageParams
    rate_limit: int | None = Field(gt=0)
    shutdown_timeout: int = Field(ge=0)
    tracing: bool
