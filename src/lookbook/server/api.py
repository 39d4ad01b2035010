"""The JSON API under ``/api/v1``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBearer
from fastapi.sse import format_sse_event
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.datastructures import UploadFile as ReceivedFile
from starlette.routing import Match, Route

from lookbook.feedback.events import FeedbackEvent
from lookbook.server import models
from lookbook.server.access import Access
from lookbook.server.etags import is_known
from lookbook.server.limits import ConcurrencyLimit
from lookbook.server.problems import MEDIA_TYPE, NotFound, Refusal, to_problem
from lookbook.server.service import Answer, ShopService
from lookbook.understanding.request import Language

EVENT_STREAM = "text/event-stream"
_PROBLEM = {"model": models.Problem, "content": {MEDIA_TYPE: {}}}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {**_PROBLEM, "description": "The body is no JSON or no form."},
    401: {**_PROBLEM, "description": "The key is missing or unknown."},
    413: {**_PROBLEM, "description": "The body or the photo is too large."},
    415: {**_PROBLEM, "description": "The body is neither JSON nor a form."},
    422: {**_PROBLEM, "description": "The request cannot be used."},
    429: {**_PROBLEM, "description": "Too many requests in a minute."},
    503: {**_PROBLEM, "description": "Too many customers at once, or no index yet."},
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {**_PROBLEM, "description": "There is no such item, or the photo is not known any more."}
}
ItemPath = Annotated[str, Path(description="The item's id.", max_length=300)]
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Seconds for which a caller need not ask again.
_MAX_AGE_S = 60

StartModel = TypeVar("StartModel", bound=models.Start)
_any = TypeAdapter(Any)


def base_of(request: Request) -> str:
    """Return the server's address as the caller sees it, with a slash at its end."""
    return str(request.base_url)


def create_router(service: ShopService, access: Access, limit: ConcurrencyLimit) -> APIRouter:
    """Create the routes of the API.

    Args:
        service: Answers requests.
        access: Checks keys and rates.
        limit: Limits the answers in flight.
    """

    async def check(request: Request) -> None:
        access.check(request)

    dependencies = [Depends(check)]
    if access.needs_key:
        # For the description; `check` does the work.
        dependencies.append(Depends(HTTPBearer(auto_error=False)))
    router = APIRouter(prefix="/api/v1", dependencies=dependencies, responses=_REFUSALS)

    @router.post(
        "/recommend", tags=["assistant"], response_model=models.Recommendations,
        responses=_NOT_FOUND | {200: {"content": {EVENT_STREAM: {}}}},
        openapi_extra=_body(models.RecommendRequest),
    )  # fmt: skip
    async def recommend(
        request: Request, accept: Annotated[str, Header(include_in_schema=False)] = ""
    ) -> Any:
        """Answer one turn of a conversation: a message, a photo, or both.

        With `Accept: text/event-stream` the answer comes as events: `answer` with an empty reply,
        `reply` with each part of the reply as `text`, then `end`; or `problem`.
        """
        asked = await _read(request, models.RecommendRequest)
        base = base_of(request)
        if EVENT_STREAM in accept:
            answer = await limit.run(service.recommend, asked, base)
            events = limit.iterate(_events(service, answer))
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(events, media_type=EVENT_STREAM, headers=headers)

        return _json(await limit.run(service.answer, asked, base))

    @router.post(
        "/outfits/swap", tags=["assistant"], response_model=models.Outfit, responses=_NOT_FOUND
    )
    async def swap(request: Request, asked: models.SwapRequest) -> Any:
        """Replace one item of an outfit of an answer."""
        return _json(await limit.run(service.swap, asked, base_of(request)))

    @router.post(
        "/search", tags=["catalogue"], response_model=models.SearchResults, responses=_NOT_FOUND,
        openapi_extra=_body(models.SearchRequest),
    )  # fmt: skip
    async def search(request: Request) -> Any:
        """Search the catalogue by text, by photo, or by both, without a conversation."""
        asked = await _read(request, models.SearchRequest)
        return _json(await limit.run(service.search, asked, base_of(request)))

    @router.get("/items", tags=["catalogue"], response_model=list[models.Item])
    async def items(
        request: Request, id: Annotated[list[models.ItemId], Query(max_length=100)]
    ) -> Any:
        """Return several items, those that exist, in the order asked for."""
        return _cached(request, await limit.run(service.items, id, base_of(request)))

    @router.get(
        "/items/{item_id:path}/similar", tags=["catalogue"], response_model=models.SearchResults,
        responses=_NOT_FOUND,
    )  # fmt: skip
    async def similar(
        request: Request,
        item_id: ItemPath,
        limit_: Annotated[int, Query(alias="limit", ge=1, le=100)] = 10,
    ) -> Any:
        """Return items that look like one."""
        asked = models.SearchRequest(item_id=item_id, limit=limit_)
        return _cached(request, await limit.run(service.search, asked, base_of(request)))

    @router.get(
        "/items/{item_id:path}/goes-with", tags=["catalogue"],
        response_model=models.Recommendations, responses=_NOT_FOUND,
    )  # fmt: skip
    async def goes_with(
        request: Request, item_id: ItemPath,
        limit_: Annotated[int, Query(alias="limit", ge=1, le=models.MAX_ITEMS)] = 10,
        outfits: Annotated[int | None, Query(ge=0, le=10)] = None,
    ) -> Any:  # fmt: skip
        """Return what goes with an item, and whole outfits around it."""
        asked = models.RecommendRequest(item_id=item_id, limit=limit_, outfits=outfits)
        return _json(await limit.run(service.answer, asked, base_of(request)))

    @router.get(
        "/items/{item_id:path}", tags=["catalogue"], response_model=models.Item,
        responses=_NOT_FOUND | {304: {"description": "The item is as the ETag says."}},
    )  # fmt: skip
    async def item(request: Request, item_id: ItemPath) -> Any:
        """Return an item by the shop's own id, or by its photo's."""
        return _cached(request, await limit.run(service.item, item_id, base_of(request)))

    @router.get("/attributes", tags=["catalogue"], response_model=models.Facets)
    async def attributes(request: Request, language: Language = "en") -> Any:
        """Return what items can be filtered by: values and their counts, sizes, brands, prices."""
        return _cached(request, await limit.run(service.facets, language))

    @router.post("/feedback", tags=["feedback"], status_code=204, responses=_NOT_FOUND)
    async def feedback(event: FeedbackEvent) -> Response:
        """Tell what a customer did with items of an answer; no personal data is kept."""
        await limit.run(service.log_event, event)
        return Response(status_code=204)

    known = list(router.routes)

    @router.api_route("/{path:path}", methods=list(_METHODS), include_in_schema=False)
    async def nothing(request: Request, path: str) -> None:
        here = [one for one in known if isinstance(one, Route)]
        allowed = [one.methods or () for one in here if one.matches(request.scope)[0] != Match.NONE]
        methods = ", ".join(sorted({method for methods in allowed for method in methods}))
        if methods:
            detail = f"{request.url.path} takes {methods}: see /docs."
            raise Refusal(405, detail, headers={"Allow": methods})
        raise NotFound(f"There is no {request.url.path}: see /docs.")

    return router


def describe_bodies(app: FastAPI) -> None:
    """Add the bodies that :func:`_body` refers to to an application's OpenAPI description."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        schema = described()
        _, bodies = models_json_schema(
            [(model, "validation") for model in (models.RecommendRequest, models.SearchRequest)],
            ref_template="#/components/schemas/{model}",
        )
        schema["components"]["schemas"] |= bodies["$defs"]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _body(model: type[models.Start]) -> dict[str, Any]:
    """Describe a body that is JSON, or multipart with the file of a photo beside it."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    multipart = {
        "type": "object",
        "properties": {
            "photo": {"type": "string", "format": "binary"},
            "request": {"type": "string", "description": f"{model.__name__} as JSON."},
        },
    }
    content = {
        "application/json": {"schema": schema}, "multipart/form-data": {"schema": multipart},
    }  # fmt: skip
    return {"requestBody": {"required": True, "content": content}}


async def _read(request: Request, model: type[StartModel]) -> StartModel:
    """Read a body as :func:`_body` describes it.

    Raises:
        Refusal: With 413 for a large photo, with 415 for another media type.
        RequestValidationError: If the body is not what the model asks for.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    photo: bytes | None = None
    if media_type == "multipart/form-data":
        async with request.form(max_files=2, max_fields=4) as form:
            if unknown := sorted(set(form) - {"photo", "request"}):
                raise Refusal(
                    422, f"The form has {', '.join(unknown)}: send the file 'photo', and all other "
                    "fields as JSON in 'request'.", "invalid-request",
                )  # fmt: skip
            file, text = form.get("photo"), form.get("request", "{}")
            if isinstance(file, ReceivedFile):
                photo = await file.read(models.MAX_PHOTO_BYTES + 1)
            if isinstance(text, ReceivedFile):
                text = (await text.read()).decode(errors="replace")
        if photo is not None and len(photo) > models.MAX_PHOTO_BYTES:
            raise Refusal(
                413, f"The photo is larger than {models.MAX_PHOTO_BYTES:,} bytes.", "too-large"
            )
        data = str(text).encode()
    elif media_type == "application/json":
        data = await request.body()
    else:
        raise Refusal(415, "Send application/json or multipart/form-data.", "media-type")
    try:
        asked = model.model_validate_json(data)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(errors) from error
    if photo is not None:
        asked = asked.model_copy(update={"photo": photo})
    return asked


def _events(service: ShopService, answer: Answer) -> Iterator[bytes]:
    """Return an answer as events, its reply in parts."""
    yield _event("answer", answer.body.model_dump(mode="json"))
    reply = ""
    try:
        for part in service.reply(answer):
            reply += part
            yield _event("reply", {"text": part})
    except Exception as error:
        yield _event("problem", to_problem(error))
    else:
        yield _event("end", {"reply": reply})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))


def _json(body: BaseModel | list[Any]) -> Response:
    """Return a body as it is: its types were checked where it was made."""
    return Response(_any.dump_json(body), media_type="application/json")


def _cached(request: Request, body: BaseModel | list[Any]) -> Response:
    """Return a body with its ETag, or the status 304 to a caller who has it."""
    response = _json(body)
    tag = f'"{sha256(response.body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"private, max-age={_MAX_AGE_S}"}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response
