"""What a shop says about itself: delivery, returns, opening hours and the like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel, ConfigDict

from lookbook.attributes.values import normalize
from lookbook.understanding.request import Language
from lookbook.understanding.word_lists import compile_phrases
from lookbook.understanding.yaml_files import read_yaml

# A text for all languages, or one by language; ``None`` for none.
Text = str | dict[Language, str] | None


@dataclass(frozen=True)
class Answer:
    """What the shop says about a topic.

    Attributes:
        topic: The topic's name, in the customer's language.
        text: The shop's text; empty if it gave none.
    """

    topic: str
    text: str


class Topic(BaseModel):
    """A topic that customers ask about.

    Attributes:
        name: Its name by language.
        phrases: Phrases of questions about it, by language.
        answer: The shop's answer.
    """

    model_config = ConfigDict(extra="forbid")

    name: dict[Language, str]
    phrases: dict[Language, list[str]]
    answer: Text = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The phrases of all languages; customers mix them."""
        return compile_phrases(one for listed in self.phrases.values() for one in listed)


class ShopFacts(BaseModel):
    """What a shop says about itself.

    Attributes:
        contact: Where customers can ask.
        topics: What they ask about, by key.
    """

    model_config = ConfigDict(extra="forbid")

    contact: Text = None
    topics: dict[str, Topic] = {}

    def answer(self, question: str, language: Language) -> list[Answer]:
        """Answer a question.

        Args:
            question: The customer's words.
            language: The customer's language.

        Returns:
            An answer for each topic of the question; none if it is about no topic.
        """
        normalized = normalize(question)
        return [
            Answer(_in_language(topic.name, language), _in_language(topic.answer, language))
            for topic in self.topics.values()
            if topic.pattern.search(normalized)
        ]

    def contact_in(self, language: Language) -> str:
        """Return where customers can ask; empty if the shop does not say."""
        return _in_language(self.contact, language)


def read_shop_facts(filepath: str) -> ShopFacts:
    """Read a shop's facts from a YAML file.

    Raises:
        InputError: If it does not exist or holds no such facts.
    """
    return read_yaml(filepath, ShopFacts, "shop_facts")


def _in_language(text: Text, language: Language) -> str:
    """Return a text in a language; else in English, else in any."""
    if isinstance(text, dict):
        return text.get(language) or text.get("en") or next(iter(text.values()), "")
    return text or ""
