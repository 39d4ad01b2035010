import shutil
from pathlib import Path

import pytest
from kedro.framework.project import settings
from kedro.framework.startup import bootstrap_project

from lookbook.config_loader import ConfigLoader
from lookbook.errors import InputError
from project import ROOT, configuration

# All of it takes ten times as long to parse.
FILES = (
    "catalog_index.yml", "catalog_ingest.yml", "catalog_label.yml", "catalog_prompt_trial.yml",
    "catalog_serving.yml", "globals.yml", "parameters_balance.yml", "parameters_index.yml",
    "parameters_publish.yml", "parameters_serving.yml",
)  # fmt: skip


@pytest.fixture
def conf(tmp_path):
    """Some of the project's configuration, and an empty conf/local."""
    for name in FILES:
        write(tmp_path / "conf", f"base/{name}", (ROOT / "conf/base" / name).read_text())
    shutil.copytree(ROOT / "conf/base/prompts", tmp_path / "conf/base/prompts")
    (tmp_path / "conf/shop").mkdir()
    (tmp_path / "conf/local").mkdir()
    return tmp_path / "conf"


@pytest.fixture(scope="module", autouse=True)
def pipelines():
    bootstrap_project(ROOT)


@pytest.fixture
def load(conf):
    def load(key, env=None, source=conf, **runtime_params):
        return ConfigLoader(source, env, runtime_params, **settings.CONFIG_LOADER_ARGS)[key]

    return load


def write(conf, name, text):
    path = conf / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("folder", ["local", "shop"])
def test_one_parameter_is_overridden_in_any_environment(conf, load, folder):
    write(conf, f"{folder}/parameters.yml", "publish: {licence: cc0-1.0}\n")
    base = configuration("parameters_publish")["publish"]
    assert load("parameters", env="shop")["publish"] == {**base, "licence": "cc0-1.0"}


def test_the_environment_wins_over_local_and_the_command_line_over_both(conf, load):
    write(
        conf,
        "local/parameters.yml",
        "index: {near_duplicates: {min_cosine: 0.5, max_hamming_distance: 1}}\n",
    )
    write(conf, "shop/parameters.yml", "index: {near_duplicates: {min_cosine: 0.7}}\n")
    given = {"index": {"near_duplicates": {"max_hamming_distance": 3}}}
    loaded = load("parameters", env="shop", **given)["index"]["near_duplicates"]
    assert loaded == {"min_cosine": 0.7, "max_hamming_distance": 3}


def test_an_empty_section_overrides_nothing(conf, load):
    write(conf, "local/parameters.yml", "publish:\n#  licence: cc0-1.0\n")
    assert load("parameters")["publish"] == configuration("parameters_publish")["publish"]


def test_one_global_is_overridden_but_embedding_models_are_a_choice(conf, load):
    models = {"bge": {"model": "BAAI/bge-small-en-v1.5"}}
    write(conf, "local/globals.yml", f"search_weights: {{text: 0.5}}\nembedders: {models}\n")
    loaded = load("globals")
    assert loaded["search_weights"] == {
        **configuration("globals")["search_weights"], "text": 0.5
    }  # fmt: skip
    assert loaded["embedders"] == models


def test_declared_fields_are_replaced_as_a_whole(conf, load):
    write(
        conf, "local/schema.yml", "schema: {Wood: {kind: single, description: x, values: [oak]}}\n"
    )
    with pytest.raises(InputError, match=r"conf/local/schema\.yml"):
        load("parameters")


@pytest.mark.parametrize("suffix", ["zip", "gztar"])
def test_an_archive_with_parameters_keeps_those_of_the_environment(conf, load, tmp_path, suffix):
    write(conf, "shop/parameters.yml", "publish: {quality: 7}\n")
    archive = shutil.make_archive(str(tmp_path / "packed"), suffix, tmp_path, "conf")
    shutil.rmtree(conf / "local")
    given = {"source": archive, "env": "shop", "publish": {"longest": 99}}
    loaded = load("parameters", **given)["publish"]
    base = configuration("parameters_publish")["publish"]
    assert loaded == {**base, "quality": 7, "longest": 99}
    prompt = load("globals", source=archive)["phrases"].replace("phrases.yml", "prompts/system.txt")
    assert Path(prompt).read_text() == (ROOT / "conf/base/prompts/system.txt").read_text()


def test_prompts_and_phrases_are_found_from_any_folder(conf, load, tmp_path, monkeypatch):
    write(conf, "local/prompts/caption.txt", "mine")
    write(conf, "shop/prompts/short.txt", "short")
    entry = "{type: text.TextDataset, filepath: '${conf:prompts/%s.txt}'}\n"
    names = ("caption", "short", "system")
    write(conf, "local/catalog.yml", "".join(f"my_{name}: {entry % name}" for name in names))
    monkeypatch.chdir(tmp_path.parent)
    catalog = load("catalog", env="shop")
    texts = {name: Path(catalog[f"my_{name}"]["filepath"]).read_text() for name in names}
    assert (texts["caption"], texts["short"]) == ("mine", "short")
    assert texts["system"] == (ROOT / "conf/base/prompts/system.txt").read_text()
    assert Path(catalog["caption_prompt"]["filepath"]).read_text() == "mine"
    assert Path(catalog["system_prompt"]["filepath"]).is_file()
    assert Path(catalog["trial_prompts"]["path"]).is_dir()
    assert catalog["stylist"]["engine"]["phrases"]["filepath"] == str(conf / "base/phrases.yml")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("globals.yml", "photoz: x\n", "'photoz' in conf/local/globals.yml: did you mean 'photos'"),
        ("globals.yml", "7: x\n", "conf/local/globals.yml has a key that is not a name: 7"),
        ("globals.yml", "search_weights: {texts: 1}\n", "did you mean 'search_weights.text'"),
        ("parameters.yml", "balance: {capp: 3}\n", "'balance.capp' in conf/local/parameters.yml"),
        ("parameters.yml", "balance: {capp: 3}\n", "did you mean 'balance.cap'?"),
        ("parameters.yml", "licence: x\n", "did you mean 'publish.licence'?"),
        ("parameters.yml", "photos: x\n", "is a global: set it in conf/local/globals.yml"),
        (
            "parameters.yml",
            "index: {near_duplicates: {min_cosin: 1}}\n",
            "did you mean 'index.near_duplicates.min_cosine'",
        ),
        ("parameters_mine.yml", "blanace: {cap: 3}\n", "conf/local/parameters_mine.yml: did you"),
        ("parameters.yml", "qqqqqqqq: 1\n", "'qqqqqqqq' in conf/local/parameters.yml: remove it"),
    ],
)
def test_an_unknown_key_is_named_with_its_file_and_the_nearest(conf, load, name, text, sentence):
    write(conf, f"local/{name}", text)
    with pytest.raises(InputError) as raised:
        load("parameters")
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"photoz": "x"}, "'photoz' in --params: did you mean 'photo' or 'photos'?"),
        ({"balance": {"capp": 3}}, "'balance.capp' in --params: did you mean 'balance.cap'?"),
        ({"together": {"modle": "x"}}, "in --params: did you mean 'together.model'?"),
    ],
)
def test_an_unknown_key_of_the_command_line_is_named(load, given, sentence):
    with pytest.raises(InputError) as raised:
        load("parameters", **given)
    assert sentence in str(raised.value)


def test_known_keys_are_taken_wherever_they_stand(conf, load):
    write(conf, "local/globals.yml", "own_table: x.csv\nphotos: y\n")
    write(
        conf,
        "local/catalog.yml",
        "mine: {type: pandas.CSVDataset, filepath: '${globals:own_table}'}\n",
    )
    write(
        conf,
        "local/parameters.yml",
        "serving: {limit: 3}\n",
    )
    loaded = load("parameters", photos="x", network="y", replace=True)
    assert loaded["serving"]["limit"] == 3
    assert load("catalog")["mine"]["filepath"] == "x.csv"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("photos: [1,\n", "conf/local/globals.yml is not valid YAML in line 2"),
        ("a: b: c\n", "conf/local/globals.yml is not valid YAML in line 1"),
        ("\t- x\n", "conf/local/globals.yml is not valid YAML in line 1"),
        ("photos: *x\n", "undefined alias"),
        ("photos: a\nphotos: b\n", "duplicate key photos"),
        ("- a\n", "conf/local/globals.yml declares no keys"),
        ("photos: ${nope}\n", "Interpolation key 'nope' not found"),
        ("photos: \xff\n", "conf/local/globals.yml cannot be read"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(conf, load, text, sentence):
    (conf / "local/globals.yml").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as raised:
        load("globals")
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_is_no_configuration_or_environment_is_named(load, tmp_path):
    (tmp_path / "junk.zip").write_text("junk")
    with pytest.raises(InputError, match="cannot be unpacked"):
        load("globals", source=tmp_path / "junk.zip")
    with pytest.raises(InputError, match="--conf-source"):
        load("globals", source=tmp_path / "nowhere")
    with pytest.raises(InputError, match="There is no environment 'nowhere'"):
        load("globals", env="nowhere")


def test_the_home_folder_is_expanded_in_every_path(conf, load, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(conf, "local/globals.yml", "photos: ~/photos\n")
    given = {"index": "~/lancedb", "message": "~ is a wave"}
    catalog = load("catalog", **given)
    assert catalog["search_index"]["filepath"] == str(tmp_path / "lancedb")
    assert catalog["photo_files"]["dataset"]["path"] == str(tmp_path / "photos")
    parameters = load("parameters", **given)
    assert parameters["message"] == "~ is a wave"
    # The address has the name of a section.
    assert parameters["index"] == configuration("parameters_index")["index"]


def test_a_preset_counts_as_a_global_and_on_the_command_line_and_single_keys_win(conf, load):
    assert load("parameters")["balance"]["cap"] is None
    assert load("parameters", preset="recipe")["balance"]["cap"] == 500
    write(conf, "local/globals.yml", "preset: recipe\n")
    write(conf, "local/parameters.yml", "clean: {cap: 7}\n")
    loaded = load("parameters")
    assert (loaded["balance"]["drop_kids"], loaded["balance"]["cap"]) == (True, 500)
    assert loaded["clean"]["cap"] == 7


def test_an_unknown_preset_is_named(load):
    with pytest.raises(
        InputError, match=r"no preset 'recip'\. Choose one of 'everything', 'recipe'"
    ):
        load("parameters", preset="recip")


def test_catalog_files_share_no_hidden_key():
    """Kedro merges hidden keys of the same name, and one table's types would become another's."""
    files = (ROOT / "conf/base").glob("catalog*.yml")
    names = [name for file in files for name in configuration(file.stem)]
    assert len(names) == len(set(names))


def test_a_captioner_and_a_stylist_are_chosen_by_one_parameter_each(load):
    chosen = {"captioner": "together", "stylist": "llama", "together": {"base_url": "http://x"}}
    catalog = load("catalog", **chosen)
    captioner = catalog["captioner"]["dataset"]["engine"]
    assert captioner["engine"].endswith("ApiCaptioner") and captioner["base_url"] == "http://x"
    assert catalog["stylist"]["engine"]["chat"]["engine"].endswith("HuggingFaceChatModel")
    with pytest.raises(
        InputError, match=r"no captioner 'both'\. Choose one of 'bundled', 'together'"
    ):
        load("catalog", captioner="both")


def test_a_section_of_parameters_leaves_the_global_of_its_name_alone(load):
    section = {"near_duplicates": {"min_cosine": 0.7}}
    assert load("globals", index=section)["index"] == load("globals")["index"]
    assert load("parameters", index=section)["index"]["near_duplicates"]["min_cosine"] == 0.7
    assert load("globals", index="elsewhere")["index"] == "elsewhere"
