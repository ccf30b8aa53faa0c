"""librdkafka's own mock cluster: real brokers on real ports of this machine, as far as the protocol goes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, Message, Producer


class Cluster:
    """A cluster that lives as long as its producer (测试用 Kafka 集群)."""

    def __init__(self, brokers: int = 1) -> None:
        self._producer = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": brokers, "log_level": 0})
        named = self._producer.list_topics(timeout=10).brokers.values()
        self.brokers = [f"{one.host}:{one.port}" for one in named]

    def publish(
        self, topic: str, messages: Iterable[bytes | None], partition: int | None = None, key: str | None = None, codec: str = "none"
    ) -> None:
        """Hands messages to the cluster and waits until it has each; `codec` is how they are compressed."""
        producer = Producer(
            {
                "bootstrap.servers": ",".join(self.brokers),
                "linger.ms": 5,
                "log_level": 0,
                "message.max.bytes": 12_000_000,
                "compression.type": codec,
            }
        )
        failures = list[KafkaError]()

        def told(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failures.append(error)

        for message in messages:
            producer.produce(topic, message, key=key, on_delivery=told, partition=-1 if partition is None else partition)
            producer.poll(0)
        assert producer.flush(30) == 0 and not failures


@contextmanager
def cluster(brokers: int = 1) -> Iterator[Cluster]:
    """A cluster that is gone afterwards."""
    yield Cluster(brokers)
