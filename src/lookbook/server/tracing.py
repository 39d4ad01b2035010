"""Traces by OpenTelemetry; the ``OTEL_*`` variables of the environment configure them."""

from __future__ import annotations

from fastapi import FastAPI

from lookbook.errors import InputError


def trace(app: FastAPI) -> None:
    """Export a trace of each request to the collector that the environment names.

    Raises:
        InputError: If the packages of the extra ``tracing`` are missing.
    """
    try:
        from opentelemetry import trace as api
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise InputError(
            "server.tracing needs OpenTelemetry: run \"pip install 'lookbook[tracing]'\"."
        ) from error
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "lookbook"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    api.set_tracer_provider(provider)
    app.add_middleware(OpenTelemetryMiddleware, tracer_provider=provider)
