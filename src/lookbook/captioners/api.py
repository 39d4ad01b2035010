"""A vision-language model behind an API: Together, or any server that speaks like OpenAI's."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass
from typing import Any

from anyio import CapacityLimiter, to_thread
from anyio.from_thread import start_blocking_portal

from lookbook.attributes.parsing import parse_answer
from lookbook.captioners import FILTERED, Caption, Price, Prompt, fingerprint
from lookbook.captioners.pictures import fit_encoder
from lookbook.chat_models.connection import Connection
from lookbook.chat_models.sampling import Sampling
from lookbook.chat_models.server import FilteredError, RequestFailedError, Server
from lookbook.errors import InputError
from lookbook.photos.photo import Photo, PhotoError

# Changes with every change of how the code below asks.
ASKING = "2"
QUALITY = 90
# So many photos that fail before the first answer say that there will be none; but those that are
# in flight meanwhile may prove the server sound.
FIRST_FAILURES = 4


@dataclass
class _Bill:
    """What one photo has taken so far."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class _Run:
    """One stream of photos on its way through the server.

    Attributes:
        connection: To the server.
        limiter: Of the threads that encode photos.
        failed: Photos that failed since the last one that did not; a filter is no failure.
        fault: The error that the run stops with, once so many have failed.
        last_failure: Why the last one did.
    """

    connection: Connection
    limiter: CapacityLimiter
    failed: int = 0
    fault: InputError | None = None
    last_failure: str = ""


class ApiCaptioner:
    """Caption photos by a chat-completions API, many requests at a time."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        concurrency: int = 32,
        timeout: float = 60,
        retries: int = 6,
        max_side: int = 559,
        max_tokens: int = 512,
        sampling: Sampling = Sampling(),  # noqa: B008 - it cannot be changed
        price: Price | None = None,
    ) -> None:
        """Name model and server; nothing is sent yet.

        Args:
            model: The model's name on the server.
            base_url: The server, such as ``http://localhost:8000/v1``; Together by default.
            api_key: Key to it.
            concurrency: Requests in flight at most.
            timeout: Seconds after which a request is given up and repeated.
            retries: How often a request is repeated after a timeout, a cut connection, a rate
                limit (429) or an error of the server (5xx), the pause doubling from 1 s to 10 s
                or as long as the server's ``Retry-After`` says.
            max_side: Larger photos are scaled down to so many pixels on the longer side before
                they are sent. Up to 559, Together counts a photo of a Llama-3.2-Vision size as
                1,601 tokens, above that as two or four times as many, see
                https://docs.together.ai/docs/inference/vision/overview.
            max_tokens: Tokens an answer may take, a model's thoughts included.
            sampling: How tokens are drawn.
            price: To sum up cost.
        """
        self._server = Server(model, base_url, api_key, timeout, retries)
        self._concurrency = concurrency
        self._max_side = max_side
        self._max_tokens = max_tokens
        self._sampling = sampling
        self._price = price

    def fingerprint(self, prompt: Prompt) -> str:
        """Hash model, prompt, photo size, answer length and sampling, but no address.

        A server tells nothing of its weights: here the model's name stands for them.
        """
        facts = [str(self._max_side), str(self._max_tokens), ASKING]
        facts.append(self._sampling.model_dump_json(exclude_none=True))
        return fingerprint("api", self._server.model, *facts, *prompt.facts())

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describe photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the key or the model is refused, or so many photos fail in a row that
                it is the server's failure and not theirs.
        """
        remaining = iter(photos)
        running: set[Future[Caption]] = set()
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(self._server.connect(self._concurrency)) as opened,
        ):
            run = _Run(opened, CapacityLimiter(os.cpu_count() or 1))
            try:
                for photo in remaining:
                    running.add(portal.start_task_soon(self._caption, run, photo, prompt))
                    if len(running) >= self._concurrency:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        yield from self._settle(done)
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from self._settle(done)
                if not self._server.is_proven and run.failed >= FIRST_FAILURES:
                    raise _at_fault(run)
            finally:
                for future in running:
                    future.cancel()

    def _settle(self, done: set[Future[Caption]]) -> Iterator[Caption]:
        """Hand on what came before it raises what went wrong."""
        errors = []
        for future in done:
            error = future.exception()
            if error is None:
                yield future.result()
            else:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _caption(self, run: _Run, photo: Photo, prompt: Prompt) -> Caption:
        try:
            urls = await to_thread.run_sync(self._data_urls, photo, limiter=run.limiter)
        except (PhotoError, OSError) as error:
            return Caption(photo_id=photo.photo_id, failure=str(error), answers=0)
        bill = _Bill()
        try:
            text = await self._usable_answer(run, urls, prompt, bill)
        except FilteredError as failure:
            reason = f"{FILTERED}: {failure}"
            return Caption(photo_id=photo.photo_id, failure=reason, **self._cost(bill))
        except RequestFailedError as failure:
            run.failed += 1
            run.last_failure = str(failure)
            is_proven = self._server.is_proven
            limit = 2 * self._concurrency if is_proven else max(self._concurrency, FIRST_FAILURES)
            if run.failed >= limit:
                # Requests in flight fail after it, and tell the same.
                run.fault = run.fault or _at_fault(run)
                raise run.fault from failure
            return Caption(photo_id=photo.photo_id, failure=str(failure), **self._cost(bill))
        run.failed = 0
        return Caption(photo_id=photo.photo_id, text=text, **self._cost(bill))

    def _data_urls(self, photo: Photo) -> list[str]:
        """Read, shrink and encode photos anew, which leaves their EXIF data behind."""
        urls = []
        for picture in fit_encoder(photo, self._max_side):
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=QUALITY)
            urls.append("data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode())
        return urls

    async def _usable_answer(self, run: _Run, urls: list[str], prompt: Prompt, bill: _Bill) -> str:
        """Ask, and once more if the answer is of no use; return the last one.

        Raises:
            RequestFailedError: If the model says nothing, or refuses in words that none reads.
        """
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        text_part = {"type": "text", "text": prompt.question_about(len(urls))}
        question = {"role": "user", "content": [*pictures, text_part]}
        messages = [*prompt.messages[:-1], question]
        text, flaw = "", None
        for sampling in (self._sampling, self._sampling.retried()):
            bill.answers += 1
            asked = (messages, sampling, self._max_tokens, prompt.answer_schema)
            completion = await run.connection.complete(*asked)
            bill.input_tokens += completion.input_tokens
            bill.output_tokens += completion.output_tokens
            text, flaw = completion.text or text, completion.flaw
            if flaw is None and parse_answer(text, prompt.attributes).rejection is None:
                break
        if flaw and not text:
            raise RequestFailedError(flaw)
        return text

    def _cost(self, bill: _Bill) -> dict[str, Any]:
        price = self._price
        return {
            **asdict(bill),
            "cost": price
            and (bill.input_tokens * price.input + bill.output_tokens * price.output) / 1e6,
        }


def _at_fault(run: _Run) -> InputError:
    return InputError(
        f"The run stops, since the last {run.failed} photos failed. Finished captions are kept. "
        f"The last reason: {run.last_failure}"
    )
