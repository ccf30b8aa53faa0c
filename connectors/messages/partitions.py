"""Where each partition of a Kafka topic is to be read on: what is stored with the rows decides, and what is gone meanwhile is told."""

from collections.abc import Mapping, Sequence

import msgspec
from confluent_kafka import OFFSET_INVALID, Consumer, TopicPartition

from engine.connector import RefusedRow, SourceFailed


def offsets_of(cursor: str | None) -> dict[int, int]:
    """The next offset of each partition. Raises SourceFailed."""
    try:
        return msgspec.json.decode(cursor, type=dict[int, int]) if cursor else {}
    except msgspec.DecodeError as error:
        raise SourceFailed(f"游标「{cursor}」不是各分区的偏移量", f"the cursor '{cursor}' does not say offsets of partitions") from error


def cursor_of(offsets: Mapping[int, int]) -> str:
    """The same as text."""
    return msgspec.json.encode(dict(sorted(offsets.items()))).decode()


def begun(
    consumer: Consumer, given: Sequence[TopicPartition], known: Mapping[int, int], *, is_first: bool, seconds: float
) -> tuple[list[TopicPartition], list[RefusedRow]]:
    """The partitions with the place to read on from, and a refused row for each stretch that the broker has no more.

    First of all the stored offset counts, even if the group has committed further: the rows may come from a backup. Partitions that come
    back to us later may have been read on by another member, so then the greater of both counts.
    """
    committed = {one.partition: one.offset for one in consumer.committed(list(given), timeout=seconds)}
    places, lost = [], []
    for one in given:
        stored, other = known.get(one.partition), committed.get(one.partition, OFFSET_INVALID)
        other = other if other >= 0 else OFFSET_INVALID
        wanted = other if stored is None else stored if is_first else max(stored, other)
        low, high = consumer.get_watermark_offsets(TopicPartition(one.topic, one.partition), timeout=seconds)
        if wanted < 0:
            wanted = low
        elif not low <= wanted <= high:
            lost.append(_gone(one, wanted, low, high))
            wanted = low
        places.append(TopicPartition(one.topic, one.partition, wanted))
    return places, lost


def _gone(one: TopicPartition, wanted: int, low: int, high: int) -> RefusedRow:
    raw = f"{one.topic}[{one.partition}]@{wanted}"
    if wanted < low:
        return RefusedRow(
            0, raw, f"偏移量 {wanted} 到 {low - 1} 的消息在取走之前已被 Kafka 删除", f"Kafka removed the messages {wanted} to {low - 1} before they were taken"
        )  # fmt: skip
    return RefusedRow(
        0, raw, f"主题只到偏移量 {high}，比已存的 {wanted} 少；主题被重建过？从 {low} 重新读",
        f"the topic ends at {high}, before the stored offset {wanted}: was it made anew? It is read from {low} on",
    )  # fmt: skip
