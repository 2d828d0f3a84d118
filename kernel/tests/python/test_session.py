"""Cells, questions about them, and the life of a kernel, as clients see them."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import psutil
import pytest
from conftest import PROGRAM
from wire import Client, Kernel

SLOW = "sum([sum([i * j mod 7 for j in 1..2000]) for i in 1..100000])"


@pytest.fixture(scope="module")
def kernel():
    with Kernel() as kernel:
        yield kernel


@pytest.fixture
def client(kernel):
    with Client(kernel) as client:
        yield client


def kinds(outputs):
    return [m["type"] for m in outputs]


def test_kernel_info_on_shell_and_control(client):
    for channel in (client.shell, client.control):
        parent = client.send("kernel_info_request", socket=channel)
        info = client.reply(parent, channel)["content"]
        assert info["status"] == "ok" and info["protocol_version"] == "5.5"
        language = info["language_info"]
        assert language["name"] == "convac" and language["file_extension"] == ".cac"
        assert language["mimetype"] == "text/x-convac"
        assert language["codemirror_mode"] == language["pygments_lexer"] == "convac"
        assert info["debugger"] is False and info["supported_features"] == []
        assert info["banner"] and info["implementation"] == "convac"
        assert isinstance(info["help_links"], list)


def test_order_of_outputs(client):
    reply, outputs = client.run('print("a")\nshow(1)\nprint("b")\nwarn("c")\n2\n3')
    assert kinds(outputs) == ["status", "execute_input", "stream", "display_data", "stream",
                              "stream", "display_data", "execute_result", "status"]
    streams = [m["content"] for m in outputs if m["type"] == "stream"]
    assert streams == [{"name": "stdout", "text": "a\n"}, {"name": "stdout", "text": "b\n"},
                       {"name": "stderr", "text": "c\n"}]
    assert outputs[-2]["content"]["data"]["text/plain"] == "3"
    assert reply["status"] == "ok" and reply["payload"] == []


def test_an_error_shows_caret_cause_and_hint(client):
    reply, outputs = client.run("let net = network {\n  input(15, dim = 4)\n  conv(8), pool(2)\n  output(1)\n}")
    assert reply["status"] == "error" and reply["ename"] == "E05 Shape"
    errors = [m for m in outputs if m["type"] == "error"]
    assert len(errors) == 1
    for key in ["ename", "evalue", "traceback"]:
        assert errors[0]["content"][key] == reply[key]
    text = "\n".join(reply["traceback"])
    assert "^^^^^^^" in text and "hint: " in text and "\x1b[" in text and "In[" in text
    details = errors[0]["metadata"]["convac"]
    assert details["errors"][0]["code"] == "E05" and details["errors"][0]["line"] == 3
    assert "<pre" in details["text/html"]


def test_values_come_in_several_forms(client):
    def result(code):
        outputs = client.run(code)[1]
        return next(m["content"] for m in outputs if m["type"] == "execute_result")

    net = "let net = network { input(8, dim = 2), conv(3), pool(2), conv(2), pool(4), output(1) }\n"
    for code in ["net", "min_cut(net, left_right)", "left_right |> on(4x4)", "plot([1, 4, 9])",
                 "schmidt(init(net), left_right)"]:
        shown = result(net + code)
        data = shown["data"]
        assert data["text/plain"].strip(), code
        assert data["image/svg+xml"].startswith("<svg"), code
        assert "\n" not in data["image/png"], code
        assert shown["metadata"]["image/png"]["width"] > 50, code
    table = result('[{name: "<b>", n: 2 ^ i} for i in 1..3]')["data"]
    assert "<table" in table["text/html"] and "&lt;b&gt;" in table["text/html"]
    assert "<script" not in table["text/html"]
    assert result("tensor(init(network { input(2, dim = 2), pool(2), output(1) }))")["data"]["text/latex"].startswith("$$")


def test_expressions_of_the_client(client):
    reply = client.run("let x = 4", user_expressions={"y": "x + 1", "z": "x +", "n": "let a = 1"})[0]
    expressions = reply["user_expressions"]
    assert expressions["y"]["data"]["text/plain"] == "5"
    assert expressions["z"]["status"] == expressions["n"]["status"] == "error"


def test_ten_thousand_lines(client):
    parent = client.execute("[print(i) for i in 1..10000];")
    outputs = client.outputs(parent)
    streams = [m["content"]["text"] for m in outputs if m["type"] == "stream"]
    assert "".join(streams) == "".join(f"{i}\n" for i in range(1, 10001))
    assert len(streams) < 200


def test_three_hundred_thousand_lines_end_in_a_file(kernel, client):
    parent = client.execute("[print(i) for i in 1..300000];")
    time.sleep(1)
    outputs = client.outputs(parent)
    errors = [m["content"]["text"] for m in outputs
              if m["type"] == "stream" and m["content"]["name"] == "stderr"]
    assert len(errors) == 1
    path = errors[0].split(" stays in ")[1].strip()
    lines = pathlib.Path(path).read_text().splitlines()
    shutil.rmtree(pathlib.Path(path).parent)
    assert lines == [str(i) for i in range(1, 300001)]
    assert psutil.Process(kernel.process.pid).memory_info().rss < 200 << 20


def test_two_clients_at_once(kernel):
    counts, problems = [], []

    def work(name):
        try:
            with Client(kernel) as client:
                for i in range(200):
                    parent = client.execute(f"{i}")
                    reply = client.reply(parent)["content"]
                    assert reply["status"] == "ok"
                    counts.append(reply["execution_count"])
                    outputs = client.outputs(parent)
                    results = [m for m in outputs if m["type"] == "execute_result"]
                    assert results[0]["content"]["data"]["text/plain"] == f"{i}"
        except Exception as problem:  # told below
            problems.append((name, problem))

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not problems, problems
    assert len(set(counts)) == 400


def test_completion_counts_code_points(client):
    client.run("let 𝛼lpha = 3")
    for code, cursor, start, end in [
        ('"😀𝛼" ++ 𝛼l', 10, 8, 10), ("min_c", 5, 0, 5), ("min_c", 99, 0, 5), ("min_c", None, 0, 5),
    ]:
        content = {"code": code} if cursor is None else {"code": code, "cursor_pos": cursor}
        reply = client.reply(client.send("complete_request", content))["content"]
        assert reply["status"] == "ok"
        assert (reply["cursor_start"], reply["cursor_end"]) == (start, end), code
        assert reply["matches"], code
        types = reply["metadata"]["_jupyter_types_experimental"]
        assert [t["text"] for t in types] == reply["matches"]
    for cursor in [0, -1, -99, 10**9]:
        parent = client.send("complete_request", {"code": "min_c", "cursor_pos": cursor})
        assert client.reply(parent)["content"]["status"] == "ok"


def test_inspection(client):
    client.run("## The width.\nlet width = 8")
    for code, found in [("min_cut", True), ("width", True), ("nonsense", False), ("", False)]:
        for detail in (0, 1):
            parent = client.send("inspect_request", {"code": code, "cursor_pos": len(code), "detail_level": detail})
            reply = client.reply(parent)["content"]
            assert reply["status"] == "ok" and reply["found"] is found, code
            assert ("text/plain" in reply["data"]) is found
    parent = client.send("inspect_request", {"code": "width", "cursor_pos": 2})
    assert "The width." in client.reply(parent)["content"]["data"]["text/plain"]


def test_is_complete(client):
    for code, status in [("1", "complete"), ("let f(x) =", "incomplete"), ("1 + ) 2", "invalid"), ("", "complete")]:
        reply = client.reply(client.send("is_complete_request", {"code": code}))["content"]
        assert reply["status"] == status, code
    reply = client.reply(client.send("is_complete_request", {"code": "network {"}))["content"]
    assert reply["indent"] == "  "


def test_history_is_shared_and_survives():
    with Kernel() as first, Client(first) as client:
        client.run("1 + 100")
        client.run("2 + 100")
        client.run("3 + 100", store_history=False)
        client.run("4 + 100", silent=True)
    with Kernel() as second, Client(second) as client:
        client.run("5 + 100")

        def history(**fields):
            parent = client.send("history_request", {"output": False, "raw": True, **fields})
            return client.reply(parent)["content"]

        tail = history(hist_access_type="tail", n=3)["history"]
        assert [entry[2] for entry in tail] == ["1 + 100", "2 + 100", "5 + 100"]
        earlier = history(hist_access_type="range", session=-1, start=2)["history"]
        assert [entry[1:] for entry in earlier] == [[2, "2 + 100"]]
        now = history(hist_access_type="range", session=0, start=1)["history"]
        assert [entry[1:] for entry in now] == [[1, "5 + 100"]]
        found = history(hist_access_type="search", pattern="? + 10*", output=True)["history"]
        assert [entry[2] for entry in found][-2:] == [["2 + 100", "102"], ["5 + 100", "105"]]
        assert history(hist_access_type="all")["status"] == "error"


def test_questions_are_asked(client):
    parent = client.execute('let name = ask("Who?")\nname')
    question = client.receive(client.stdin)
    assert question["type"] == "input_request" and question["parent"]["msg_id"] == parent
    assert question["content"] == {"prompt": "Who?", "password": False}
    client.reply(client.send("kernel_info_request", socket=client.control), client.control)
    client.send("input_reply", {"value": "me"}, socket=client.stdin)
    assert client.reply(parent)["content"]["status"] == "ok"
    result = [m for m in client.outputs(parent) if m["type"] == "execute_result"]
    assert result[0]["content"]["data"]["text/plain"] == "me"
    reply = client.run('ask("Who?", password = true)', allow_stdin=False)[0]
    assert reply["status"] == "error" and reply["ename"].startswith("E08")
    parent = client.execute('ask("Who?", password = true)')
    assert client.receive(client.stdin)["content"]["password"] is True
    client.send("interrupt_request", socket=client.control)
    assert client.reply(parent)["content"]["ename"] == "E09 Interrupted"


def test_comms(client):
    parent = client.send("comm_open", {"comm_id": "c", "target_name": "x", "data": {}})
    assert "comm_close" in kinds(client.outputs(parent))
    parent = client.send("comm_info_request", {"target_name": None})
    assert client.reply(parent)["content"]["comms"] == {}


def test_magics(client):
    assert "ms" in client.text("%time 1 + 1") or "µs" in client.text("%time 1 + 1")
    client.run("let magic_name = 3")
    outputs = client.run("%who")[1]
    shown = [m["content"]["data"] for m in outputs if "data" in m["content"]]
    assert "magic_name" in shown[0]["text/plain"] and "<table" in shown[0]["text/html"]
    outputs = client.run("%%markdown\n# A *title*")[1]
    shown = [m["content"]["data"] for m in outputs if "data" in m["content"]]
    assert shown[0]["text/markdown"] == "# A *title*"
    payload = client.run("?min_cut")[0]["payload"]
    assert "min_cut" in payload[0]["data"]["text/plain"]
    payload = client.run("??entangle")[0]["payload"]
    assert "text/html" in payload[0]["data"]
    reply = client.run("%tme 1")[0]
    assert reply["status"] == "error" and "%time" in "".join(reply["traceback"])


def test_progress_is_one_display_that_changes(client):
    reply, outputs = client.run("[sum([j mod 3 for j in 1..(20000 + i)]) for i in 1..400] |> sum")
    assert reply["status"] == "ok"
    first = [m for m in outputs if m["type"] == "display_data"]
    updates = [m for m in outputs if m["type"] == "update_display_data"]
    if not first:
        pytest.skip("this machine is done before any progress is shown")
    assert len(first) == 1 and updates
    name = first[0]["content"]["transient"]["display_id"]
    assert all(m["content"]["transient"]["display_id"] == name for m in updates)
    assert updates[-1]["content"]["data"]["text/plain"].startswith("400 of 400 in")


def test_interrupts_are_answered_and_the_state_is_kept(kernel, client):
    client.run("let kept = 41")
    for number in range(20):
        parent = client.execute(SLOW)
        queued = client.execute("kept + 2")
        time.sleep(0.05 + 0.01 * (number % 5))
        stop = client.send("interrupt_request", socket=client.control)
        assert client.reply(stop, client.control)["content"] == {"status": "ok"}
        after = client.execute("kept + 1")
        reply = client.reply(parent)["content"]
        assert (reply["status"], reply["ename"]) == ("error", "E09 Interrupted")
        assert client.reply(queued)["content"]["status"] == "aborted"
        assert client.reply(after)["content"]["status"] == "ok"
    outputs = client.run("kept + 1")[1]
    assert [m["content"]["data"]["text/plain"] for m in outputs if m["type"] == "execute_result"] == ["42"]
    os.kill(kernel.process.pid, signal.SIGINT)
    time.sleep(0.05)
    assert client.run("kept")[0]["status"] == "ok", "an idle kernel is not interrupted"
    parent = client.execute(SLOW)
    time.sleep(0.1)
    os.kill(kernel.process.pid, signal.SIGINT)
    assert client.reply(parent)["content"]["ename"] == "E09 Interrupted"


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("round", range(5))
def test_shutdown_is_answered_and_ends(round, busy, channel):
    with Kernel() as kernel, Client(kernel) as client:
        client.run("1")
        if busy:
            client.execute(SLOW)
            time.sleep(0.1)
        socket = getattr(client, channel)
        begin = time.monotonic()
        parent = client.send("shutdown_request", {"restart": True}, socket=socket)
        reply = client.reply(parent, socket)
        assert reply["type"] == "shutdown_reply"
        assert reply["content"] == {"status": "ok", "restart": True}
        assert kernel.process.wait(2) == 0
        assert time.monotonic() - begin < 1


def test_signals_end_the_kernel():
    with Kernel() as kernel, Client(kernel) as client:
        client.run("1")
        kernel.process.send_signal(signal.SIGTERM)
        assert kernel.process.wait(2) == 0


def test_the_kernel_ends_with_the_process_that_started_it(tmp_path):
    script = (
        "import os, subprocess, sys, time\n"
        "env = {**os.environ, 'JPY_PARENT_PID': str(os.getpid())}\n"
        f"child = subprocess.Popen([{PROGRAM!r}, '-f', sys.argv[1]], env=env)\n"
        "print(child.pid, flush=True)\ntime.sleep(0.5)\n"
    )
    path = tmp_path / "connection.json"
    ports = {f"{name}_port": 0 for name in ["shell", "iopub", "stdin", "control", "hb"]}
    path.write_text(json.dumps({"transport": "tcp", "ip": "127.0.0.1", "key": "k", **ports,
                                "signature_scheme": "hmac-sha256"}))
    import sys
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
    process = int(done.stdout.split()[0])
    begin = time.monotonic()
    while psutil.pid_exists(process) and psutil.Process(process).status() != "zombie":
        assert time.monotonic() - begin < 4
        time.sleep(0.05)


def test_a_history_that_cannot_be_written_is_one_warning(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with Kernel(env={"CONVAC_HISTORY": str(blocked / "history.jsonl")}) as kernel, Client(kernel) as client:
        for i in range(3):
            assert client.run(f"{i}")[0]["status"] == "ok"
        parent = client.send("history_request", {"hist_access_type": "tail", "n": 2, "raw": True})
        assert [entry[2] for entry in client.reply(parent)["content"]["history"]] == ["1", "2"]
        assert kernel.messages().count("\n") == 1


def test_an_idle_kernel_takes_no_time_and_little_memory():
    with Kernel() as kernel, Client(kernel) as client:
        client.run("1")
        process = psutil.Process(kernel.process.pid)
        time.sleep(0.3)
        before = process.cpu_times()
        time.sleep(3)
        after = process.cpu_times()
        assert after.user - before.user + after.system - before.system <= 0.01


def test_install_and_uninstall(tmp_path):
    def run(*args, **env):
        return subprocess.run([PROGRAM, *args], capture_output=True, text=True, env={**os.environ, **env})

    assert run("install", "--user", "--prefix", str(tmp_path)).returncode == 2
    assert run("install", "--name", "a b", "--prefix", str(tmp_path)).returncode == 2
    done = run("install", "--prefix", str(tmp_path), "--name", "Other", "--display-name", "Other name")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "share" / "jupyter" / "kernels" / "other"
    spec = json.loads((folder / "kernel.json").read_text())
    assert spec["display_name"] == "Other name" and spec["interrupt_mode"] == "message"
    assert spec["kernel_protocol_version"] == "5.5" and os.path.isabs(spec["argv"][0])
    assert {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"} <= set(os.listdir(folder))
    from jupyter_client.kernelspec import KernelSpecManager
    manager = KernelSpecManager(kernel_dirs=[str(folder.parent)])
    assert "other" in manager.find_kernel_specs()
    assert run("uninstall", "--prefix", str(tmp_path), "--name", "other").returncode == 0
    assert not folder.exists()
    assert run("uninstall", "--prefix", str(tmp_path), "--name", "other").returncode == 1
    for variables, below in [({"JUPYTER_DATA_DIR": str(tmp_path / "j")}, "j"),
                             ({"XDG_DATA_HOME": str(tmp_path / "x"), "JUPYTER_DATA_DIR": ""}, "x/jupyter")]:
        assert run("install", "--user", **variables).returncode == 0
        assert (tmp_path / below / "kernels" / "convac" / "kernel.json").exists()


def test_doctor():
    done = subprocess.run([PROGRAM, "doctor"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a kernel starts in" in done.stdout
