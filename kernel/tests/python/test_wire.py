"""Frames, signatures and sessions; hostile and broken peers. On real sockets."""

import json
import os
import re
import socket
import struct
import time

import psutil
import pytest
import zmq
from wire import Client, Kernel

PORTS = ["shell", "iopub", "stdin", "control", "hb"]


@pytest.fixture(scope="module")
def kernel():
    with Kernel() as kernel:
        yield kernel


@pytest.fixture
def client(kernel):
    with Client(kernel) as client:
        yield client


def test_a_reply_has_the_identities_and_a_whole_header(client):
    seen = set()
    for _ in range(3):
        parent = client.execute("1 + 1")
        reply = client.reply(parent)
        assert reply["identities"] == []
        for message in [reply, *client.outputs(parent)]:
            header = message["header"]
            assert set(header) >= {"msg_id", "session", "username", "date", "msg_type", "version"}
            assert header["version"] == "5.5"
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)", header["date"])
            seen.add((header["msg_id"]))
            assert isinstance(message["metadata"], dict) and isinstance(message["content"], dict)
            if message is not reply:
                assert len(message["identities"]) == 1
    assert len(seen) == 3 * 5, "ids are unique"


def test_buffers_are_not_signed(client):
    parent = client.send("execute_request", {"code": "2"}, buffers=[b"one", b"two" * 1000])
    assert client.reply(parent)["content"]["status"] == "ok"


def test_the_parent_is_kept_byte_by_byte(client):
    header = json.dumps({**client.header("kernel_info_request"), "new": [1.50, {"x": None}]},
                        separators=(" ,", " :")).encode()
    client.shell.send_multipart(client.frames(header, {}))
    assert client.reply()["raw"][1] == header
    nothing = client.receive(client.iopub)
    while nothing["type"] != "iopub_welcome":
        nothing = client.receive(client.iopub)
    assert nothing["raw"][1] == b"{}"


def test_forged_and_broken_messages_are_dropped_and_counted(kernel, client):
    good = client.frames(client.header("execute_request"), {"code": "1"})
    nested = b"[" * 10_000 + b"]" * 10_000
    forged = client.frames(client.header("execute_request"), {"code": "1"}, key=b"other")
    client.shell.send_multipart([b"<IDS|MSG>", good[1].upper(), *good[2:]])
    for frames in [forged, good[1:], [b"x"], good[:5], [b"<IDS|MSG>"],
                   client.frames(b"[]", {}), client.frames(nested, {}),
                   client.frames(b"\xff\xfe", {}), client.frames(b'{"a": NaN}', {}),
                   client.frames(client.header("execute_request"), b"null"),
                   client.frames(client.header("execute_request"), nested),
                   [b"<IDS|MSG>"] * 250]:
        client.shell.send_multipart(frames)
        client.control.send_multipart(frames)
    client.shell.send_multipart([b"f"] * 300)
    time.sleep(0.2)
    parent = client.execute("1")
    assert client.receive(client.shell)["parent"]["msg_id"] == parent, "no other reply came"
    assert "a wrong signature" in kernel.messages()


def test_a_message_that_comes_twice_runs_once(client):
    frames = client.frames(client.header("execute_request"), {"code": "1"})
    client.shell.send_multipart(frames)
    client.shell.send_multipart(frames)
    first = client.reply()["content"]["execution_count"]
    assert client.run("2")[0]["execution_count"] == first + 1


def test_without_a_key_nothing_is_signed():
    with Kernel(key="") as kernel, Client(kernel) as client:
        assert client.run("1")[0]["status"] == "ok"


def test_unknown_types_are_busy_and_idle(client):
    for channel in (client.shell, client.control):
        parent = client.send("strange_request", {"x": 1}, socket=channel)
        states = [m["content"] for m in client.outputs(parent)]
        assert [s["execution_state"] for s in states] == ["busy", "idle"]
    parent = client.execute("1", subshell_id="s", something=[1])
    assert client.reply(parent)["content"]["status"] == "ok"
    parent = client.send("execute_request", {"code": "1"}, subshell_id="main")
    assert client.reply(parent)["content"]["status"] == "ok"


@pytest.mark.parametrize("change, why", [
    ({"signature_scheme": "hmac-md5"}, "hmac-md5"),
    ({"curve_publickey": "x"}, "curve_publickey"),
    ({"shell_port": "x"}, "connection file"),
])
def test_connection_files_that_cannot_be_served_exit_with_2(tmp_path, change, why):
    import subprocess
    from conftest import PROGRAM
    path = tmp_path / "connection.json"
    path.write_text(json.dumps({
        "transport": "tcp", "ip": "127.0.0.1", "key": "k", "signature_scheme": "hmac-sha256",
        **{f"{name}_port": 0 for name in PORTS}, **change}))
    done = subprocess.run([PROGRAM, "-f", str(path)], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2
    assert why in done.stderr and done.stderr.count("\n") == 1


def test_a_port_that_is_taken_ends_the_start():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        begin = time.monotonic()
        with pytest.raises(AssertionError) as error:
            Kernel(control_port=taken.getsockname()[1])
        assert "control" in str(error.value) and "in use" in str(error.value)
        assert time.monotonic() - begin < 1


def test_sockets_as_files_leave_nothing(tmp_path):
    kernel = Kernel(transport="ipc")
    with Client(kernel) as client:
        assert client.run("1")[0]["status"] == "ok"
        parent = client.send("shutdown_request", {"restart": False}, socket=client.control)
        client.reply(parent, client.control)
    kernel.process.wait(5)
    assert not [name for name in os.listdir(kernel.folder.name) if name.startswith("ipc")]
    kernel.stop()


def test_two_clients_with_one_identity(kernel):
    with Client(kernel, identity=b"same") as first:
        assert first.run("1")[0]["status"] == "ok"
        with Client(kernel, identity=b"same") as second:
            for _ in range(5):
                assert second.run("1")[0]["status"] == "ok"
            first.execute("2")
        time.sleep(0.1)
    with Client(kernel, identity=b"same") as third:
        assert third.run("1")[0]["status"] == "ok"


# Hostile and broken peers.

def connect(kernel, name):
    peer = socket.create_connection(("127.0.0.1", kernel.port(name)), timeout=5)
    return peer


def greeting(kind):
    """The greeting of ZMTP 3.1 and a READY command."""
    signature = b"\xff" + bytes(8) + b"\x7f"
    hello = signature + b"\x03\x01" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
    body = b"\x05READY" + b"\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    return hello, b"\x04" + bytes([len(body)]) + body


KINDS = {"shell": b"DEALER", "control": b"DEALER", "stdin": b"DEALER", "iopub": b"SUB", "hb": b"REQ"}


@pytest.mark.parametrize("name", PORTS)
def test_garbage_on_every_port(kernel, name):
    hello, ready = greeting(KINDS[name])
    huge = b"\x02" + struct.pack(">Q", 2**40)
    for bytes_ in [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(200), b"", hello[:9], hello,
                   hello + ready[:4], hello + ready + os.urandom(300), hello + huge,
                   hello + ready + huge, hello + ready + b"\x03" + struct.pack(">Q", 2**63),
                   hello + ready + b"\x06" + struct.pack(">Q", 2**40),
                   hello + ready + b"\x00\x05ab", hello + ready + b"\x01\x00" * 1000,
                   hello + ready + b"\xf8\x00", hello + ready + b"\x04\x03\x02XX"]:
        with connect(kernel, name) as peer:
            peer.sendall(bytes_)
            time.sleep(0.01)
    half_open = [connect(kernel, name) for _ in range(50)]
    assert kernel.alive(), kernel.messages()
    with Client(kernel) as client:
        assert client.run("1 + 1")[0]["status"] == "ok"
    heartbeat(kernel)
    for peer in half_open:
        peer.close()
    assert kernel.alive()


def heartbeat(kernel):
    context = zmq.Context()
    beat = context.socket(zmq.REQ)
    beat.linger = 0
    beat.connect(kernel.address("hb"))
    beat.send(b"\x00anything")
    assert beat.poll(5000) and beat.recv() == b"\x00anything"
    context.destroy(linger=0)


def test_the_heartbeat_survives_a_frame_that_is_no_request(kernel):
    context = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.linger = 0
    dealer.connect(kernel.address("hb"))
    for _ in range(10):
        dealer.send(b"alone")
    dealer.send_multipart([b"", b"a request"])
    assert dealer.poll(5000)
    context.destroy(linger=0)
    heartbeat(kernel)


def test_pings_are_answered(kernel):
    """ZMTP 3.1 heartbeats: a client that wants them keeps its connection."""
    options = {"heartbeat_ivl": 50, "heartbeat_timeout": 200, "heartbeat_ttl": 300}
    with Client(kernel, **options) as client:
        monitor = client.shell.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        assert client.run("1")[0]["status"] == "ok"
        assert not monitor.poll(1500), "the connection was dropped"
        assert client.run("1")[0]["status"] == "ok"


def test_a_cell_of_64_mebibytes_is_refused_and_memory_comes_back(kernel):
    process = psutil.Process(kernel.process.pid)
    with Client(kernel) as client:
        client.run("1")
        before = process.memory_info().rss
        for _ in range(2):
            reply = client.run("#" + "x" * (64 << 20))[0]
            assert reply["status"] == "error" and "MiB" in reply["evalue"]
        assert client.run("1")[0]["status"] == "ok"
        time.sleep(1.5)  # the connection is renewed when it is silent
        assert client.run("1")[0]["status"] == "ok"
        assert process.memory_info().rss - before < 64 << 20


def test_a_listener_that_never_reads_does_not_stop_the_others(kernel):
    with Client(kernel) as deaf, Client(kernel) as client:
        deaf.iopub.rcvhwm = 1
        deaf.run("1")
        hello, ready = greeting(b"SUB")
        with connect(kernel, "iopub") as stalled:
            stalled.sendall(hello + ready + b"\x00\x01\x01")
            time.sleep(0.1)
            text = client.text('[print("a long line of text that goes on and on", i) for i in 1..9000]')
            assert text.count("\n") == 9000


def test_thirty_fresh_clients_hear_their_first_idle(kernel):
    for _ in range(30):
        with Client(kernel) as client:
            parent = client.send("kernel_info_request")
            outputs = client.outputs(parent, patience=3)
            assert outputs[-1]["content"]["execution_state"] == "idle"


def test_the_first_thing_heard_is_a_welcome():
    with Kernel() as kernel:
        with Client(kernel) as client:
            welcome = client.receive(client.iopub)
            assert welcome["type"] == "iopub_welcome" and welcome["parent"] == {}
            assert welcome["content"] == {"subscription": ""}
            starting = client.receive(client.iopub)
            assert starting["content"] == {"execution_state": "starting"} and not starting["parent"]
            client.run("1")
            with Client(kernel) as second:
                kinds = [second.receive(second.iopub)["type"]]
                parent = second.execute("2")
                kinds += [message["type"] for message in second.outputs(parent)]
                assert kinds.count("iopub_welcome") == 1 and kinds[0] == "iopub_welcome"
                states = [m["content"] for m in client.outputs(parent) if m["type"] == "status"]
                assert {"execution_state": "starting"} not in states
