"""The Kinesis Client Library reads a table's stream to its end: through rolls and splits of its shards, with two workers
that share the leases, one of which is killed while items are written.

    kcl.py STATOR LIBRARIES [what to serve besides, such as --storage URL]

It starts a server of its own, whose shards roll within seconds, and stops all that it started.
"""

import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import boto3

KEYS = 40
# A worker begins with its first record after up to 40 seconds.
WAIT_FIRST_S = 120
WAIT_ALL_S = 180
# Written for so long behind the first record; shards roll meanwhile.
WRITE_S = 30
SHARD_S = 20
# So that a shard is split once the writer is at work.
SHARD_WRITES = 60


class Worker:
    """A JVM with one worker, and what it has said so far."""

    def __init__(self, name, libraries, endpoint, stream, log):
        here = pathlib.Path(__file__).parent
        command = ["java", "-Xmx256m", "-cp", f"{libraries}/*", str(here / "Worker.java"), endpoint, stream, "kcl-e2e", name]
        self.name, self.lines = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.lines.append(line.split())

    def records(self):
        return [line[1:] for line in list(self.lines) if line[0] == "record"]

    def ends(self):
        return {line[1] for line in list(self.lines) if line[0] == "end"}


class Writer(threading.Thread):
    """Increments every item until `enough` is set."""

    def __init__(self, table):
        super().__init__(daemon=True)
        self.table, self.counts, self.failed = table, collections.Counter(), None
        self.enough, self.hurry = threading.Event(), threading.Event()

    def run(self):
        try:
            while not self.enough.is_set():
                for key in range(KEYS):
                    count = self.counts[f"key-{key}"] + 1
                    self.table.put_item(Item={"pk": f"key-{key}", "n": count})
                    self.counts[f"key-{key}"] = count
                time.sleep(0.2 if self.hurry.is_set() else 2)
        except Exception as failed:  # Reported by the main thread.
            self.failed = failed


def start_server(stator, folder, more):
    log = open(folder / "server.log", "w+")
    command = [stator, "serve", *(more or ["--data", str(folder / "data")]), "--listen", "127.0.0.1:0",
               "--stream-shard-hours", f"{SHARD_S}s", "--stream-shard-writes", str(SHARD_WRITES)]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    process = subprocess.Popen(command, stderr=log, env=environment)
    for _ in range(300):
        ready = re.search(r" ready on (http:[^,]*),", (folder / "server.log").read_text())
        if ready:
            return process, ready.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    sys.exit("kcl: the server did not start:\n" + (folder / "server.log").read_text())


def wait(what, seconds, done):
    for _ in range(seconds * 5):
        if done():
            return
        time.sleep(0.2)
    raise AssertionError(f"kcl: {what}: not within {seconds} s")


def check_order(workers):
    """Each worker sees an item's changes in order; what was seen before a checkpoint was lost may come again."""
    for worker in workers:
        last = {}
        for shard, sequence, key, count in worker.records():
            before = last.get((shard, key))
            assert before is None or int(sequence) > before[0] and int(count) > before[1], (worker.name, shard, key, count)
            last[shard, key] = (int(sequence), int(count))


def check_parents(streams, arn, workers):
    """No worker gets a child's records before its parent's last one."""
    shards, start = [], {}
    while True:
        page = streams.describe_stream(StreamArn=arn, **start)["StreamDescription"]
        shards += page["Shards"]
        if "LastEvaluatedShardId" not in page:
            break
        start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}
    for worker in workers:
        seen = [record[0] for record in worker.records()]
        for shard in shards:
            parent = shard.get("ParentShardId")
            if parent in seen and shard["ShardId"] in seen:
                last = len(seen) - 1 - seen[::-1].index(parent)
                assert last < seen.index(shard["ShardId"]), (worker.name, parent, shard["ShardId"])
    return shards


def run(stator, libraries, more, folder, started):
    server, endpoint = start_server(stator, folder, more)
    started.append(server)
    there = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    tables, streams = boto3.resource("dynamodb", **there), boto3.client("dynamodbstreams", **there)
    table = tables.create_table(
        TableName="kcl", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    table.wait_until_exists()
    table.reload()
    arn = table.latest_stream_arn

    logs = open(folder / "workers.log", "w")
    workers = [Worker(name, libraries, endpoint, arn, logs) for name in ("one", "two")]
    started += [worker.process for worker in workers]
    writer = Writer(table)
    writer.start()
    began = time.monotonic()
    wait("a first record", WAIT_FIRST_S, lambda: any(worker.records() for worker in workers))
    print(f"kcl: the first record after {time.monotonic() - began:.0f} s")
    writer.hurry.set()
    time.sleep(WRITE_S / 2)
    # The one that has work.
    killed = max(workers, key=lambda worker: len(worker.records()))
    killed.process.send_signal(signal.SIGKILL)
    print(f"kcl: killed worker {killed.name} after {len(killed.records())} records")
    time.sleep(WRITE_S / 2)
    writer.enough.set()
    writer.join(60)
    assert not writer.failed, writer.failed

    wanted = {(key, str(count)) for key, last in writer.counts.items() for count in range(1, last + 1)}
    taken = lambda: {(record[2], record[3]) for worker in workers for record in worker.records()}
    try:
        wait("every change", WAIT_ALL_S, lambda: wanted <= taken())
    except AssertionError:
        sys.exit(f"kcl: {len(wanted - taken())} of {len(wanted)} changes were not delivered: {sorted(wanted - taken())[:5]}")
    assert taken() == wanted, sorted(taken() - wanted)[:5]
    check_order(workers)
    shards = check_parents(streams, arn, workers)
    assert len(shards) >= 4, f"only {len(shards)} shards"

    # The end of the stream: every shard that was open is read to its end.
    table.update(StreamSpecification={"StreamEnabled": False})
    open_shards = {shard["ShardId"] for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]}
    wait("the end of all shards", WAIT_ALL_S,
         lambda: open_shards <= {shard for worker in workers for shard in worker.ends()})
    live = [worker for worker in workers if worker is not killed]
    for worker in live:
        worker.process.stdin.close()
        worker.process.wait(60)
    print(f"kcl: {len(wanted)} changes of {KEYS} items through {len(shards)} shards, each seen, in order")


def main():
    stator, libraries, *more = sys.argv[1:]
    started = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            run(stator, libraries, more, folder, started)
        except BaseException:
            for name in ("server.log", "workers.log"):
                if (folder / name).exists():
                    print(f"kcl: the end of {name}:", *(folder / name).read_text().splitlines()[-30:], sep="\n", file=sys.stderr)
            raise
        finally:
            for process in started:
                process.kill()
                process.wait()
        log = (folder / "server.log").read_text()
        assert "panicked" not in log and " error " not in log.lower(), log


if __name__ == "__main__":
    main()
