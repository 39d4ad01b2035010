import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from lookbook.photos.sampling import cap_groups

GROUPS = st.dictionaries(st.text(max_size=6), st.sampled_from("abc"), min_size=1, max_size=60)


@given(GROUPS, st.integers(1, 10), st.integers(0, 5))
def test_keeps_as_many_as_the_cap_allows(groups, cap, seed):
    table = pd.DataFrame({"key": list(groups), "group": list(groups.values())})
    kept = cap_groups(table, by="group", key="key", cap=cap, seed=seed)
    wanted = table["group"].value_counts().clip(upper=cap)
    assert kept["group"].value_counts().to_dict() == wanted.to_dict()
    assert kept["key"].is_monotonic_increasing
