"""The message network while it is trained: an encoder that tells the roles of values, and its loss.

The encoder is a BERT-like one (multilingual E5-small, Wang et al., 2024). Each value attends to the
tokens (label attention, Mullenbach et al., 2018), those of its mentions most of all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lookbook.understanding.examples import Targets
from lookbook.understanding.fit_params import FitParams
from lookbook.understanding.message_features import MAX_ITEMS, MESSAGE, PAD, PAGE
from lookbook.understanding.message_network import ACTS, LANGUAGES, RECIPIENTS, ROLES, WEATHERS

# Sizes of the layers behind the encoder.
_ATTENTION, _HIDDEN, _LINK = 128, 256, 64


class TrainableNetwork(nn.Module):
    """The network before its export; see :data:`OUTPUTS` for what it returns."""

    def __init__(
        self, encoder: Any, value_words: Tensor, occasions: int, params: FitParams
    ) -> None:
        """Create a network.

        Args:
            encoder: A BERT-like model of the library transformers.
            value_words: (values, dimensions) embeddings of the values' names.
            occasions: Number of occasions.
            params: How it is fitted.
        """
        super().__init__()
        size, values = encoder.config.hidden_size, len(value_words)
        self.embeddings = encoder.embeddings
        layers = list(encoder.encoder.layer)[: params.layers]
        self.frozen = nn.ModuleList(layers[: params.frozen_layers])
        self.layers = nn.ModuleList(layers[params.frozen_layers :])
        for part in (self.embeddings, self.frozen):
            part.requires_grad_(False)
        self.segment = nn.Embedding(PAGE + 1, size)
        nn.init.zeros_(self.segment.weight)
        # The names of a mention's values are added to its tokens, whatever its language.
        self.mention_values = nn.Parameter(3 * value_words.clone())
        self.values = nn.Parameter(value_words.clone())
        self.norm = nn.LayerNorm(size)
        self.query, self.key = nn.Linear(size, _ATTENTION), nn.Linear(size, _ATTENTION)
        self.focus = nn.Parameter(torch.tensor([2.0, 1.0]))
        self.from_context, self.from_value = nn.Linear(size, _HIDDEN), nn.Linear(size, _HIDDEN)
        self.from_message = nn.Linear(size, _HIDDEN)
        self.role = nn.Linear(_HIDDEN, len(ROLES))
        self.value_role = nn.Parameter(torch.zeros(values, len(ROLES), _HIDDEN))
        # Most values are in no message; a mentioned one is mostly wanted.
        self.value_bias = nn.Parameter(torch.tensor([3.0, 0, 0, 0, 0]).repeat(values, 1))
        self.mention_bias = nn.Parameter(torch.tensor([[-3.0, 2.0, 0, 0, 0], [-1.0, 1.0, 0, 0, 0]]))
        self.token_role = nn.Linear(size, len(ROLES))
        self.link = nn.Linear(_HIDDEN, _LINK)
        self.link_bias = nn.Parameter(torch.zeros(1))
        heads = {
            "act": len(ACTS), "recipients": len(RECIPIENTS), "weather": len(WEATHERS),
            "occasion": occasions, "language": len(LANGUAGES), "cheapest": 1,
        }  # fmt: skip
        self.heads = nn.ModuleDict(
            {name: nn.Linear(2 * size, count) for name, count in heads.items()}
        )
        self.refer = nn.Linear(2 * size, size)
        self.no_reference = nn.Parameter(torch.zeros(1))
        self.dropout = nn.Dropout(params.dropout)

    def forward(
        self, ids: Tensor, segments: Tensor, numbers: Tensor, mentions: Tensor
    ) -> tuple[Tensor, ...]:
        """Return the outputs, all but ``links`` as logits; see :func:`arrays` for the inputs."""
        is_token = ids.ne(PAD)
        hidden = self._encode(ids, is_token, segments, mentions)
        in_message = (is_token & segments.eq(MESSAGE)).to(hidden.dtype)
        mean = (hidden * in_message[..., None]).sum(1) / in_message.sum(1, keepdim=True)
        summary = self.dropout(torch.cat([mean, hidden[:, 0]], -1))
        features, mentioned = self._value_features(hidden, is_token, in_message, mentions, summary)
        token_roles = self.token_role(hidden)
        roles = (
            self.role(self.dropout(features))
            + torch.einsum("bvd,vkd->bvk", features, self.value_role)
            + self.value_bias
            + roles_by_mention(token_roles, in_message, mentions)
            + mentioned @ self.mention_bias
        )
        linked = self.link(features)
        links = linked @ linked.transpose(1, 2) / math.sqrt(_LINK) + self.link_bias
        heads = {name: head(summary) for name, head in self.heads.items()}
        return (
            roles, token_roles, links, heads["act"], heads["recipients"], heads["weather"],
            heads["occasion"], heads["language"], self._references(hidden, numbers, summary),
            heads["cheapest"][:, 0],
        )  # fmt: skip

    def _encode(self, ids: Tensor, is_token: Tensor, segments: Tensor, mentions: Tensor) -> Tensor:
        mask = (~is_token)[:, None, None, :].to(torch.float32) * -1e9
        hidden = self.embeddings(input_ids=ids)
        for layer in self.frozen:
            hidden = _run(layer, hidden, mask)
        counts = mentions.sum(-1, keepdim=True)
        hidden = hidden + self.segment(segments)
        hidden = hidden + (mentions @ self.mention_values) / counts.clamp(min=1)
        hidden = self.dropout(self.norm(hidden))
        for layer in self.layers:
            hidden = _run(layer, hidden, mask)
        return hidden

    def _value_features(
        self,
        hidden: Tensor,
        is_token: Tensor,
        in_message: Tensor,
        mentions: Tensor,
        summary: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Return the features of values, and where they are mentioned.

        Returns:
            (n, values, features); and (n, values, 2), 1 for values mentioned in the message, and
            for those mentioned before it.
        """
        queries, keys = self.query(self.values), self.key(hidden)
        scores = keys @ queries.T / math.sqrt(_ATTENTION)
        scores = scores + self.focus[0] * mentions + self.focus[1] * in_message[..., None]
        attention = scores.masked_fill(~is_token[..., None], -1e9).softmax(1)
        context = attention.transpose(1, 2) @ hidden
        message = self.from_message(summary[:, : hidden.shape[-1]])[:, None]
        features = torch.tanh(self.from_context(context) + self.from_value(self.values) + message)
        here = (mentions * in_message[..., None]).amax(1)
        elsewhere = (mentions * (1 - in_message[..., None])).amax(1)
        return features, torch.stack([here, elsewhere], -1)

    def _references(self, hidden: Tensor, numbers: Tensor, summary: Tensor) -> Tensor:
        """Return (n, 1 + items) logits of the item that is meant; the first is none."""
        listed = torch.arange(1, MAX_ITEMS + 1)
        of_item = numbers[..., None].eq(listed).to(hidden.dtype)
        counts = of_item.sum(1)
        items = of_item.transpose(1, 2) @ hidden / counts.clamp(min=1)[..., None]
        scores = (items @ self.refer(summary)[..., None])[..., 0] / math.sqrt(hidden.shape[-1])
        scores = scores - 1e4 * (counts == 0).to(hidden.dtype)
        return torch.cat([self.no_reference.expand(scores.shape[0], 1), scores], 1)


def _run(layer: Any, hidden: Tensor, mask: Tensor) -> Tensor:
    output = layer(hidden, attention_mask=mask)
    result: Tensor = output[0] if isinstance(output, tuple) else output
    return result


def roles_by_mention(token_roles: Tensor, in_message: Tensor, mentions: Tensor) -> Tensor:
    """Return what the tokens of each value's mentions say of it; 0 without a mention.

    Args:
        token_roles: (n, tokens, roles) logits.
        in_message: (n, tokens) 1 for the message, 0 for what was said before.
        mentions: (n, tokens, values) 1 for the tokens of mentions.
    """
    scores = 2.0 * in_message[..., None] * mentions - 1e9 * (1 - mentions)
    by_tokens = scores.softmax(1).transpose(1, 2) @ token_roles
    return by_tokens * mentions.amax(1)[..., None]


def loss_of(
    outputs: dict[str, Tensor], inputs: dict[str, Tensor], targets: Sequence[Targets]
) -> Tensor:
    """Return the loss of a batch: that of roles first, and what helps beside it."""
    count = len(targets)
    roles = torch.from_numpy(np.stack([one.roles for one in targets]))

    def rows(name: str) -> Tensor:
        return torch.tensor([getattr(one, name) for one in targets])

    loss = _sum_of_roles(outputs["roles"], roles) / count
    in_message = (inputs["ids"].ne(PAD) & inputs["segments"].eq(MESSAGE)).float()
    by_mention = roles_by_mention(outputs["mention_roles"], in_message, inputs["mentions"])
    is_mentioned = inputs["mentions"].amax(1) > 0
    loss = loss + 0.3 * _sum_of_roles(by_mention[is_mentioned], roles[is_mentioned]) / count
    recipients = torch.from_numpy(np.stack([one.recipients for one in targets]))
    loss = (
        loss
        + functional.binary_cross_entropy_with_logits(
            outputs["recipients"], recipients, reduction="sum"
        )
        / count
    )
    weights = {"act": 1.5, "reference": 1.0, "weather": 0.5, "occasion": 0.3, "language": 0.3}
    for name, weight in weights.items():
        loss = loss + weight * functional.cross_entropy(outputs[name], rows(name))
    loss = loss + 0.3 * functional.binary_cross_entropy_with_logits(
        outputs["cheapest"], rows("cheapest").float()
    )
    return loss + 3 * _link_loss(outputs["links"], targets) / count


def _sum_of_roles(logits: Tensor, roles: Tensor) -> Tensor:
    return functional.cross_entropy(
        logits.reshape(-1, len(ROLES)), roles.reshape(-1), reduction="sum"
    )


def _link_loss(links: Tensor, targets: Sequence[Targets]) -> Tensor:
    """Return the loss of links, by messages that ask for pieces of several kinds."""
    loss = torch.zeros(())
    for row, target in enumerate(targets):
        parts = [set(part) for part in target.parts if part]
        if len(parts) < 2:
            continue
        rows = sorted(set().union(*parts))
        pairs = [(one, other) for one in rows for other in rows if one < other]
        together = [float(any({one, other} <= part for part in parts)) for one, other in pairs]
        if pairs:
            first, second = map(torch.tensor, zip(*pairs, strict=True))
            loss = loss + functional.binary_cross_entropy_with_logits(
                links[row, first, second], torch.tensor(together)
            )
    return loss
