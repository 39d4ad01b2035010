"""Names of the search methods, apart from what they import."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["semantic", "visual", "keyword", "hybrid", "hybrid + reranker"]
METHODS: tuple[Method, ...] = get_args(Method)
