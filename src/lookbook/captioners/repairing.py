"""A captioner whose broken answers a language model mends."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lookbook.attributes.parsing import RawValues, parse_answer
from lookbook.captioners import Caption, Captioner, Prompt, fingerprint
from lookbook.chat_models import ChatModel
from lookbook.errors import InputError
from lookbook.photos.photo import Photo

# Changes with every change of how the code below asks.
ASKING = "1"
SYSTEM = (
    "You mend broken JSON. Write down as one JSON object what the text says of each key. Change no "
    "wording, and make nothing up."
)
# Rejections that no mending helps.
HOPELESS = ("empty", "refusal")

logger = logging.getLogger(__name__)


class RepairingCaptioner:
    """Has a language model restate what no rule can read of a captioner's answers.

    Refusals are left as they are, and so is an answer whose mended texts it does not say.
    """

    def __init__(self, captioner: Any, chat: Any, model: str) -> None:
        """Take both models; neither is asked yet.

        Args:
            captioner: Any captioner.
            chat: A :class:`lookbook.chat_models.ChatModel`.
            model: The chat model's name: captions under another name are made anew.
        """
        self._captioner: Captioner = captioner
        self._chat: ChatModel = chat
        self._model = model

    def fingerprint(self, prompt: Prompt) -> str:
        """Hash the captioner's fingerprint and the chat model's name."""
        return fingerprint("repaired", self._captioner.fingerprint(prompt), self._model, ASKING)

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describe photos, see :class:`lookbook.captioners.Captioner`."""
        for caption in self._captioner.caption(photos, prompt):
            rejection = parse_answer(caption.text or "", prompt.attributes).rejection
            if caption.text is None or rejection is None or rejection in HOPELESS:
                yield caption
            else:
                yield caption.model_copy(update={"text": self._mend(caption.text, prompt)})

    def _mend(self, text: str, prompt: Prompt) -> str:
        """Return the mended answer, or the text itself where it cannot be mended."""
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
        try:
            mended = self._chat.answer(messages, prompt.answer_schema, 0)
        except InputError as error:
            logger.warning("A broken answer is left as it is: %s", error)
            return text
        answer = parse_answer(mended, prompt.attributes)
        if answer.rejection or not _stands_in(
            answer.raw_values, text, list(prompt.attributes.texts)
        ):
            return text
        return json.dumps(answer.raw_values, ensure_ascii=False)


def _stands_in(raw_values: RawValues, text: str, names: list[str]) -> bool:
    """Whether a text has the words of the attributes of free text, in their order."""
    source = _words(text)
    return all(_words(str(raw_values.get(name, ""))) in source for name in names)


def _words(text: str) -> str:
    plain = re.sub(r"\\[nrt\"]", " ", text)
    return " ".join(re.findall(r"\w+", plain.casefold()))
