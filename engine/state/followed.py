"""Up to which version of each dataset the chain of refreshes has gone: what moved while nobody watched is found by comparing."""

from collections.abc import Mapping
from datetime import datetime

from engine.state.store import Store


def followed_versions(store: Store) -> dict[str, int]:
    """The version of each dataset as the chain last saw it."""
    return dict(store.rows("SELECT dataset, version FROM followed_versions"))


def follow_versions(store: Store, versions: Mapping[str, int], now: datetime) -> None:
    """Write down how far the chain has gone."""
    with store.transaction() as connection:
        for dataset, version in sorted(versions.items()):
            values = {"dataset": dataset, "version": version, "now": now}
            update = "UPDATE followed_versions SET version = %(version)s, at = %(now)s WHERE dataset = %(dataset)s"
            if not connection.execute(update, values).rowcount:
                connection.execute(
                    "INSERT INTO followed_versions (dataset, version, at) VALUES (%(dataset)s, %(version)s, %(now)s)", values
                )
