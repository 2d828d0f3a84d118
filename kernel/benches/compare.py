"""The kernel beside ipykernel, in one run: python kernel/benches/compare.py

Needs the packages of kernel/tests/python/requirements.txt; CONVAC_KERNEL names the program to
measure (default target/release/convac-kernel). Ratios count; times are of this machine.
"""

import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("CONVAC_KERNEL", str(ROOT / "target" / "release" / "convac-kernel"))
sys.path.insert(0, str(ROOT / "kernel" / "tests" / "python"))

import conftest  # noqa: F401  (a home of its own, before anything of Jupyter is imported)
import psutil
import zmq
from jupyter_client.manager import KernelManager, start_new_kernel
from wire import Client, Kernel

ROUNDS = int(os.environ.get("ROUNDS", "10"))
# A spectrum of 4,096 values: ten seconds of dense linear algebra.
STATE = """let kept = 41
let wide = network { input(16, dim = 4), [[conv(4, sharing = "none"), pool(2)] for i in 1..4], output(1) }
let state = init(wide)"""
CONTRACTION = "schmidt(state, random(seed = 5))"
SLOW = "sum([sum([i * j mod 7 for j in 1..2000]) for i in 1..1000000])"


def row(what, ours, theirs=None, unit="ms", note=""):
    ratio = "" if theirs is None else f"{ours / theirs:7.3f} of it"
    theirs = "" if theirs is None else f"{theirs:10.2f}"
    print(f"{what:44} {ours:10.2f} {theirs:>10} {unit:4} {ratio:16} {note}", flush=True)


def median(values):
    return 1e3 * statistics.median(values)


def start(name):
    """From the start of the process to the first reply, as jupyter_client does it."""
    begin = time.perf_counter()
    manager, client = start_new_kernel(kernel_name=name)
    took = time.perf_counter() - begin
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return took


def raw_start(name):
    """The same without the client's own polling: a request waits on the socket from the start."""
    manager = KernelManager(kernel_name=name)
    begin = time.perf_counter()
    manager.start_kernel()
    client = manager.client()
    client.start_channels(stdin=False, hb=False, iopub=False)
    client.kernel_info()
    client.get_shell_msg(timeout=30)
    took = time.perf_counter() - begin
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return took


class Running:
    """A kernel with a client on raw sockets; ours or ipykernel."""

    def __init__(self, name):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel()
        blocking = self.manager.client()
        blocking.start_channels()
        blocking.wait_for_ready(timeout=30)
        blocking.stop_channels()
        info = self.manager.get_connection_info()
        info["key"] = info["key"].decode()
        self.info, self.process = info, psutil.Process(self.manager.provisioner.pid)
        self.client = Client(self)
        self.client.run("1 + 1")

    def address(self, name):
        return f"tcp://{self.info['ip']}:{self.info[name + '_port']}"

    def messages(self):
        return ""

    def stop(self):
        self.client.close()
        self.manager.shutdown_kernel(now=True)


def round_trips(running, code, count):
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        parent = running.client.execute(code)
        running.client.reply(parent)
        times.append(time.perf_counter() - begin)
        running.client.outputs(parent)
    return times


def lines(running, code):
    begin = time.perf_counter()
    parent = running.client.execute(code)
    outputs = running.client.outputs(parent)
    took = time.perf_counter() - begin
    texts = [m["content"]["text"] for m in outputs if m["type"] == "stream"]
    assert "".join(texts).count("\n") == 10_000
    return took, len(texts)


def heartbeats(running, seconds):
    context = zmq.Context()
    beat = context.socket(zmq.REQ)
    beat.connect(running.address("hb"))
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        beat.send(b"x")
        beat.recv()
        times.append(time.perf_counter() - begin)
        time.sleep(0.005)
    context.destroy(linger=0)
    return sorted(times)


def main():
    print(f"{'':44} {'convac':>10} {'ipykernel':>10}")
    ours, theirs = zip(*[(start("convac"), start("python3")) for _ in range(ROUNDS)])
    row("start to ready (start_new_kernel)", median(ours), median(theirs), note="bar: 0.6")
    ours, theirs = zip(*[(raw_start("convac"), raw_start("python3")) for _ in range(ROUNDS)])
    row("start to the first reply", median(ours), median(theirs), note="bar: 0.6")

    us, them = Running("convac"), Running("python3")
    row("resident memory after start", us.process.memory_info().rss / 2**20,
        them.process.memory_info().rss / 2**20, "MiB", "bar: 30 MiB")
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours += round_trips(us, "1 + 1", 50)
        theirs += round_trips(them, "1 + 1", 50)
    row("round trip of a trivial cell", median(ours), median(theirs), note="bar: 0.2")
    ours, counts = zip(*[lines(us, "[print(i) for i in 1..10000];") for _ in range(5)])
    theirs, _ = zip(*[lines(them, "for i in range(10000): print(i)") for _ in range(5)])
    row("10,000 printed lines", median(ours), median(theirs), note=f"bar: 1 s; {max(counts)} messages")

    before = us.process.cpu_times()
    time.sleep(3)
    after = us.process.cpu_times()
    ticks = (after.user - before.user + after.system - before.system) * os.sysconf("SC_CLK_TCK")
    row("processor time of 3 idle seconds", ticks, unit="tick", note="bar: 0")

    parent = us.client.execute(SLOW)
    time.sleep(0.3)
    times = heartbeats(us, 5)
    busy = us.process.cpu_percent(interval=0.5)
    row(f"heartbeat, 99th percentile, {busy:.0f} % busy", 1e3 * times[int(0.99 * len(times))],
        note=f"bar: 20 ms; median {1e3 * times[len(times) // 2]:.2f}, {len(times)} beats")
    us.client.send("interrupt_request", socket=us.client.control)
    us.client.reply(parent)
    us.client.outputs(parent)
    us.stop()
    them.stop()

    with Kernel() as kernel:
        heard = 0
        for _ in range(100):
            with Client(kernel) as client:
                parent = client.send("kernel_info_request")
                try:
                    heard += client.outputs(parent, patience=2)[-1]["type"] == "status"
                except TimeoutError:
                    pass
        row("fresh clients that hear their first idle", heard, unit="", note="bar: 100 of 100")
        with Client(kernel) as client:
            client.run(STATE)
            times = []
            for i in range(100):
                parent = client.execute(CONTRACTION)
                # All phases: the cores of the tree, products, dense linear algebra.
                time.sleep(0.03 + 0.02 * (i % 50))
                begin = time.perf_counter()
                client.send("interrupt_request", socket=client.control)
                reply = client.reply(parent)["content"]
                times.append(time.perf_counter() - begin)
                assert reply["ename"] == "E09 Interrupted", reply
                client.outputs(parent)
                outputs = client.run("kept + 1")[1]
                assert outputs[-2]["content"]["data"]["text/plain"] == "42"
            row("interrupt of a contraction, largest of 100", 1e3 * max(times),
                note=f"bar: 100 ms; median {1e3 * statistics.median(times):.1f}")


main()
