"""A vision-language model behind an API: Together, or any server that speaks like OpenAI's."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import httpx
import together
from anyio import CapacityLimiter, fail_after, to_thread
from anyio.from_thread import start_blocking_portal
from pydantic import BaseModel, Field

from lookbook.captioners import Caption, Prompt, fingerprint
from lookbook.completions import FORMATS, NOT_TAKEN, answer_as, options, reason, refusal
from lookbook.errors import InputError
from lookbook.parsing import parse_caption
from lookbook.photos import Photo, PhotoError

# Changes with every change of how the code below asks.
ASKING = "1"
# An answer that is no label is asked for once more, by chance a better one.
TEMPERATURES = (0.0, 0.7)
# Ways of asking, the best first. The system prompt stands apart or, for models that take none
# beside a picture, in the question.
WAYS = tuple(product((True, False), FORMATS))
QUALITY = 90
# So many photos that fail before the first answer say that there will be none.
FIRST_FAILURES = 4


class Price(BaseModel, extra="forbid"):
    """What a million tokens cost, in any currency.

    Attributes:
        input: Read.
        output: Written.
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)


@dataclass
class _Bill:
    """What one photo has taken so far."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class _Server:
    """What is known of the server.

    Attributes:
        way: Index of the way of asking that is used, of :data:`WAYS`.
        proven: Whether an answer came by it.
        failed: Photos that failed since the last one that did not.
    """

    client: together.AsyncTogether
    limiter: CapacityLimiter
    way: int = 0
    proven: bool = False
    failed: int = 0


class _PhotoFailedError(Exception):
    """A photo has no caption; the message is the reason."""


class _JunkAnswerError(Exception):
    """The server's answer is no chat completion."""


class _HttpClient(httpx.AsyncClient):
    """Gives a request so long in all, where httpx gives every byte so long."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        try:
            with fail_after(self.timeout.read):
                return await super().send(request, **options)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer takes too long", request=request) from error


class ApiCaptioner:
    """Captions photos by a chat-completions API, many requests at a time."""

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
        price: Price | None = None,
    ) -> None:
        """Names model and server; nothing is sent yet.

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
            max_tokens: Tokens an answer may take.
            price: To sum up cost.
        """
        self._model = model
        self._base_url = base_url
        self._api_key = api_key
        self._concurrency = concurrency
        self._timeout = timeout
        self._retries = retries
        self._max_side = max_side
        self._max_tokens = max_tokens
        self._price = price

    def fingerprint(self, prompt: Prompt) -> str:
        """Hashes model, prompt, photo size and answer length, but not where the server is."""
        facts = [str(self._max_side), str(self._max_tokens), ASKING]
        return fingerprint("api", self._model, *facts, prompt.model_dump_json())

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the key or the model is refused, or so many photos fail in a row that
                it is the server's failure and not theirs.
        """
        remaining = iter(photos)
        running: set[Future[Caption]] = set()
        with start_blocking_portal() as portal:
            server = portal.call(self._connect)
            try:
                for photo in remaining:
                    running.add(portal.start_task_soon(self._caption, server, photo, prompt))
                    if len(running) >= self._concurrency:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        yield from self._settle(done, server)
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from self._settle(done, server)
            finally:
                for future in running:
                    future.cancel()
                portal.call(server.client.close)

    def _settle(self, done: set[Future[Caption]], server: _Server) -> Iterator[Caption]:
        """Hands on what came before it raises what went wrong."""
        errors = []
        for future in done:
            error = future.exception()
            if error is None:
                yield future.result()
            else:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _connect(self) -> _Server:
        reached = options(self._base_url, self._api_key, self._timeout, self._retries)
        # The library would keep 20 connections open and make the others anew each time.
        limits = httpx.Limits(
            max_connections=self._concurrency, max_keepalive_connections=self._concurrency
        )
        client = together.AsyncTogether(
            **reached,
            http_client=_HttpClient(limits=limits, timeout=self._timeout),
        )
        return _Server(client, CapacityLimiter(os.cpu_count() or 1))

    async def _caption(self, server: _Server, photo: Photo, prompt: Prompt) -> Caption:
        try:
            url = await to_thread.run_sync(self._data_url, photo, limiter=server.limiter)
        except (PhotoError, OSError) as error:
            return Caption(photo=photo.id, failure=str(error), answers=0)
        bill = _Bill()
        try:
            text = await self._usable_answer(server, url, prompt, bill)
        except _PhotoFailedError as failure:
            server.failed += 1
            limit = 2 * self._concurrency if server.proven else FIRST_FAILURES
            if server.failed >= limit:
                raise InputError(
                    f"The last {limit} photos failed, so the server is at fault and the "
                    f"run stops; what was captioned is kept. The last reason: {failure}"
                ) from failure
            return Caption(photo=photo.id, failure=str(failure), **self._cost(bill))
        server.failed = 0
        return Caption(photo=photo.id, text=text, **self._cost(bill))

    def _data_url(self, photo: Photo) -> str:
        """Reads, shrinks and encodes a photo anew, which leaves its EXIF data behind."""
        image = photo.image(at_least=self._max_side)
        image.thumbnail((self._max_side, self._max_side))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=QUALITY)
        return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()

    async def _usable_answer(self, server: _Server, url: str, prompt: Prompt, bill: _Bill) -> str:
        """Asks, and once more if the answer is of no use; gives the last one."""
        text = None
        for temperature in TEMPERATURES:
            bill.answers += 1
            try:
                text = await self._answer(server, url, prompt, temperature, bill)
            except _JunkAnswerError:
                continue
            if parse_caption(text).rejection is None:
                break
        if text is None:
            raise _PhotoFailedError("what the server sent is no chat completion")
        return text

    async def _answer(
        self, server: _Server, url: str, prompt: Prompt, temperature: float, bill: _Bill
    ) -> str:
        """Asks in the best way that the server takes, and finds out which that is."""
        for way in range(server.way, len(WAYS)):
            try:
                response = await self._send(server.client, way, url, prompt, temperature)
            except NOT_TAKEN as error:
                outage = isinstance(error, together.InternalServerError)
                # An outage must not be taken for a server that knows no schema at all.
                last = WAYS[way][1] != FORMATS[0] if outage else way == len(WAYS) - 1
                if server.proven or last:
                    raise _PhotoFailedError(reason(error, self._api_key)) from error
                continue
            try:
                text = response.choices[0].message.content or ""
                usage = response.usage
            except (AttributeError, IndexError, TypeError) as error:
                raise _JunkAnswerError from error
            if not server.proven:
                server.way, server.proven = way, True
            if usage is not None:
                bill.input_tokens += usage.prompt_tokens or 0
                bill.output_tokens += usage.completion_tokens or 0
            return str(text)
        raise AssertionError("the last way either answers or fails")

    async def _send(
        self, client: together.AsyncTogether, way: int, url: str, prompt: Prompt, temperature: float
    ) -> Any:
        """Sends one request, repeated where that helps.

        Raises:
            InputError: If no other photo would fare better.
            APIStatusError: If the server takes no such request, one of :data:`NOT_TAKEN`.
        """
        apart, answer_format = WAYS[way]
        question = prompt.question if apart else f"{prompt.system}\n\n{prompt.question}".strip()
        messages: list[Any] = [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": url}},
                    {"type": "text", "text": question},
                ],
            }
        ]
        if apart and prompt.system:
            messages.insert(0, {"role": "system", "content": prompt.system})
        try:
            return await client.chat.completions.create(
                model=self._model,
                messages=messages,
                max_tokens=self._max_tokens,
                temperature=temperature,
                **answer_as(answer_format, "label", prompt.answer_schema),
            )
        except NOT_TAKEN:
            raise
        except together.APIStatusError as error:
            if refused := refusal(error, client, self._model):
                raise refused from error
            raise _PhotoFailedError(reason(error, self._api_key)) from error
        except together.APITimeoutError as error:
            raise _PhotoFailedError(f"no answer within {self._timeout:g} s") from error
        except together.APIConnectionError as error:
            raise _PhotoFailedError(f"no connection to {client.base_url}") from error
        except ValueError as error:
            raise _JunkAnswerError from error

    def _cost(self, bill: _Bill) -> dict[str, Any]:
        price = self._price
        return {
            **asdict(bill),
            "cost": price
            and (bill.input_tokens * price.input + bill.output_tokens * price.output) / 1e6,
        }
