import dataclasses
import json

import pytest
import torch

from lookbook.attributes.parsing import parse_answer
from lookbook.attributes.record import is_valid
from lookbook.captioners.huggingface import HuggingFaceCaptioner
from lookbook.chat_models.huggingface import write_chat
from lookbook.chat_models.sampling import Sampling
from lookbook.errors import InputError
from lookbook.photos.drawing import LABELS
from lookbook.photos.photo import Photo
from project import jpeg
from tiny_models import TEMPLATE, save_tiny_llava_next, save_tiny_mllama

SHAPES = [(400, 533), (533, 400), (300, 300), (60, 500), (500, 60)]


def resized(data, shape):
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).resize(shape).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def photos():
    drawn = [
        resized(jpeg(label, colour), SHAPES[number % len(SHAPES)])
        for number, (label, colour) in enumerate(
            zip(LABELS, ["red", "blue", "black", "white", "green"] * 4, strict=False)
        )
    ]
    return [Photo(str(number), lambda data=data: data) for number, data in enumerate(drawn)]


def captioner(model, **options):
    return HuggingFaceCaptioner(str(model), device="cpu", threads=1, **options)


def texts(captions):
    return {caption.photo_id: caption.text for caption in captions}


@pytest.fixture(scope="module")
def one_at_a_time(tiny_mllama, photos, prompt):
    return texts(captioner(tiny_mllama, batch_size=1).caption(photos[:4], prompt))


def test_a_batch_says_what_one_at_a_time_says(tiny_mllama, photos, prompt, one_at_a_time):
    captions = texts(captioner(tiny_mllama, batch_size=4).caption(photos[:4], prompt))
    assert captions == one_at_a_time
    assert len(set(captions.values())) > 1, "the photos make no difference to the model"


def test_a_product_is_described_by_all_of_its_photos(tiny_mllama, photos, prompt, one_at_a_time):
    products = [
        dataclasses.replace(photos[0], others=(photos[1].read,)),
        photos[2],
        dataclasses.replace(photos[3], others=(photos[4].read, photos[5].read)),
    ]
    captions = list(captioner(tiny_mllama, batch_size=3).caption(products, prompt))
    said = texts(captions)
    assert said["2"] == one_at_a_time["2"]
    assert said["0"] != one_at_a_time["0"], "the further photo makes no difference to the model"
    tokens = {caption.photo_id: caption.input_tokens for caption in captions}
    assert tokens["2"] < tokens["0"] < tokens["3"]


def test_so_it_does_where_photos_take_different_numbers_of_tokens(tmp_path, photos, prompt):
    model = save_tiny_llava_next(tmp_path)
    alone, together = (
        {
            caption.photo_id: (caption.text, caption.input_tokens)
            for caption in captioner(model, batch_size=size).caption(photos[:4], prompt)
        }
        for size in (1, 4)
    )
    assert together == alone
    assert len({tokens for _, tokens in alone.values()}) > 1, "no row was padded"


def test_every_answer_keeps_to_the_schema(one_at_a_time, schema):
    for text in one_at_a_time.values():
        assert is_valid(text, schema)
        assert list(json.loads(text)) == schema.names
        assert parse_answer(text, schema).repair in (None, "json")


def test_sampling_draws_other_tokens_and_captions_anew(tiny_mllama, photos, prompt, one_at_a_time):
    sampling = Sampling(temperature=1, top_p=0.9, top_k=40, repetition_penalty=1.2, stop=["}"])
    warm, greedy = captioner(tiny_mllama, sampling=sampling), captioner(tiny_mllama)
    (drawn,) = warm.caption(photos[:1], prompt)
    assert is_valid(drawn.text, prompt.attributes)
    assert drawn.text != one_at_a_time["0"]
    assert warm.fingerprint(prompt) != greedy.fingerprint(prompt)


def test_answers_are_as_long_as_max_tokens_allows(tiny_mllama, photos, prompt):
    (caption,) = captioner(tiny_mllama, max_tokens=20).caption(photos[:1], prompt)
    assert caption.output_tokens == 20


def test_tokens_are_counted(tiny_mllama, photos, prompt):
    (caption,) = captioner(tiny_mllama).caption(photos[:1], prompt)
    assert 20 < caption.output_tokens < 800
    assert caption.input_tokens > 100


def test_out_of_memory_halves_the_batch_and_goes_on(
    tiny_mllama, photos, prompt, one_at_a_time, monkeypatch
):
    from transformers import MllamaForConditionalGeneration

    generate, sizes = MllamaForConditionalGeneration.generate, []

    def small(self, input_ids, **options):
        sizes.append(len(input_ids))
        if len(input_ids) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return generate(self, input_ids=input_ids, **options)

    monkeypatch.setattr(MllamaForConditionalGeneration, "generate", small)
    captions = list(captioner(tiny_mllama, batch_size=4).caption(photos[:4], prompt))
    assert texts(captions) == one_at_a_time
    assert sizes == [4, 2, 1, 1, 1, 1]


def test_a_photo_too_large_by_itself_is_a_failure(tiny_mllama, photos, prompt, monkeypatch):
    from transformers import MllamaForConditionalGeneration

    def full(self, **options):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(MllamaForConditionalGeneration, "generate", full)
    captions = list(captioner(tiny_mllama, batch_size=2).caption(photos[:2], prompt))
    assert [caption.failure for caption in captions] == [
        "out of memory: CUDA out of memory. Tried to allocate 2 GiB"
    ] * 2


def test_reads_ahead_a_bounded_number_of_photos(tiny_mllama, photos, prompt):
    taken = 0

    def stream():
        nonlocal taken
        for number in range(60):
            taken += 1
            yield Photo(str(number), photos[0].read)

    next(captioner(tiny_mllama, batch_size=2).caption(stream(), prompt))
    assert taken <= 3 * 4 * 2 + 1


def test_no_weights_are_read_before_a_photo_comes(prompt):
    assert list(HuggingFaceCaptioner("no/such-model").caption([], prompt)) == []


def test_the_system_prompt_reaches_models_that_take_one_and_those_that_do_not(
    tiny_mllama, tmp_path, prompt
):
    from transformers import AutoProcessor

    begin = TEMPLATE.index("{% if message.role == 'system' %}")
    end = TEMPLATE.index("{% endif %}") + len("{% endif %}")
    takes = save_tiny_mllama(tmp_path / "takes", template=TEMPLATE[:begin] + TEMPLATE[end:])
    shown = [{"type": "image"}, {"type": "text", "text": prompt.question}]
    asked = [prompt.messages[0], {"role": "user", "content": shown}]
    apart, merged = (
        write_chat(AutoProcessor.from_pretrained(model), asked) for model in (takes, tiny_mllama)
    )
    assert apart.count("<|start_header_id|>") == 3
    assert merged.count("<|start_header_id|>") == 2
    for text in (apart, merged):
        assert prompt.system in text and prompt.question in text
        assert text.count("<|begin_of_text|>") == text.count("<|image|>") == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda config: config.update(model_type="bert"), "not a chat vision-language model"),
        (
            lambda config: config["text_config"].update(
                hidden_size=1 << 16, intermediate_size=1 << 18, num_hidden_layers=100
            ),
            "GB are free on this machine's main memory",
        ),
    ],
)
def test_a_model_that_cannot_run_here_ends_in_a_sentence(
    tiny_mllama, tmp_path, photos, prompt, change, sentence
):
    config = json.loads((tiny_mllama / "config.json").read_text())
    change(config)
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=sentence):
        list(captioner(tmp_path).caption(photos[:1], prompt))


def test_an_unknown_model_ends_in_a_sentence(photos, prompt, tmp_path):
    with pytest.raises(InputError, match="neither a folder with a model nor available"):
        list(captioner(tmp_path / "nowhere").caption(photos[:1], prompt))


@pytest.mark.skipif(torch.accelerator.is_available(), reason="this machine has a GPU")
def test_no_gpu_ends_in_a_sentence(tiny_mllama, photos, prompt):
    with pytest.raises(InputError, match=r"torch finds none on this machine.*captioner: together"):
        list(HuggingFaceCaptioner(str(tiny_mllama)).caption(photos[:1], prompt))
