"""Writes events to mail.scans as a program of equipment does, with a stock client.

Reads lines {"value", "key", "headers", "partition"} from standard input, each after the one before is acknowledged,
and prints where each came to stand.
"""
import json
import sys

from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": sys.argv[1], "acks": "all", "enable.idempotence": True})


def delivered(error, message):
    if error is not None:
        raise SystemExit(f"not delivered: {error}")
    print(json.dumps({"partition": message.partition(), "offset": message.offset()}), flush=True)


for line in sys.stdin:
    record = json.loads(line)
    where = {"partition": record["partition"]} if "partition" in record else {}
    producer.produce("mail.scans", value=record["value"], key=record.get("key"), headers=record.get("headers"), on_delivery=delivered, **where)
    producer.flush()
