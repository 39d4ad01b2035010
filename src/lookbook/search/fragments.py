"""Tables of items that are written, put in order and indexed by workers, on a cluster.

What a worker makes it writes, as a fragment of the table beside those that are there; the run
commits all fragments at once, so that until then nobody sees any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from lookbook.errors import InputError, causes
from lookbook.search.tables import (
    KEY,
    TableRows,
    delete_rows,
    fingerprints_of,
    missing_indexes,
    open_alike,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lance.fragment import FragmentMetadata
    from lancedb.db import DBConnection
    from lancedb.table import Table
    from pyarrow import Table as ArrowTable

# Smaller fragments are put together; as many as LanceDB takes for one.
_ROWS_A_FRAGMENT = 1_048_576
# Vectors that a partition of an approximate index is found by.
_SAMPLED = 256

_SHARED = (
    "All machines must share the folders under 'data', or what the catalog names in their place. "
    "Or leave the index to the run with 'index_on_workers: false' in conf/local/globals.yml."
)


class Written(NamedTuple):
    """What a worker wrote.

    Attributes:
        fragments: Files that belong to no version of the table yet.
        photo_ids: Whose rows they hold.
    """

    fragments: list[FragmentMetadata]
    photo_ids: list[str]


def write_on_workers(
    database: DBConnection,
    name: str,
    rows: TableRows,
    ann_from_rows: int,
    rows_a_fragment: int = _ROWS_A_FRAGMENT,
) -> Table:
    """Make a table hold exactly these rows, as :func:`lookbook.search.tables.write_table` does.

    Args:
        database: The database, in a folder or bucket that all workers reach.
        name: The table.
        rows: All rows; the workers of its pool, a Ray cluster, make and write them.
        ann_from_rows: See :func:`lookbook.search.tables.write_table`.
        rows_a_fragment: Smaller fragments are put together; a table of several fragments is
            indexed by several workers.

    Returns:
        The table.

    Raises:
        InputError: If what workers write with is not installed, or they write where this run does
            not look.
    """
    try:
        import lance
        import lance_ray
        import ray
        from lance.optimize import CompactionOptions
    except ModuleNotFoundError as error:
        raise InputError(
            "Workers write an index with lance-ray, which does not support Python 3.14 yet. "
            "Install it: pip install --constraint constraints.txt --editable '.[cluster]'. Or "
            "leave the index to the run with 'index_on_workers: false' in "
            "conf/local/globals.yml."
        ) from error

    table = open_alike(database, name, rows.schema)
    known = fingerprints_of(table) if table is not None else {}
    address = f"{database.uri}/{name}.lance"
    mode = "overwrite" if table is None else "append"
    write = partial(write_part, make=rows.make, address=address, mode=mode)
    fragments: list[FragmentMetadata] = []
    old = set(known) - set(rows.photo_ids)
    for written in rows.pool.map(write, rows.parts(known)):
        fragments += written.fragments
        old |= known.keys() & written.photo_ids
    _check_in_place(address, fragments)
    if table is None:
        lance.LanceDataset.commit(address, lance.LanceOperation.Overwrite(rows.schema, fragments))
    else:
        # A run that is killed between the two has lost nothing: it makes again what is missing.
        delete_rows(table, old)
        if fragments:
            version = lance.dataset(address).version
            append = lance.LanceOperation.Append(fragments)
            lance.LanceDataset.commit(address, append, read_version=version)
    # Each of them takes a core, and lance-ray does not wait for those that are not there.
    cores = int(ray.cluster_resources().get("CPU", 1))
    workers = max(min(rows.pool.workers, cores), 1)
    together = CompactionOptions(target_rows_per_fragment=rows_a_fragment)
    lance_ray.compact_files(address, compaction_options=together, num_workers=workers)
    table = database.open_table(name)
    missing = missing_indexes(table, rows.schema, ann_from_rows)
    if len(lance.dataset(address).get_fragments()) > 1:
        missing = _index_on_workers(address, missing, workers)
        table.checkout_latest()
    for column, config in missing.items():
        table.create_index(column, config=config)
    # Folds rows that came after an index was built into it.
    lance_ray.optimize_indices(address)
    table.checkout_latest()
    return table


def write_part(part: Any, make: Callable[[Any], ArrowTable], address: str, mode: str) -> Written:
    """Build and write a part's new or changed rows.

    Args:
        part: See :meth:`lookbook.search.tables.TableRows.parts`.
        make: See :attr:`lookbook.search.tables.TableRows.make`.
        address: The table's.
        mode: ``append`` for a table with such columns, ``overwrite`` for another.

    Raises:
        InputError: If what rows are made of is not where the worker looks.
    """
    from lance.fragment import write_fragments

    try:
        rows = make(part)
    except Exception as error:
        if not any(isinstance(cause, FileNotFoundError) for cause in causes(error)):
            raise
        told = str(error).splitlines()[-1]
        raise InputError(f"A worker does not find what it needs: {told}. {_SHARED}") from error
    if not len(rows):
        return Written([], [])
    fragments = write_fragments(rows, address, schema=rows.schema, mode=mode)
    return Written(fragments, rows[KEY].to_pylist())


def _check_in_place(address: str, fragments: list[FragmentMetadata]) -> None:
    """Make sure that what workers wrote is where it will be looked for."""
    from fsspec.core import url_to_fs

    files, folder = url_to_fs(address)
    for fragment in fragments:
        for one in fragment.files:
            if not files.exists(f"{folder}/data/{one.path}"):
                raise InputError(f"A worker wrote '{address}' to a disk of its own. {_SHARED}")


def _index_on_workers(address: str, missing: Mapping[str, Any], workers: int) -> dict[str, Any]:
    """Build the indexes that can be built in parts; return the others."""
    import lance
    import lance_ray
    from lancedb.index import FTS, Bitmap, IvfSq

    left = {}
    for column, config in missing.items():
        if isinstance(config, IvfSq):
            items = lance.dataset(address).count_rows()
            partitions = max(min(isqrt(items), items // _SAMPLED), 1)
            lance_ray.create_index(
                address, column, "IVF_SQ", metric=config.distance_type,
                num_partitions=partitions, num_workers=workers,
            )  # fmt: skip
        elif isinstance(config, Bitmap):
            lance_ray.create_scalar_index(
                address, column=column, index_type="BITMAP", num_workers=workers
            )
        elif isinstance(config, FTS):
            options = {name: getattr(config, name) for name in _TOKENS}
            lance_ray.create_scalar_index(
                address, column=column, index_type="FTS", num_workers=workers, **options
            )
        else:
            left[column] = config
    return left


# How texts are cut into words.
_TOKENS = (
    "with_position", "base_tokenizer", "language", "max_token_length", "lower_case", "stem",
    "remove_stop_words", "ascii_folding",
)  # fmt: skip
