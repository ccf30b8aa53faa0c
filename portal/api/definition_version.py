"""Which definitions an answer was computed by: a short digest that changes when any of them changes."""

from hashlib import blake2s

import msgspec

from engine.loading.catalog import Catalog


def definition_version(catalog: Catalog) -> str:
    """Twelve hexadecimal digits over all definitions, in the order of their kinds and ids."""
    digest = blake2s(digest_size=6)
    for key in sorted(catalog.definitions):
        digest.update(repr(key).encode())
        digest.update(msgspec.msgpack.encode(catalog.definitions[key].spec))
    return digest.hexdigest()
