"""`%%rust` in a notebook, with the real helper and a real compiler.

CONVAC_RUST_CELLS names the helper (`cargo build --release --locked -p convac-rust-cells`); without it
these tests are skipped, because it takes minutes to build.
"""

import os
import pathlib
import signal
import time

import conftest  # noqa: F401  (installs the kernel)
import pytest
import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from test_notebooks import has_rust_cells, of_kernel

HELPER = os.environ.get("CONVAC_RUST_CELLS")
pytestmark = pytest.mark.skipif(not HELPER, reason="CONVAC_RUST_CELLS names no helper")

WITH_RUST_CELLS = [path for path in of_kernel("convac") if has_rust_cells(path)]


class Notebook:
    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="convac")

    def begin(self, code):
        return self.client.execute(code)

    def end(self, asked, timeout=120):
        """All outputs of a cell, and its reply."""
        outputs = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            outputs.append((kind, content))
        return outputs, self.client.get_shell_msg(timeout=timeout)["content"]

    def run(self, code, timeout=120):
        return self.end(self.begin(code), timeout)

    def value(self, code):
        outputs, reply = self.run(code)
        assert reply["status"] == "ok", reply
        return next((c["data"]["text/plain"] for kind, c in outputs if kind == "execute_result"), None)

    def wait_for(self, text):
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            if message["msg_type"] == "stream" and text in message["content"]["text"]:
                return

    def status(self, field):
        line = next(line for line in self.value("%rust").replace("{", "").replace("}", "").split("\n") if field in line)
        found = line.split(f"{field}:")[1].split(",")[0].strip().strip('"')
        return found

    def descendants(self):
        import psutil

        return psutil.Process(self.manager.provisioner.pid).children(recursive=True)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)


@pytest.fixture
def notebook():
    notebook = Notebook()
    yield notebook
    notebook.close()


def text(outputs, name):
    return "".join(c["text"] for kind, c in outputs if kind == "stream" and c["name"] == name)


def test_a_first_tour(notebook):
    outputs, reply = notebook.run("%%rust\nlet v = vec![1, 2, 3];\nprintln!(\"hello\");\nv.len()")
    assert reply["status"] == "ok", reply
    first = next(content for kind, content in outputs if kind == "display_data")
    assert first["data"]["text/plain"] == "starting Rust …"
    display = first["transient"]["display_id"]
    updates = [c for kind, c in outputs if kind == "update_display_data"]
    assert updates and all(update["transient"]["display_id"] == display for update in updates)
    assert updates[-1]["data"]["text/plain"].startswith("Rust is ready after ")
    assert text(outputs, "stdout") == "hello\n"
    assert [c["data"] for kind, c in outputs if kind == "execute_result"] == [{"text/plain": "3"}]
    # State, a picture, values there and back, a function.
    outputs, reply = notebook.run(
        '%%rust\nstruct Dot;\nimpl Dot { fn evcxr_display(&self) { println!("EVCXR_BEGIN_CONTENT image/svg+xml\\n'
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>\\nEVCXR_END_CONTENT\"); } }\nDot"
    )
    (result,) = [c["data"] for kind, c in outputs if kind == "execute_result"]
    assert result["image/svg+xml"].startswith("<svg") and result["text/plain"] == "<image/svg+xml>"
    assert notebook.value("let widths = [2, 4, 8]\nwidths") == "[2, 4, 8]"
    notebook.run("%%rust --in widths --out total\nlet total: i64 = widths.iter().sum();")
    assert notebook.value("total") == "14"
    notebook.run("%%rust\nfn parity(site: u64) -> bool { site % 2 == 0 }")
    assert notebook.value('let parity = rust_fn("parity")\nmap([1, 2], parity)') == "[false, true]"
    outputs, reply = notebook.run("%%rust\nlet x: i32 = \"three\";")
    assert (reply["status"], reply["ename"]) == ("error", "E10 Rust")
    assert reply["evalue"] == "mismatched types [E0308]"
    assert [kind for kind, _ in outputs].count("error") == 1
    traceback = "\n".join(reply["traceback"])
    assert "In[" in traceback and "expected `i32`, found `&str`" in traceback
    reply = notebook.client.complete("%%rust\nv.le", reply=True, timeout=60)["content"]
    assert any(match.startswith("len") for match in reply["matches"]), reply
    assert notebook.value("%%rust\n:vars").count("Vec<i32>") == 1


def test_whatever_cells_do_the_notebook_lives(notebook):
    notebook.run("%%rust\nlet a = 1;")
    pid = int(notebook.status("process"))
    folder = pathlib.Path(notebook.status("folder"))
    # An endless loop, and endless output.
    for code in ["println!(\"now\"); loop {}", "loop { println!(\"now\"); }"]:
        asked = notebook.begin(f"%%rust\n{code}")
        notebook.wait_for("now")
        start = time.monotonic()
        notebook.manager.interrupt_kernel()
        outputs, reply = notebook.end(asked)
        assert reply["ename"] == "E09 Interrupted", reply
        assert "the process of Rust cells was ended" in reply["evalue"]
        assert time.monotonic() - start < 30
        notebook.run("%%rust\nlet a = 1;")
    # A gigabyte.
    outputs, reply = notebook.run('%%rust\nlet part = "x".repeat(1 << 20); for _ in 0..1024 { print!("{part}"); }')
    assert reply["status"] == "ok"
    # The kernel keeps long text in a file; the helper stops at 16 MiB and says so there.
    notice = text(outputs, "stderr")
    assert "all of it stays in" in notice
    kept = pathlib.Path(notice.split("all of it stays in ")[1].strip())
    assert kept.stat().st_size < 17 << 20
    assert b"1073741824 bytes were printed; those beyond 16 MiB are left out" in kept.read_bytes()
    # A panic, the end of the process, the end of the helper.
    _, reply = notebook.run("%%rust\npanic!(\"boom\");")
    assert reply["evalue"] == "the cell panicked: boom"
    _, reply = notebook.run("%%rust\nstd::process::abort();")
    assert "the process of Rust cells ended: signal 6 (abort)" in reply["evalue"]
    asked = notebook.begin("%%rust\nprintln!(\"now\"); loop {}")
    notebook.wait_for("now")
    os.kill(pid, signal.SIGKILL)
    _, reply = notebook.end(asked)
    assert "the helper for Rust cells ended: signal: 9" in reply["evalue"], reply
    assert not folder.exists()
    assert notebook.value("%%rust\n1 + 1") == "2"
    # The folder goes away under its feet.
    folder = notebook.status("folder")
    notebook.run(f"%%rust\nstd::fs::remove_dir_all({str(folder)!r}).ok();".replace("'", '"'))
    outputs, reply = notebook.run("%%rust\n2 + 2")
    assert reply["status"] == "ok", reply
    assert "was deleted: all that Rust cells had made is lost; a new one starts" in text(outputs, "stderr")
    assert notebook.value("%%rust\n2 + 2") == "4"
    assert notebook.value("1 + 1") == "2"


@pytest.mark.parametrize("how", ["shutdown", "kill"])
def test_nothing_is_left_behind(how):
    notebook = Notebook()
    notebook.run("%%rust\nstd::fs::write(std::env::temp_dir().join(\"mine\"), \"x\").unwrap();")
    folder = pathlib.Path(notebook.status("folder"))
    processes = notebook.descendants()
    assert len(processes) >= 3 and (folder / "tmp" / "mine").exists()
    if how == "kill":
        notebook.manager.signal_kernel(signal.SIGKILL)
    else:
        notebook.manager.shutdown_kernel(now=False)
    end = time.monotonic() + 10
    while folder.exists() or any(p.is_running() and p.status() != "zombie" for p in processes):
        assert time.monotonic() < end, (folder.exists(), processes)
        time.sleep(0.02)
    notebook.client.stop_channels()
    notebook.manager.cleanup_resources()


@pytest.mark.parametrize("path", WITH_RUST_CELLS, ids=lambda path: path.stem)
def test_notebooks_show_what_is_stored(path):
    """CONVAC_STORE=1 stores the outputs anew."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, kernel_name="convac", allow_errors=True, record_timing=False, timeout=300,
                            resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    if os.environ.get("CONVAC_STORE"):
        path.write_text(nbformat.writes(notebook) + "\n")

    def shown(of):
        """Everything but the line that tells how long the start took."""
        return [[output for output in cell.outputs
                 if "starting Rust" not in str(output) and "Rust is ready" not in str(output)]
                for cell in of.cells if cell.cell_type == "code"]

    assert shown(notebook) == shown(nbformat.read(path, as_version=4))
    failed = [output["ename"] for cells in shown(notebook) for output in cells if output.output_type == "error"]
    assert failed == ["E10 Rust"], "one error is meant"


def test_several_notebooks_at_once():
    notebooks = [Notebook(), Notebook()]
    try:
        asked = [n.begin(f"%%rust\nlet mine = {k}; mine") for k, n in enumerate(notebooks)]
        for k, (notebook, question) in enumerate(zip(notebooks, asked)):
            outputs, reply = notebook.end(question)
            assert reply["status"] == "ok", reply
            assert [c["data"]["text/plain"] for kind, c in outputs if kind == "execute_result"] == [str(k)]
        assert notebooks[0].status("folder") != notebooks[1].status("folder")
        os.kill(int(notebooks[0].status("process")), signal.SIGKILL)
        assert notebooks[1].value("%%rust\nmine") == "1"
    finally:
        for notebook in notebooks:
            notebook.close()


def test_what_is_missing_is_said_once(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVAC_RUST_CELLS", HELPER)
    # A machine without a compiler: nothing but the programs of the system's folder.
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    notebook = Notebook()
    try:
        outputs, reply = notebook.run("%%rust\n1")
        assert reply["ename"] == "E08 File", reply
        assert "there is no Rust compiler" in reply["evalue"]
        assert any("sh.rustup.rs" in line for line in reply["traceback"])
    finally:
        notebook.close()


