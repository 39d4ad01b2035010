"""Types ``kedro run --pipelines=prompt_trial``."""

import yaml

from chat_server import KEY, MODEL, serving
from processes import run_kedro
from project import copy_project, latest, succeed, table


def test_prompts_and_captioners_are_compared_and_paid_for_once(ran, tmp_path):
    project = copy_project(ran[0], tmp_path)
    (project / "conf/local/credentials.yml").write_text(f"together: {{api_key: {KEY}}}\n")
    with serving(faults={"refusal": 0.2}) as server:
        reached = {"model": MODEL, "base_url": server.url, "price": {"input": 1, "output": 1}}
        chosen = {"captioner": "together", "together": reached}
        (project / "conf/local/globals.yml").write_text(yaml.safe_dump(chosen))
        trial = project / "conf/local/catalog_prompt_trial.yml"
        engines = {
            "laptop": {"engine": "lookbook.captioners.bundled.BundledCaptioner"},
            "other": {
                "engine": "lookbook.captioners.api.ApiCaptioner",
                "max_tokens": 333, "credentials": "together", **reached,
            },
        }  # fmt: skip
        trial.write_text(
            yaml.safe_dump(
                {
                    "trial_captioners": {
                        "type": "lookbook.datasets.engine_dataset.EngineDataset",
                        "engine": "builtins.dict",
                        **engines,
                    }
                }
            )
        )
        arguments = ("run", "--pipelines=prompt_trial")
        few = "--params=prompt_trial.photos=5"
        result = succeed(run_kedro(project, *arguments, few))
        scores = table(project, "trial_scores")
        # Two captioners and three prompts; a refusal is asked about once more.
        assert set(server.pictures.values()) <= {6, 7}
        asked = len(server.requests)
        succeed(run_kedro(project, *arguments, few))
        assert len(server.requests) == asked
        # What was tried is not labelled again.
        both = "--pipelines=label,prompt_trial"
        succeed(run_kedro(project, "run", both, few))
        tried = set(table(project, "trial_photos")["photo_id"])
        assert len(tried) == 5
        assert len(server.pictures) == len(table(project, "captions"))
    assert set(zip(scores["captioner"], scores["prompt"], strict=True)) == {
        (engine, prompt)
        for engine in ("captioner", "laptop", "other")
        for prompt in ("caption", "plain", "recipe")
    }
    assert scores.loc[scores["captioner"].ne("laptop"), "cost"].astype(float).gt(0).all()
    assert "Prompts tried on 5 photos" in result.stdout and "laptop, plain" in result.stdout
    assert latest(project, "trial_plot.json").stat().st_size > 1000
    assert KEY not in result.stdout + result.stderr
