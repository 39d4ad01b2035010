import pandas as pd
import pytest

from lookbook.pipelines.publish.nodes import encode_photos, plan_publication
from lookbook.pools import LocalPool
from lookbook.publishing.params import PublishParams
from project import configuration, jpeg

PARAMS = PublishParams.model_validate(
    {**configuration("parameters_publish")["publish"], "licence": "cc0-1.0"}
)


@pytest.fixture
def publish(schema):
    catalogue = pd.DataFrame(
        [{"photo_id": letter * 64, "Filename": f"{letter}.jpg"} for letter in "ab"]
    )
    manifest = pd.DataFrame({"photo_id": ["a" * 64, "b" * 64], "sender_id": None, "label": None})
    near = pd.DataFrame(columns=["photo_id", "duplicate_group"])
    decided = pd.DataFrame(columns=["photo_id", "attribute", "outcome"])
    files = {f"{letter}.jpg": lambda seed=seed: jpeg(seed=seed) for seed, letter in enumerate("ab")}

    def run(published, **changed):
        params = PARAMS.model_copy(update=changed)
        rows = plan_publication(catalogue, manifest, near, decided, schema, params)
        for some in encode_photos(rows, files, dict(published), LocalPool(1), params):
            for name, data in some.items():
                published.pop(name, None)
                if data is not None:
                    published[name] = data
        return set(published.values())

    return run


def test_another_quality_or_size_encodes_every_photo_anew_and_removes_the_old(publish):
    published = {}
    before = publish(published)
    assert len(published) == 2
    assert publish(published) == before
    coarser = publish(published, quality=30)
    assert len(published) == 2 and not coarser & before
    assert max(map(len, coarser)) < min(map(len, before))
    smaller = publish(published, quality=30, longest=128)
    assert len(published) == 2 and not smaller & coarser
