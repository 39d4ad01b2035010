from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import httpx
import pytest

from project import assistant_of
from serving import app_of, serving

collector = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")


def test_a_request_is_traced_to_the_collector_that_the_environment_names(ran, monkeypatch):
    from lookbook.server.tracing import trace

    received, arrived = [], Event()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            request = collector.ExportTraceServiceRequest.FromString(body)
            received.extend(
                span.name
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            )
            self.send_response(200)
            self.end_headers()
            arrived.set()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    app = app_of(assistant_of(ran[0]))
    trace(app)
    with serving(app) as address:
        assert httpx.get(f"{address}/api/v1/attributes").status_code == 200
        assert arrived.wait(30)
    server.shutdown()
    assert any("/api/v1/attributes" in name for name in received)
