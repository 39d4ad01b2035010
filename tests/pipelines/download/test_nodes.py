from lookbook.pipelines.download.nodes import report_download


def test_says_what_came_and_how_to_go_on():
    fetched = {
        "source": "s",
        "photos": "data/x",
        "files": {"a.JPG": 2, "b.jpg": 3, "images.csv": 4},
        "differs": "",
    }
    report = report_download(fetched)
    assert (report["files"], report["bytes"]) == (3, 9)
    assert report["by_suffix"] == {".jpg": 2, ".csv": 1}
    assert report["next"] == "kedro run --params=photos=data/x"
