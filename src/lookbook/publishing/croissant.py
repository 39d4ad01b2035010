"""Croissant metadata: what the published files hold, for any tool that reads JSON-LD."""

from __future__ import annotations

from typing import Any

from lookbook.attributes.schema import Schema
from lookbook.publishing.params import PublishParams
from lookbook.publishing.tables import FILE, LABEL, PHOTO, REVIEWED

# https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe(schema: Schema, params: PublishParams, digest: str) -> dict[str, Any]:
    """Describe the data set.

    Args:
        schema: The catalogue's schema.
        params: Title, licence and the like.
        digest: SHA-256 of ``catalogue.parquet``.
    """
    columns = ["split", FILE, PHOTO, *schema.names, LABEL, REVIEWED]
    several = {*schema.multis, REVIEWED}
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": _plain(params.title),
        "description": params.description,
        "license": params.licence,
        **({"creditText": params.credits} if params.credits else {}),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "catalogue",
                "name": "catalogue.parquet",
                "contentUrl": "catalogue.parquet",
                "encodingFormat": "application/x-parquet",
                "sha256": digest,
            },
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "items",
                "name": "items",
                "key": {"@id": f"items/{PHOTO}"},
                "field": [_column(name, name in several, schema) for name in columns],
            }
        ],
    }


def _column(name: str, several: bool, schema: Schema) -> dict[str, Any]:
    attribute = schema.root.get(name)
    return {
        "@type": "cr:Field",
        "@id": f"items/{name}",
        "name": name,
        **({"description": attribute.description} if attribute else {}),
        "dataType": "sc:Text",
        **({"repeated": True} if several else {}),
        "source": {"fileObject": {"@id": "catalogue"}, "extract": {"column": name}},
    }


def _plain(title: str) -> str:
    """Make a name of the signs that Croissant allows."""
    return "".join(one if one.isalnum() or one in "-_. " else "-" for one in title)
