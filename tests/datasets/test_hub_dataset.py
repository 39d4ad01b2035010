import pytest
from kedro.io.core import DatasetError

from hub_server import TOKEN, serving_hub
from lookbook.datasets.hub_dataset import HubDataset

TOLD = {"repository": "shop/clothes", "private": True, "message": "3 photos"}


@pytest.fixture
def folder(tmp_path):
    for name, data in {"README.md": b"# Clothes", "train/00/a.jpg": b"photo"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def push(folder, hub, told=TOLD, token=TOKEN):
    HubDataset(path=str(folder), endpoint=hub.url, credentials={"token": token}).save(told)


CARD = b"---\ntags: [lookbook-catalogue]\n---\n# Clothes"
LEFT = f"train/00/{'0' * 64}_1024_90.jpg"


def test_a_new_repository_holds_what_the_folder_holds(folder):
    with serving_hub(files={".gitattributes": b""}) as hub:
        push(folder, hub)
        assert hub.files == {
            ".gitattributes": b"", "README.md": b"# Clothes", "train/00/a.jpg": b"photo"
        }  # fmt: skip
        assert (hub.commits, hub.private) == (["3 photos"], True)


def test_what_left_the_folder_leaves_the_repository_and_what_others_added_stays(folder):
    others = {"LICENSE": b"CC0", "train/notes.txt": b"", "train/00/left.jpg": b"", "a.jpg": b""}
    files = {"README.md": CARD, LEFT: b"gone", "test/metadata.parquet": b"gone", **others}
    with serving_hub(files=files) as hub:
        push(folder, hub)
        assert hub.files == {"README.md": b"# Clothes", "train/00/a.jpg": b"photo", **others}


@pytest.mark.parametrize(
    "card", [b"# Clothes", b"---\ntags: [art]\n---\n", b"---\nlicense: mit\n---\n"]
)
def test_another_data_set_is_never_pushed_to(folder, card):
    files = {"README.md": card, LEFT: b"theirs", "data.parquet": b"theirs"}
    with (
        serving_hub(files=dict(files)) as hub,
        pytest.raises(DatasetError, match=r"that Lookbook did not publish.*publish\.repository"),
    ):
        push(folder, hub)
    assert hub.files == files and hub.commits == []


def test_nothing_is_pushed_where_no_repository_is_named(folder):
    with serving_hub() as hub:
        push(folder, hub, {**TOLD, "repository": None})
        assert hub.commits == [] and hub.private is None


@pytest.mark.parametrize("told", [TOLD, {**TOLD, "repository": "no name/at all"}])
def test_a_hub_that_refuses_is_told_and_the_folder_stays(folder, told):
    with serving_hub() as hub, pytest.raises(DatasetError, match="The hub rejected") as raised:
        push(folder, hub, told, token="hf_wrong")
    assert "hf_wrong" not in str(raised.value)
    assert (folder / "README.md").exists()
