import pandas as pd

from photo_server import photo, serving_photos, status
from project import jpeg, latest, succeed

PHOTOS = [jpeg(seed=seed) for seed in range(2)]


def test_photos_are_fetched_from_the_addresses_in_a_shops_table(project, kedro):
    answers = {f"/{name}.jpg": photo(PHOTOS[place]) for place, name in enumerate("ab")}
    with serving_photos({**answers, "/c.jpg": status(404)}) as server:
        rows = [f"P-{name},Shirt {name},{server.url}/{name}.jpg" for name in "abc"]
        (project / "shop.csv").write_text("\n".join(["SKU,Title,Image Src", *rows]))
        allowed = "--params=photos=shop.csv,fetch.allow_private_addresses=true"
        succeed(kedro("run", "--pipelines=products,ingest", allowed))
    manifest = pd.read_csv(latest(project, "manifest.csv"))
    assert sorted(manifest["product_id"]) == ["P-a", "P-b"]
    quarantine = pd.read_csv(latest(project, "quarantine.csv")).set_index("status")
    assert quarantine.loc["not fetched", "reason"] == "HTTP 404 Not Found"
    assert quarantine.loc["not fetched", "product_id"] == "P-c"
