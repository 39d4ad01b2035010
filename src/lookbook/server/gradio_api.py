"""The endpoint ``/answer`` for ``gradio_client``; other programs use the JSON API."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import gradio as gr
from pydantic import ValidationError

from lookbook.assistant.methods import ANSWER_METHODS, AnswerMethod
from lookbook.search.product_filter import Sort
from lookbook.server import models
from lookbook.server.limits import ConcurrencyLimit
from lookbook.server.problems import to_problem
from lookbook.server.service import ShopService
from lookbook.understanding.request import Recipient

UPLOAD_LIFETIME_S = 3600
DESCRIPTION = (
    "Answers one turn as POST /api/v1/recommend does. Everything is optional, but one of photo "
    "and message is needed. history is a list of {role, content, item_ids}; filters has "
    "attributes, min_price, max_price, currency, sizes, brands or in_stock."
)


def gradio_api(service: ShopService, limit: ConcurrencyLimit) -> gr.Blocks:
    """Build the application behind the endpoint.

    Args:
        service: Answers requests.
        limit: Limits the answers in flight.
    """

    async def answer(
        request: gr.Request,
        photo: dict[str, Any] | None = None,
        message: str = "",
        method: AnswerMethod | None = None,
        limit_: int | None = None,
        history: list[dict[str, Any]] | None = None,
        filters: dict[str, Any] | None = None,
        sort: Sort | None = None,
        recipient: Recipient | None = None,
    ) -> dict[str, Any]:
        base = str(request.request.base_url) if request.request else "/"

        def answered() -> dict[str, Any]:
            given = {
                "message": message or "", "method": method, "limit": limit_, "sort": sort,
                "history": history or [], "filters": filters or {}, "recipient": recipient,
            }  # fmt: skip
            asked = models.RecommendRequest.model_validate(given)
            if photo:
                asked = asked.model_copy(update={"photo": Path(photo["path"]).read_bytes()})
            return service.answer(asked, base).model_dump(mode="json")

        try:
            return await limit.run(answered)
        except ValidationError as error:
            reason = error.errors()[0]
            name = ".".join(map(str, reason["loc"]))
            raise _shown(f"{name}: {reason['msg']}.") from error
        except Exception as error:
            raise _shown(to_problem(error)["detail"]) from None

    with gr.Blocks(
        title="Lookbook", analytics_enabled=False,
        delete_cache=(UPLOAD_LIFETIME_S, UPLOAD_LIFETIME_S),
    ) as blocks:  # fmt: skip
        inputs = [
            gr.Image(label="photo", type="filepath"),
            gr.Textbox("", label="message"),
            gr.Dropdown(list(ANSWER_METHODS), label="method"),
            gr.Number(label="limit", precision=0),
            gr.JSON([], label="history"),
            gr.JSON({}, label="filters"),
            gr.Dropdown(get_args(Sort), label="sort"),
            gr.Dropdown(get_args(Recipient), label="recipient"),
        ]
        # The queue takes three requests for one answer.
        gr.Button().click(
            answer, inputs, gr.JSON(label="answer"), api_name="answer", preprocess=False,
            api_description=DESCRIPTION, queue=False,
        )  # fmt: skip
    return blocks


def _shown(sentence: str) -> gr.Error:
    return gr.Error(sentence, title="That did not work", print_exception=False)
