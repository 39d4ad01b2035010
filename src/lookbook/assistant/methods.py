"""Names of the methods by which the assistant searches, apart from what they import."""

from __future__ import annotations

from typing import Literal

from lookbook.search.methods import METHODS, Method

# A hypothetical document as the query (Gao et al., 2023): the stylist's text on all parts of the
# outfit, compared with whole items. The recipe (Meta's "Multi-Modal RAG using
# Llama-3.2-11B-Vision") searches this way.
HYDE: Literal["hyde"] = "hyde"
AnswerMethod = Method | Literal["hyde"]
ANSWER_METHODS: tuple[AnswerMethod, ...] = (*METHODS, HYDE)
