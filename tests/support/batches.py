"""What is done to a batch in tests of pools, where processes can import it."""

from lookbook.errors import InputError


def doubled(batch: list[int]) -> list[int]:
    """Doubles numbers."""
    if batch == [-1]:
        raise InputError("that is no number for this")
    return [2 * number for number in batch]
