"""A long mixed load: python kernel/benches/soak.py [SECONDS] (default 60)

Four clients on one kernel execute, print, complete, inspect, fail, interrupt, ask for the history
and reconnect. Says how many replies came, and exits with 1 if one is lost or if memory grows.
Needs the packages of kernel/tests/python/requirements.txt; CONVAC_KERNEL names the program
(default target/release/convac-kernel).
"""

import os
import pathlib
import random
import sys
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("CONVAC_KERNEL", str(ROOT / "target" / "release" / "convac-kernel"))
sys.path.insert(0, str(ROOT / "kernel" / "tests" / "python"))

import conftest  # noqa: F401  (a home of its own, before anything of Jupyter is imported)
import psutil
from wire import Client, Kernel

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
NET = "let net = network { input(64, dim = 4), [[conv(8), pool(2)] for i in 1..6], output(2) }"
SLOW = "sum([sum([i * j mod 7 for j in 1..2000]) for i in 1..1000000])"
# What a history keeps in memory and what a session keeps of its texts grows with every cell; so
# much of it is expected.
BYTES_PER_CELL = 4096

counts = {}
problems = []
lock = threading.Lock()


def count(what):
    with lock:
        counts[what] = counts.get(what, 0) + 1


def execute(client, code, wanted="ok", **fields):
    parent = client.execute(code, **fields)
    reply = client.reply(parent)["content"]
    outputs = client.outputs(parent)
    assert reply["status"] in (wanted, "aborted"), (code, reply)
    count("executed" if reply["status"] == wanted else "aborted by another client's interrupt")
    return reply, outputs


def step(client, choice, kernel):
    if choice < 0.35:
        n = random.randrange(1000)
        reply, outputs = execute(client, f"{n} + 1")
        if reply["status"] == "ok":
            assert outputs[-2]["content"]["data"]["text/plain"] == str(n + 1), outputs
    elif choice < 0.5:
        lines = random.randrange(1, 3000)
        reply, outputs = execute(client, f"[print(i) for i in 1..{lines}];")
        text = "".join(m["content"]["text"] for m in outputs if m["type"] == "stream")
        if reply["status"] == "ok":
            assert text.count("\n") == lines, (lines, text.count("\n"))
    elif choice < 0.6:
        execute(client, "min_cut(net, interleaved)")
    elif choice < 0.7:
        parent = client.send("complete_request", {"code": "min_c", "cursor_pos": 5})
        assert client.reply(parent)["content"]["matches"] == ["min_cut"]
        count("completed")
    elif choice < 0.78:
        parent = client.send("inspect_request", {"code": "net", "cursor_pos": 2, "detail_level": 1})
        assert client.reply(parent)["content"]["status"] == "ok"
        count("inspected")
    elif choice < 0.86:
        execute(client, "min_cut(net, left_rihgt)", wanted="error")
    elif choice < 0.92:
        parent = client.send("history_request", {"hist_access_type": "tail", "n": 5, "raw": True})
        assert client.reply(parent)["content"]["status"] == "ok"
        count("looked back")
    elif choice < 0.95:
        parent = client.execute(SLOW)
        time.sleep(random.random() / 5)
        stop = client.send("interrupt_request", socket=client.control)
        assert client.reply(stop, client.control)["content"]["status"] == "ok"
        # Another client's cell may have run at that moment; then this one runs on.
        while True:
            try:
                reply = client.reply(parent, patience=1)["content"]
                break
            except TimeoutError:
                client.send("interrupt_request", socket=client.control)
        assert reply["status"] in ("error", "aborted"), reply
        client.outputs(parent)
        count("interrupted")
    else:
        count("reconnected")
        return True
    return False


def work(kernel, number, until):
    random.seed(number)
    try:
        while time.monotonic() < until and not problems:
            with Client(kernel) as client:
                while time.monotonic() < until and not problems:
                    # A cell that another client interrupts is an error here, and no loss.
                    try:
                        if step(client, random.random(), kernel):
                            break
                    except AssertionError as problem:
                        if "E09 Interrupted" not in str(problem):
                            raise
                        count("interrupted by another client")
                        # Its outputs are of no interest any more.
                        break
    except Exception:
        with lock:
            problems.append((number, time.strftime("%X"), traceback.format_exc()[-1500:]))


def main():
    with Kernel() as kernel:
        process = psutil.Process(kernel.process.pid)
        with Client(kernel) as client:
            execute(client, NET)
        until = time.monotonic() + SECONDS
        warm = time.monotonic() + min(20.0, SECONDS / 4)
        threads = [threading.Thread(target=work, args=(kernel, i, until)) for i in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, warm - time.monotonic()))
        early, cells = process.memory_info().rss, counts.get("executed", 0)
        for thread in threads:
            thread.join()
        late, cells = process.memory_info().rss, counts.get("executed", 0) - cells
        for what, number in sorted(counts.items()):
            print(f"{what:40} {number:8}")
        growth = (late - early) / max(1, cells)
        print(f"memory {early / 2**20:.1f} MiB after the first cells, {late / 2**20:.1f} MiB at the end: "
              f"{growth:.0f} bytes for each of {cells} cells")
        print(f"open files {process.num_fds()}, threads {process.num_threads()}")
        if kernel.messages():
            print(kernel.messages().strip())
        for problem in problems:
            print("lost: client", *problem)
        grew = late - early > 8 << 20 and growth > BYTES_PER_CELL
        sys.exit(1 if problems or grew else 0)


main()
