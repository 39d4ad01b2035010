import pytest
from kedro.io import DatasetError

from lookbook.captioners.api import ApiCaptioner, Price
from lookbook.datasets.engine_dataset import EngineDataset

API = "lookbook.captioners.api.ApiCaptioner"


def test_makes_an_engine_of_its_arguments_and_credentials():
    engine = EngineDataset(
        engine=API, model="a/model", price={"input": 1, "output": 2}, credentials={"api_key": "k"}
    ).load()
    assert isinstance(engine, ApiCaptioner)


def test_engines_nest():
    price = {"engine": "lookbook.captioners.api.Price", "input": 1, "output": 2}
    made = EngineDataset(engine="builtins.dict", small=price, plain={"a": 1}).load()
    assert made == {"small": Price(input=1, output=2), "plain": {"a": 1}}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            {"engine": "lookbook.captioners.api.NoSuch"},
            "Cannot import 'lookbook.captioners.api.NoSuch'",
        ),
        ({"engine": "nowhere"}, "Cannot import 'nowhere'"),
        ({"engine": API}, "missing a required argument: 'model'"),
        ({"engine": API, "model": "x", "speed": 3}, "unexpected keyword argument 'speed'"),
        ({"engine": API, "model": "x", "price": {"input": -1}}, "does not accept"),
    ],
)
def test_what_cannot_be_made_ends_in_a_sentence(config, told):
    with pytest.raises(DatasetError) as raised:
        EngineDataset(**config).load()
    assert told in str(raised.value.__cause__)


def test_is_never_written():
    with pytest.raises(DatasetError, match="can only be loaded"):
        EngineDataset(engine=API, model="x").save({})
