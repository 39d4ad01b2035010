"""How a chat request is put, and what a server's refusal says about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from lookbook.chat_models import merge_system
from lookbook.chat_models.sampling import Sampling

# Ways to give a server the schema of an answer, the best first: as OpenAI's servers take it, as
# llama-cpp-python's does, or not at all.
FORMATS = ("json_schema", "json_object", "text")
# Names of the limit on an answer's length: models that think count their thoughts, too.
TOKEN_LIMITS = ("max_tokens", "max_completion_tokens", None)
SAMPLING = tuple(Sampling.model_fields)
_FORMAT = re.compile(
    r"response_format|json_(?:schema|object)|json mode|structured output|guided|grammar", re.I
)
_SYSTEM = re.compile(r"\bsystem\W+(?:role|prompt|message|instruction)|roles must alternate", re.I)
_TOO_MANY = re.compile(r"too (?:large|many|long|high)|at most|maximum|exceed|greater than", re.I)


@dataclass(frozen=True)
class RequestStyle:
    """What is sent to a server, and how.

    Attributes:
        answer_format: One of :data:`FORMATS`.
        has_system: Whether the system prompt stands apart; else it opens the question.
        token_limit: One of :data:`TOKEN_LIMITS`.
        unsupported: Sampling options that the server refuses.
    """

    answer_format: str = FORMATS[0]
    has_system: bool = True
    token_limit: str | None = TOKEN_LIMITS[0]
    unsupported: frozenset[str] = frozenset()

    def body(
        self,
        model: str,
        messages: list[dict[str, Any]],
        sampling: Sampling,
        max_tokens: int,
        schema: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write a request.

        Args:
            model: The model's name on the server.
            messages: ``role`` and ``content``; the first may be of the role ``system``.
            sampling: How tokens are drawn.
            max_tokens: Tokens that the answer may take.
            schema: JSON schema of the answer, if it is to be JSON.
        """
        merged = messages[0]["role"] == "system" and not self.has_system
        options = sampling.options().items()
        body = {
            "model": model,
            "messages": merge_system(messages) if merged else messages,
            **{name: value for name, value in options if name not in self.unsupported},
        }
        if self.token_limit:
            body[self.token_limit] = max_tokens
        if schema is not None and self.answer_format == "json_schema":
            described = {"name": "answer", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        if schema is not None and self.answer_format == "json_object":
            body["response_format"] = {"type": "json_object", "schema": schema}
        return body

    def adapt(self, refusal: str, body: dict[str, Any]) -> RequestStyle | None:
        """Return a style without what a refusal names.

        Args:
            refusal: The server's words.
            body: The request that it refuses.

        Returns:
            ``None`` if the refusal names nothing that was sent.
        """
        if self.token_limit in body and "tokens" in refusal:
            named = re.search(rf"\b{self.token_limit}\b", refusal)
            renamed = re.search(r"\bmax_completion_tokens\b", refusal)
            if (named or renamed) and not _TOO_MANY.search(refusal):
                following = TOKEN_LIMITS[TOKEN_LIMITS.index(self.token_limit) + 1]
                return replace(self, token_limit=following)
        for name in SAMPLING:
            if name in body and re.search(rf"\b{name}\b", refusal):
                return replace(self, unsupported=self.unsupported | {name})
        if "response_format" in body and _FORMAT.search(refusal):
            return self.simpler_format()
        roles = [message["role"] for message in body["messages"]]
        if "system" in roles and _SYSTEM.search(refusal):
            return replace(self, has_system=False)
        return None

    def simpler_format(self) -> RequestStyle | None:
        """Return a style with the next format; ``None`` after the last."""
        place = FORMATS.index(self.answer_format) + 1
        return replace(self, answer_format=FORMATS[place]) if place < len(FORMATS) else None

    def next_guess(self, messages: list[dict[str, Any]]) -> RequestStyle | None:
        """Return the style to try after a refusal that names nothing."""
        simpler = self.simpler_format()
        if simpler is None and self.has_system and messages[0]["role"] == "system":
            return replace(self, answer_format=FORMATS[0], has_system=False)
        return simpler
