"""A session in which people label kept messages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.review.message_labels import MessageLabel, label_of, plan_of
from lookbook.understanding.kept_messages import Row, conversation_of
from lookbook.understanding.request import Conversation, Request

# A message, and what its label was before.
Change = tuple[str, MessageLabel | None]


class MessageSession:
    """The kept messages, and what people say that they mean.

    Every answer is on the disk when :meth:`save` returns; what others save is seen at once.
    """

    def __init__(
        self,
        messages: Any,
        labels: Any,
        examples: Any,
        understand: Callable[[Conversation], Request],
        schema: Schema,
    ) -> None:
        """Create a session.

        Args:
            messages: The dataset of kept messages, see
                :func:`lookbook.understanding.kept_messages.row_of`.
            labels: The dataset of labels, finished and unfinished.
            examples: The dataset of finished messages in the form of the corpus.
            understand: Proposes what a message means.
            schema: The catalogue's attributes.
        """
        self.schema = schema
        self._messages = messages
        self._labels = labels
        self._examples = examples
        self._understand = understand
        self._proposed: dict[str, MessageLabel] = {}

    def message(self, message_id: str) -> Row:
        """Return a kept message."""
        row: Row = self._messages.load()[message_id]
        return row

    def items_shown(self, message_id: str) -> list[Row]:
        """Return the items that were shown last before a message."""
        turns = reversed(self.message(message_id)["history"])
        return next((turn["shown"] for turn in turns if turn.get("shown")), [])

    def label(self, message_id: str) -> MessageLabel:
        """Return what is said of a message, or what the stylist proposes."""
        saved = self._saved(message_id)
        if saved is not None:
            return saved
        if message_id not in self._proposed:
            conversation = conversation_of(self.message(message_id), self.schema)
            try:
                request = self._understand(conversation)
            except InputError:
                request = Request(understood=False)
            self._proposed[message_id] = label_of(request)
        return self._proposed[message_id]

    def _saved(self, message_id: str) -> MessageLabel | None:
        row = self._labels.load().get(message_id)
        return row and MessageLabel.model_validate(row["label"])

    def next_message(self, skipped: Collection[str]) -> str:
        """Return the first message that is not labelled; empty if there is none."""
        done = self._done()
        left = (one for one in self._messages.load() if one not in done and one not in skipped)
        return next(left, "")

    def previous_message(self, message_id: str) -> str:
        """Return the message before another, labelled or not; the last one before none."""
        ids = list(self._messages.load())
        place = ids.index(message_id) if message_id in ids else len(ids)
        return ids[max(place - 1, 0)] if ids else ""

    def save(self, message_id: str, label: MessageLabel) -> Change:
        """Save what is said of a message.

        Returns:
            What takes it back, see :meth:`restore`.

        Raises:
            DatasetError: If it cannot be written, and why.
        """
        before = self._saved(message_id)
        self.restore((message_id, label))
        return message_id, before

    def restore(self, change: Change) -> None:
        """Save what a label was before.

        Raises:
            DatasetError: If it cannot be written, and why.
        """
        message_id, label = change
        row = {message_id: label and {"id": message_id, "label": label.model_dump()}}
        # A finished label without its example would never be asked about again.
        if label and label.is_done:
            self._examples.save({message_id: self._example(message_id, label)})
            self._labels.save(row)
        else:
            self._labels.save(row)
            self._examples.save({message_id: None})

    def _example(self, message_id: str, label: MessageLabel) -> Row:
        message = self.message(message_id)
        return {
            "id": message_id,
            "kind": "shop",
            **message,
            "plan": plan_of(label, self.schema),
        }

    def _done(self) -> set[str]:
        return {one for one, row in self._labels.load().items() if row["label"]["is_done"]}

    @property
    def progress(self) -> tuple[int, int]:
        """The number of labelled messages, and of all."""
        messages = self._messages.load()
        return len(self._done() & messages.keys()), len(messages)
