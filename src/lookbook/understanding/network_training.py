"""Trains the message network: an encoder, fine-tuned to tell the roles of values in a message.

The encoder is a BERT-like one (multilingual E5-small, Wang et al., 2024). Each value attends to the
tokens (label attention, Mullenbach et al., 2018), those of its mentions most of all.
"""

from __future__ import annotations

import math
import random
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.nn import functional

from lookbook.errors import InputError, first_line
from lookbook.progress import Progress
from lookbook.understanding.examples import Example, Targets, targets_of
from lookbook.understanding.mentions import MentionFinder
from lookbook.understanding.message_features import (
    END,
    MAX_ITEMS,
    MESSAGE,
    PAD,
    PAGE,
    START,
    Tokens,
    arrays,
    tokenize,
)
from lookbook.understanding.message_network import (
    ACTS,
    LANGUAGES,
    METADATA,
    OUTPUTS,
    RECIPIENTS,
    ROLES,
    WEATHERS,
    NetworkFacts,
    Thresholds,
    ordinary_words,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Sizes of the layers behind the encoder.
_ATTENTION, _HIDDEN, _LINK = 128, 256, 64
_WARM_UP_STEPS = 60
_OPSET = 18


class FitParams(BaseModel, extra="forbid"):
    """How a message network is fitted.

    Attributes:
        layers: Layers of the encoder that are used.
        frozen_layers: The lowest of them, which are not trained.
        epochs: Passes over the messages.
        batch_size: Messages a step.
        learning_rate: Of the encoder.
        head_learning_rate: Of what is behind it.
        dropout: Share of dropped activations.
        augmented: Share of messages that are changed: typing errors, punctuation, accents.
        threads: Threads of the CPU.
        seed: Of all that is random.
    """

    layers: int = Field(gt=0)
    frozen_layers: int = Field(ge=0)
    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    head_learning_rate: float = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    augmented: float = Field(ge=0, le=1)
    threads: int = Field(gt=0)
    seed: int


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


class MessageTrainer:
    """Fits networks to labelled messages, and exports them."""

    def __init__(
        self,
        encoder_name: str,
        values: list[tuple[str, str]],
        occasions: list[str],
        vocabulary: dict[str, frozenset[tuple[str, str]]],
        params: FitParams,
    ) -> None:
        """Load the encoder.

        Args:
            encoder_name: A folder, or a name on the hub, of a BERT-like model with a tokenizer.
            values: The values whose roles are told.
            occasions: The names of occasions, the first of none.
            vocabulary: The words of values.
            params: How networks are fitted.

        Raises:
            InputError: If the encoder cannot be loaded.
        """
        self._encoder_name = encoder_name
        self._params = params
        self.values = values
        self.occasions = occasions
        self._rows = {value: row for row, value in enumerate(values)}
        torch.set_num_threads(params.threads)
        self.tokenizer = load_tokenizer(encoder_name)
        self._finder = MentionFinder(vocabulary, ordinary_words(self.tokenizer))

    def fit(self, examples: Sequence[Example], label: str) -> TrainableNetwork:
        """Fit a network.

        Args:
            examples: The messages.
            label: What the progress bar says.
        """
        params, random_ = self._params, random.Random(self._params.seed)
        torch.manual_seed(params.seed)
        network = self.new_network()
        optimizer = torch.optim.AdamW(
            [
                {"params": list(network.layers.parameters()), "lr": params.learning_rate},
                {"params": list(_heads(network)), "lr": params.head_learning_rate},
            ],
            weight_decay=0.01,
        )
        targets = [targets_of(one, self._rows, self.occasions) for one in examples]
        plain = [self._tokenize(one) for one in examples]
        steps = math.ceil(len(examples) / params.batch_size) * params.epochs
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda step: min(1.0, (step + 1) / _WARM_UP_STEPS) * max(0.02, 1 - step / steps),
        )
        network.train()
        progress = Progress(range(params.epochs), desc=label, unit="epoch")
        for _ in progress:
            tokens = [
                self._tokenize(augment(example, random_))
                if random_.random() < params.augmented
                else own
                for example, own in zip(examples, plain, strict=True)
            ]
            for rows in _batches([len(one.ids) for one in tokens], params.batch_size, random_):
                inputs = self._inputs([tokens[row] for row in rows])
                outputs = dict(zip(OUTPUTS, network(**inputs), strict=True))
                loss = loss_of(outputs, inputs, [targets[row] for row in rows])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
        return network.eval()

    def new_network(self) -> TrainableNetwork:
        """Return a network whose encoder is pretrained, and the rest is not."""
        encoder = load_encoder(self._encoder_name)
        words = encoder.embeddings.word_embeddings.weight.detach()
        names = self.tokenizer.encode_batch(
            [value for _, value in self.values], add_special_tokens=False
        )
        named = torch.stack([words[one.ids].mean(0) for one in names])
        return TrainableNetwork(encoder, named, len(self.occasions), self._params)

    def _tokenize(self, example: Example) -> Tokens:
        return tokenize(example.segments, self.tokenizer, self._finder)[0]

    def _inputs(self, tokens: Sequence[Tokens]) -> dict[str, Tensor]:
        return {name: torch.from_numpy(array) for name, array in arrays(tokens, self._rows).items()}

    def export(self, network: TrainableNetwork, thresholds: Thresholds) -> bytes:
        """Export a network for onnxruntime, its weights in eight bits.

        Returns:
            An ONNX file: inputs as :func:`arrays` returns them, outputs :data:`OUTPUTS`.
        """
        facts = NetworkFacts(
            values=self.values, occasions=self.occasions, thresholds=thresholds,
            tokenizer=self.tokenizer.to_str(),
        )  # fmt: skip
        example = Example.model_validate(_EXAMPLE)
        inputs = self._inputs([self._tokenize(example)] * 2)
        return export_onnx(network, inputs, facts)


_EXAMPLE = {
    "id": "", "writer": "", "message": "the second one, but in blue",
    "history": [
        {"role": "user", "content": "a red dress"},
        {"role": "assistant", "content": "", "shown": [{"garment": "dress"}] * 2},
    ],
    "plan": {"act": "similar"},
}  # fmt: skip


def load_tokenizer(name: str) -> Tokenizer:
    """Load the tokenizer of an encoder.

    Raises:
        InputError: If there is none, or if its special tokens are others.
    """
    from transformers import AutoTokenizer

    with _explained(name):
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(name).backend_tokenizer
    if tuple(map(tokenizer.token_to_id, ("<s>", "<pad>", "</s>"))) != (START, PAD, END):
        raise InputError(
            f"The tokenizer of the encoder '{name}' does not begin with <s>, <pad> and </s>. "
            "Choose an encoder with the tokenizer of XLM-RoBERTa, such as "
            "intfloat/multilingual-e5-small."
        )
    return tokenizer


def load_encoder(name: str) -> Any:
    """Load an encoder, in single precision.

    Raises:
        InputError: If there is none.
    """
    from transformers import AutoModel

    with _explained(name):
        return AutoModel.from_pretrained(name, dtype=torch.float32)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise InputError(
            f"The encoder '{name}' cannot be loaded: {first_line(error)} Give a folder of a "
            "BERT-like model, or a name on the hub, as --params=understand.encoder=FOLDER."
        ) from error


def _heads(network: TrainableNetwork) -> Iterator[nn.Parameter]:
    encoder = {id(one) for part in (network.embeddings, network.frozen, network.layers)
               for one in part.parameters()}  # fmt: skip
    return (one for one in network.parameters() if id(one) not in encoder)


def _batches(lengths: Sequence[int], size: int, random_: random.Random) -> list[list[int]]:
    """Return batches of messages of about one length, in random order."""
    order = sorted(range(len(lengths)), key=lambda row: lengths[row] + 8 * random_.random())
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    random_.shuffle(batches)
    return batches


def augment(example: Example, random_: random.Random) -> Example:
    """Return a message as a hastier hand would type it."""
    text = example.message
    for _ in range(random_.choice((0, 0, 1, 1, 2))):
        text = _mistype(text, random_)
    chance = random_.random()
    if chance < 0.15:
        text = re.sub(r"[.!?,;:]", "", text)
    elif chance < 0.25:
        text = text.rstrip(".!?")
    if random_.random() < 0.1:
        decomposed = unicodedata.normalize("NFD", text)
        text = "".join(one for one in decomposed if not unicodedata.combining(one))
    return example.model_copy(update={"message": text})


def _mistype(text: str, random_: random.Random) -> str:
    """Swap, drop or double a letter."""
    if len(text) < 6:
        return text
    place = random_.randrange(1, len(text) - 2)
    if not text[place : place + 2].isalpha():
        return text
    first, second, rest = text[place], text[place + 1], text[place + 2 :]
    changed = random_.choice((second + first, second, first + first + second))
    return text[:place] + changed + rest


def export_onnx(network: TrainableNetwork, inputs: dict[str, Tensor], facts: NetworkFacts) -> bytes:
    """Export a network, its matrices in eight bits (a quarter of the size, half the time)."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    batch, length = torch.export.Dim("messages"), torch.export.Dim("tokens")
    axes = {0: batch, 1: length}
    program = torch.onnx.export(
        network.eval(), (), kwargs=inputs, input_names=list(inputs), output_names=list(OUTPUTS),
        dynamic_shapes=dict.fromkeys(inputs, axes), opset_version=_OPSET, dynamo=True,
        verbose=False,
    )  # fmt: skip
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:
        exact, prepared, small = (str(Path(folder) / f"{n}.onnx") for n in range(3))
        onnx.save(program.model_proto, exact)
        quant_pre_process(exact, prepared, skip_symbolic_shape=True)
        quantize_dynamic(
            prepared, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
        model = onnx.load(small)
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA, facts.model_dump_json()
    content: bytes = model.SerializeToString()
    return content
