import numpy as np
import pandas as pd

from lookbook.attributes.probabilities import ProbabilityTable

FLAT = pd.DataFrame(
    {"photo_id": ["a", "b"], "Sleeve: short": [0.2, 0.6], "Sleeve: long": [0.8, 0.4]}
)
TABLE = ProbabilityTable(FLAT)


def test_values_have_a_column_each_and_unknown_ones_are_nan():
    found = TABLE.reindex(pd.Series(["b", "x"])).of("Sleeve", ["long", "none"])
    np.testing.assert_array_equal(found, np.array([[0.4, np.nan], [np.nan, np.nan]], np.float32))
    assert TABLE.of("Sleeve length", ["long"]) is None
    assert TABLE.contains(pd.Series(["a", "x"])).tolist() == [True, False]


def test_a_photo_has_the_probabilities_that_are_known():
    assert TABLE.of_photo("a", "Sleeve", ["short", "none"]) == {"short": 0.2}
    assert TABLE.of_photo("x", "Sleeve", ["short"]) == {}


def test_an_empty_table_knows_nothing():
    empty = ProbabilityTable(pd.DataFrame({"photo_id": []}))
    assert empty.of("Sleeve", ["short"]) is None
    assert not empty.contains(pd.Series(["a"])).any()
