import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Node, Pipeline

from lookbook.errors import InputError
from lookbook.photo_source import SAMPLE, PhotoSource
from project import ROOT, configuration

INGEST = Pipeline([Node(lambda: None, None, "manifest", name="match_rows")])
EXPORT = Pipeline([Node(lambda: None, None, "published_files", name="publish")])


@pytest.fixture
def shop(tmp_path):
    """A project with little configuration, whose commands are typed one after another."""
    bootstrap_project(ROOT)
    (tmp_path / "conf/base").mkdir(parents=True)
    (tmp_path / "conf/local").mkdir()
    keys = ("photos", "photos_record", "index", "replace")
    shared = configuration("globals")
    lines = [f"{key}: {str(shared[key]).lower()}\n" for key in keys]
    (tmp_path / "conf/base/globals.yml").write_text("".join(lines))
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()

    class Shop:
        def configure(self, text):
            (tmp_path / "conf/local/globals.yml").write_text(text)

        def open(self, **params):
            """Opens the project; gives the hooks, and the folder of photos that is used."""
            hooks = PhotoSource()
            session = KedroSession.create(tmp_path, runtime_params=params)
            context = session.load_context()
            context.config_loader.runtime_params = dict(params)
            hooks.after_context_created(context)
            loader = context.config_loader
            return hooks, loader.runtime_params.get("photos", loader["globals"]["photos"])

        def run(self, **params):
            hooks, folder = self.open(**params)
            hooks.before_pipeline_run(INGEST)
            for name in ("manifest", "search_index"):
                hooks.after_dataset_saved(name)
            return folder

    return Shop()


def test_later_commands_use_the_folder_that_was_named_once(shop, tmp_path):
    assert shop.run() == SAMPLE
    shop.run(photos=str(tmp_path.parent))
    assert shop.open()[1] == str(tmp_path.parent)
    assert shop.run() == str(tmp_path.parent)
    assert (tmp_path / "data/07_model_output/lancedb/photos_folder.txt").read_text().strip() == (
        str(tmp_path.parent)
    )


def test_a_folder_of_the_project_moves_with_it(shop, tmp_path):
    shop.run(photos=str(tmp_path / "mine"))
    assert shop.open()[1] == "mine"
    assert shop.run(photos="./mine/") == "./mine/"
    assert shop.open()[1] == "mine"


def test_a_table_is_remembered_as_a_folder_is(shop, tmp_path):
    (tmp_path / "products.csv").touch()
    shop.run(photos="products.csv")
    shop.configure("photos: mine\n")
    assert shop.open()[1] == "products.csv"
    (tmp_path / "products.csv").unlink()
    assert shop.open()[1] == "mine"


def test_another_folder_of_the_configuration_is_refused_and_named(shop):
    shop.run(photos="mine")
    shop.configure("photos: other\n")
    hooks, used = shop.open()
    assert used == "mine"
    with pytest.raises(InputError) as raised:
        hooks.before_pipeline_run(INGEST)
    sentence = str(raised.value)
    assert (
        "'mine'" in sentence
        and "--params=photos='other'" in sentence
        and "replace: true" in sentence
    )
    hooks.before_pipeline_run(EXPORT)


@pytest.mark.parametrize(
    ("config", "params"),
    [
        ("photos: other\n", {"replace": True}),
        ("photos: other\nreplace: true\n", {}),
        ("photos: mine\n", {"photos": "other"}),
    ],
)
def test_another_folder_replaces_what_was_made_where_that_is_asked_for(shop, config, params):
    shop.run(photos="mine")
    shop.configure(config)
    assert shop.run(**params) == "other"
    shop.configure("")
    assert shop.open()[1] == "other"


def test_the_sample_is_replaced_and_a_folder_that_has_moved_is_found(shop, tmp_path):
    shop.run()
    shop.configure("photos: mine\n")
    assert shop.run() == "mine"
    (tmp_path / "mine").rename(tmp_path / "moved")
    shop.configure("photos: moved\n")
    assert shop.run() == "moved"


def test_the_sample_never_takes_the_place_of_a_folder_that_is_not_there(shop, tmp_path):
    shop.run(photos="mine")
    (tmp_path / "mine").rmdir()
    assert shop.open()[1] == "mine"


def test_what_is_replaced_is_told(shop, caplog):
    shop.run(photos="mine")
    shop.run(photos="other")
    told = "This run replaces the catalogue and index of 'mine' with those of 'other'."
    assert told in caplog.messages


def test_the_environment_names_a_folder_of_any_name_and_the_command_line_wins(shop, monkeypatch):
    monkeypatch.setenv("PHOTOS", "red, blue")
    assert shop.run() == "red, blue"
    assert shop.open(photos="mine")[1] == "mine"
    monkeypatch.delenv("PHOTOS")
    assert shop.open()[1] == "red, blue"
