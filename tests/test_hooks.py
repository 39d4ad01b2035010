from importlib import import_module

import pytest

from lookbook.pipeline_registry import every_pipeline

REPORTS = {
    "ingest": ({"files": 3350, "ok": 3250, "quarantined": {"unlisted": 100}}, "100 unlisted"),
    "balance": ({"photos": 9, "selected": 5, "kids_dropped": 3, "capped": 1}, "3 kids', 1 over"),
    "label": (
        {
            "photos": 5,
            "captioned": 4,
            "captioned_before": 2,
            "failed": 1,
            "input_tokens": 9000,
            "output_tokens": 500,
            "cost": 1.234,
        },
        "failed: 1; tokens: 9,000 in, 500 out; cost: 1.23",
    ),
    "clean": (
        {
            "captions": 5,
            "usable": 3,
            "rejected_by_reason": {"refusal": 2},
            "balanced": 3,
            "corrections": {"by_field": {"Type": {"confirmed": 1, "changed": 2}}, "others": {}},
        },
        "rejected: 2 refusal; balanced: 3; 2 values are people's",
    ),
    "index": (
        {
            "items": 3,
            "same_items": 1,
            "embedders": {
                "one": {"embedded": 1, "reused": 2, "removed": 4, "pictures_failed": 1},
                "other": {"embedded": 3, "reused": 0, "removed": 0, "pictures_failed": 0},
            },
        },
        "embedded: 4; unchanged: 2; removed: 4; without picture: 1; same item again: 1",
    ),
}


@pytest.mark.parametrize("step", REPORTS)
def test_says_what_a_step_did(step):
    report, told = REPORTS[step]
    summary = import_module(f"lookbook.pipelines.{step}.summary")
    came, went, happened = summary.summarise(report)
    assert came >= went > 0
    assert told in happened


@pytest.mark.parametrize("one", every_pipeline())
def test_any_two_pipelines_run_together(one):
    # Kedro raises where two nodes write one dataset, or have one name.
    for other in every_pipeline().values():
        together = every_pipeline()[one] + other
        assert set(together.nodes) >= set(other.nodes)
