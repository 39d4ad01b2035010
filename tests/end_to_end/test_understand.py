"""Teaches a network to understand messages, by people's own."""

import json

import pytest

from lookbook.understanding.message_network import MessageNetwork
from processes import run_kedro
from project import ROOT, latest, report, succeed, table
from tiny_models import save_tiny_message_encoder

WRITERS = {"k": "dialogues-1", "m": "first-messages-1", "n": "first-messages-2"}
QUICK = {"min_examples": 2, "folds": 2, "fit.epochs": 1, "fit.layers": 2, "fit.frozen_layers": 1}


@pytest.fixture
def messages(project):
    """Messages by three writers, one of them with a line that nobody can use."""
    folder = project / "messages"
    folder.mkdir()
    for writer, name in WRITERS.items():
        lines = (ROOT / f"data/01_raw/messages/{name}.jsonl").read_text().splitlines()[:14]
        (folder / f"{writer}.jsonl").write_text("\n".join(lines) + "\n")
    line = json.loads((folder / "m.jsonl").read_text().splitlines()[0])
    line |= {"id": "m-bad", "plan": {**line["plan"], "act": "buy"}}
    with (folder / "m.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n\n")
    return folder


def understand(project, messages, *options):
    texts = [json.loads(line)["message"] for path in sorted(messages.iterdir())
             for line in path.read_text().splitlines() if line]  # fmt: skip
    encoder = project / "encoder"
    if not encoder.exists():
        save_tiny_message_encoder(encoder, texts)
    given = {"messages": messages, "encoder": encoder,
             **{f"understand.{name}": value for name, value in QUICK.items()}}  # fmt: skip
    params = ",".join(f"{name}={value}" for name, value in given.items())
    return run_kedro(project, "run", "--pipelines=understand", f"--params={params}", *options)


def test_labelled_messages_teach_a_network_and_a_second_run_fits_no_fold_again(project, messages):
    result = succeed(understand(project, messages))
    (bad,) = table(project, "messages_quarantine").to_dict("records")
    assert (bad["writer"], bad["id"]) == ("m", "m-bad")
    assert bad["reason"].startswith("plan.act: Input should be 'search'")

    network = MessageNetwork(str(latest(project, "message_network.onnx")))
    assert ("Garment", "boots") in network.facts.values
    assert network.facts.thresholds.named_wanted < network.facts.thresholds.wanted

    scores = table(project, "message_scores")
    assert scores["writer"].value_counts().to_dict() == {"m": 14, "n": 14, "k": 14}
    told = report(project, "understand")
    assert (told["messages"], told["quarantine"]) == (42, 1)
    assert set(told["scores"]) == {"all", "writer", "kind", "language"}
    assert [row["writer"] for row in told["scores"]["writer"]] == ["k", "m", "n"]
    assert 0 <= told["scores"]["all"][0]["act"] <= 1
    card = latest(project, "message_network_card.md").read_text()
    assert "Trained on 42 messages" in card and "## By writer" in card
    assert "of writers left out: wanted values" in " ".join(result.stdout.split())

    folds = project / "data/06_models/fold_networks"
    before = {path: path.stat().st_mtime_ns for path in folds.iterdir()}
    assert len(before) == 2
    succeed(understand(project, messages, "--to-outputs=fold_networks"))
    assert {path: path.stat().st_mtime_ns for path in folds.iterdir()} == before


def test_without_messages_it_says_how_to_give_some(project):
    result = run_kedro(project, "run", "--pipelines=understand")
    assert result.returncode == 1
    assert "--params=messages=FOLDER" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stdout + result.stderr
