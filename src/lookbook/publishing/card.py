"""The data set's card: what is in it, how it was labelled, how good that is, and whose it is."""

from __future__ import annotations

import re
from typing import Any

import yaml
from jinja2 import Environment

from lookbook.attributes.schema import Schema, SingleAttribute, TextAttribute
from lookbook.publishing.params import PublishParams
from lookbook.publishing.tables import features_of

_SIZES = {
    1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M",
    10_000_000: "1M<n<10M",
}  # fmt: skip
# The tag by which a data set is known as one that Lookbook has published.
TAG = "lookbook-catalogue"
_TEMPLATE = """\
# {{ params.title }}

{{ params.description }}

{{ "{:,}".format(photos) }} photos, {{ "{:,}".format(splits.train) }} for training and \
{{ "{:,}".format(splits.test) }} for testing; no sender's photos are in both. Each was turned \
upright, bounded to {{ params.longest }} pixels a side and encoded anew, without EXIF, GPS or \
other metadata. `photo_id` is the SHA-256 of the photo as it was given.

```python
from datasets import load_dataset

load_dataset("{{ params.repository or 'FOLDER' }}")
```

`catalogue.parquet` is the same table with values in words, for DuckDB \
(`FROM 'catalogue.parquet'`) and others, `catalogue.csv` the recipe's table; \
`croissant.json` describes them to other tools.

## How it was labelled

By `{{ captioner }}`, which described every photo in the declared attributes (the name's digits \
stand for its weights and settings); what it wrote was mapped to their values by rules. \
{% if decided %}People have \
looked at {{ "{:,}".format(decided) }} of the values, and changed \
{{ "{:,}".format(changed) }}; the column `reviewed` names them.\
{% else %}No value was looked at by people.{% endif %} \
`label` is what people called the photo, where they did.

{% if scores %}\
{% if scores.accuracy is not none %}\
{{ scores.human_label }} agrees with people's label of the photo in {{ scores.accuracy }} of \
{{ "{:,}".format(scores.human_labels) }} photos that taught the labeller nothing (95 % interval \
{{ scores.interval_95[0] }} to {{ scores.interval_95[1] }}).
{% endif %}\
{% if scores.corrected %}

| attribute | looked at by people | right |
|---|---|---|
{% for name, told in scores.corrected.items() -%}
| {{ name }} | {{ "{:,}".format(told.looked_at) }} | {{ told.right }} |
{% endfor %}
{% endif %}\
{% else %}\
How good the labels are was not measured: `kedro run --pipelines=evaluate` does.
{% endif %}

## Attributes

| attribute | what | values |
|---|---|---|
{% for name, told in attributes.items() -%}
| {{ name }} | {{ told.description }} | {{ told.words }} |
{% endfor %}

## Licence and credits

{{ params.licence }}. {{ params.credits or "" }}
"""


def write_card(
    rows: Any,
    schema: Schema,
    params: PublishParams,
    captioner: str,
    corrections: dict[str, dict[str, int]],
    scores: dict[str, Any] | None,
) -> str:
    """Write the card, with the metadata that the hub reads.

    Args:
        rows: The published rows, with ``split``.
        schema: The catalogue's schema.
        params: Title, licence and the like.
        captioner: Who labelled it.
        corrections: By attribute, values that people ``confirmed`` and ``changed``.
        scores: How good the labels are, as ``evaluate`` says; ``None`` where nobody measured.
    """
    splits = {name: int(rows["split"].eq(name).sum()) for name in ("train", "test")}
    looked = [sum(counts.values()) for counts in corrections.values()]
    # Autoescaping is for HTML; this is Markdown, of the project's own words.
    template = Environment(autoescape=False).from_string(_TEMPLATE)
    text = template.render(
        params=params,
        photos=len(rows),
        splits=splits,
        captioner=captioner,
        decided=sum(looked),
        changed=sum(counts["changed"] for counts in corrections.values()),
        scores=scores,
        attributes={
            name: {"description": attribute.description, "words": _values(attribute)}
            for name, attribute in schema.root.items()
        },
    )
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    return f"---\n{yaml.safe_dump(_metadata(splits, schema, params), sort_keys=False)}---\n\n{text}"


def _values(attribute: Any) -> str:
    if isinstance(attribute, TextAttribute):
        return "text"
    several = "" if isinstance(attribute, SingleAttribute) else f"up to {attribute.max_items} of "
    return several + ", ".join(attribute.values)


def _metadata(splits: dict[str, int], schema: Schema, params: PublishParams) -> dict[str, Any]:
    declared = features_of(schema)
    declared.pop("file_name")
    features = [{"name": "image", "dtype": "image"}]
    features += [{"name": name, **_to_yaml(one)} for name, one in declared.items()]
    files = [{"split": name, "path": f"{name}/**"} for name, count in splits.items() if count]
    return {
        "license": params.licence,
        "pretty_name": params.title,
        "language": [params.language],
        "task_categories": ["image-classification", "image-to-text"],
        "tags": [TAG],
        "size_categories": [_size(sum(splits.values()))],
        "configs": [{"config_name": "default", "data_files": files}],
        "dataset_info": {"features": features},
    }


def _to_yaml(feature: dict[str, Any]) -> dict[str, Any]:
    if feature["_type"] == "Value":
        return {"dtype": feature["dtype"]}
    if feature["_type"] == "List":
        inner = _to_yaml(feature["feature"])["dtype"]
        return {"list": inner}
    names = {str(number): value for number, value in enumerate(feature["names"])}
    return {"dtype": {"class_label": {"names": names}}}


def _size(photos: int) -> str:
    """Return the hub's word for how many there are."""
    return next((told for limit, told in _SIZES.items() if photos < limit), "10M<n<100M")
