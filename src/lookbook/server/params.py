"""Parameters of the server."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ServerParams(BaseModel):
    """How the page, the API and the MCP server are served.

    Attributes:
        root_path: The path under which a proxy serves it.
        trusted_proxies: Addresses or networks of proxies whose ``X-Forwarded-*`` headers count.
        allow_origins: Sites whose scripts may call the API; ``*`` for all.
        rate_limit: Requests a minute for one key, or for one address where no key is asked for;
            ``None`` for no limit.
        shutdown_timeout: Seconds that answers under way may take when the server stops.
        tracing: Whether traces are exported by OpenTelemetry.
    """

    model_config = ConfigDict(extra="forbid")

    root_path: str = Field(pattern="^(/[^/?#]+)*$")
    trusted_proxies: list[str]
    allow_origins: list[str]
    rate_limit: int | None = Field(gt=0)
    shutdown_timeout: int = Field(ge=0)
    tracing: bool
