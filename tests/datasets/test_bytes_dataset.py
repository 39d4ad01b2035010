from kedro.io import Version

from lookbook.datasets.bytes_dataset import BytesDataset


def test_keeps_bytes_by_version(tmp_path):
    path = str(tmp_path / "network.onnx")
    for number in (1, 2):
        BytesDataset(filepath=path, version=Version(None, f"v{number}")).save(bytes([number, 0]))
    assert BytesDataset(filepath=path, version=Version(None, None)).load() == b"\x02\x00"
    assert BytesDataset(filepath=path, version=Version("v1", None)).load() == b"\x01\x00"


def test_keeps_one_file_without_versions(tmp_path):
    dataset = BytesDataset(filepath=str(tmp_path / "a" / "photo.jpg"))
    assert not dataset.exists()
    dataset.save(b"photo")
    assert (dataset.load(), (tmp_path / "a" / "photo.jpg").read_bytes()) == (b"photo", b"photo")
