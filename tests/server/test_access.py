import httpx
import pytest

from lookbook.server.access import Access
from lookbook.server.secrets import Secrets
from project import assistant_of
from serving import app_of, serving

KEYS = Secrets(keys={"partner": "opensesame", "other": "swordfish"})
ATTRIBUTES = "/api/v1/attributes"


@pytest.fixture(scope="module")
def assistant(ran):
    return assistant_of(ran[0])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer opensesame"}, 200),
        ({"X-API-Key": "swordfish"}, 200),
        ({}, 401),
        ({"Authorization": "Bearer opensesam"}, 401),
        ({"Authorization": "Basic opensesame"}, 401),
        ({"X-API-Key": "page.9999999999.0"}, 401),
        ({"X-API-Key": "page.1.\xe9".encode()}, 401),
    ],
)
def test_with_keys_the_api_and_agents_need_one(assistant, headers, status):
    with serving(app_of(assistant, KEYS)) as address:
        answer = httpx.get(f"{address}{ATTRIBUTES}", headers=headers)
        assert answer.status_code == status
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accept = {"Accept": "application/json, text/event-stream"}
        agent = httpx.post(f"{address}/mcp", json=asked, headers={**headers, **accept})
        assert agent.status_code == status
        gradio = httpx.post(
            f"{address}/gradio_api/run/answer", json={"data": [None, ""]}, headers=headers
        )
        assert (gradio.status_code == 401) == (status == 401)
        if status == 401:
            assert "Authorization" in answer.json()["detail"]
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert httpx.get(f"{address}/health").status_code in (200, 503)


def test_a_page_has_a_token_of_its_own_that_ends(assistant, monkeypatch):
    access = Access(KEYS.keys, None)
    token = access.token()
    connection = connection_of({"authorization": f"Bearer {token}"})
    access.check(connection)
    with pytest.raises(Exception, match="API key"):
        Access(KEYS.keys, None).check(connection)
    monkeypatch.setattr("lookbook.server.access.TOKEN_LIFETIME_S", -1)
    with pytest.raises(Exception, match="API key"):
        access.check(connection)


def connection_of(headers, client="1.2.3.4"):
    from starlette.requests import HTTPConnection

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": raw, "client": (client, 1)})


def test_each_caller_has_a_rate_of_its_own(assistant):
    with serving(app_of(assistant, KEYS, rate_limit=2)) as address:

        def get(key):
            return httpx.get(f"{address}{ATTRIBUTES}", headers={"X-API-Key": key})

        assert [get("opensesame").status_code for _ in range(3)] == [200, 200, 429]
        assert get("swordfish").status_code == 200
        assert [get("guess").status_code for _ in range(3)] == [401, 401, 429]
        refused = get("opensesame")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "2 requests a minute" in refused.json()["detail"]


def test_other_sites_may_call_where_they_are_allowed(assistant):
    shop = "https://shop.example"
    with serving(app_of(assistant, allow_origins=[shop])) as address:

        def allowed(origin):
            answer = httpx.get(f"{address}{ATTRIBUTES}", headers={"Origin": origin})
            return answer.headers.get("access-control-allow-origin")

        assert allowed(shop) == shop
        assert allowed("https://other.example") is None
        asked = {"Origin": shop, "Access-Control-Request-Method": "POST"}
        asked["Access-Control-Request-Headers"] = "content-type,if-none-match,mcp-protocol-version"
        assert httpx.options(f"{address}/mcp", headers=asked).status_code == 200


def test_visitors_need_the_password(assistant):
    with serving(app_of(assistant, Secrets(user=("shop", "sécret")))) as address:
        for path in ("/docs", ATTRIBUTES, "/config", "/metrics"):
            assert httpx.get(f"{address}{path}").status_code == 401
            assert httpx.get(f"{address}{path}", auth=("shop", "wrong")).status_code == 401
        assert httpx.get(f"{address}{ATTRIBUTES}", auth=("shop", "sécret")).status_code == 200
        assert httpx.get(f"{address}/health").status_code in (200, 503)


def test_the_description_says_how_to_send_a_key(assistant):
    with serving(app_of(assistant, KEYS)) as address:
        described = httpx.get(f"{address}/openapi.json").json()
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"


def test_secrets_are_not_shown():
    assert "opensesame" not in repr(KEYS)
