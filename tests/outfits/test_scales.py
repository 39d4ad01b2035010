from lookbook.outfits.scales import Scale
from lookbook.search.probabilities import StackedProbabilities
from outfits import outfit_params

WARMTH = Scale.model_validate(
    {
        "neutral": 2.0,
        "attributes": {
            "Garment": {"weight": 3, "values": {"coat": 4, "T-shirt": 1}},
            "Material": {"values": {"wool": 4, "linen": 0}},
        },
    }
)


def position(**probabilities):
    return WARMTH.positions(StackedProbabilities([probabilities]))[0]


def test_a_position_is_the_mean_of_values_by_probability_and_weight():
    assert position(Garment={"coat": 1.0}) == 4
    assert position(Garment={"coat": 0.5, "T-shirt": 0.5}) == 2.5
    assert position(Garment={"T-shirt": 1.0}, Material={"wool": 1.0}) == (3 * 1 + 4) / 4


def test_values_without_a_position_say_nothing():
    assert position(Garment={"coat": 0.3, "cap": 0.7}) == 4
    assert position(Garment={"cap": 1.0}) == position() == 2


def test_the_projects_scales_speak_of_declared_values(schema):
    for scale in outfit_params().scales.values():
        for name, attribute in scale.attributes.items():
            assert set(attribute.values) <= set(schema.categorical[name].values)


def test_an_attribute_that_a_catalogue_lacks_says_nothing():
    strange = Scale.model_validate({"neutral": 1, "attributes": {"Heel": {"values": {"flat": 2}}}})
    assert strange.positions(StackedProbabilities([{"Garment": {"coat": 1.0}}])) == [1]
