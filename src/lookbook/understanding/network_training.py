"""Fits message networks to labelled messages, and exports them."""

from __future__ import annotations

import math
import random
import re
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lookbook.errors import InputError, first_line
from lookbook.progress import Progress
from lookbook.understanding.examples import Example, targets_of
from lookbook.understanding.fit_params import FitParams
from lookbook.understanding.mentions import MentionFinder
from lookbook.understanding.message_features import (
    END,
    PAD,
    START,
    Tokens,
    arrays,
    tokenize,
)
from lookbook.understanding.message_network import (
    METADATA,
    OUTPUTS,
    NetworkFacts,
    Thresholds,
    ordinary_words,
)
from lookbook.understanding.trainable_network import TrainableNetwork, loss_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WARM_UP_STEPS = 60
_OPSET = 18


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

    axes = {key: {0: "messages", 1: "tokens"} for key in inputs}
    axes |= {key: {0: "messages"} for key in OUTPUTS}
    with tempfile.TemporaryDirectory() as folder:
        exact, prepared, small = (str(Path(folder) / f"{n}.onnx") for n in range(3))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # By tracing: the network has no branches, and it takes a tenth of the time.
            torch.onnx.export(
                network.eval(), (), exact, kwargs=inputs, input_names=list(inputs),
                output_names=list(OUTPUTS), dynamic_axes=axes, opset_version=_OPSET, dynamo=False,
            )  # fmt: skip
        quant_pre_process(exact, prepared, skip_symbolic_shape=True)
        quantize_dynamic(
            prepared, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
        model = onnx.load(small)
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA, facts.model_dump_json()
    content: bytes = model.SerializeToString()
    return content
