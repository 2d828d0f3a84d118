"""A client on raw sockets: every frame is written and read here."""

import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import tempfile
import time
import uuid

import zmq

from conftest import PROGRAM

PATIENCE = 60


class Kernel:
    """A kernel process and its connection file."""

    def __init__(self, key="secret", transport="tcp", env=None, args=(), **fields):
        self.folder = tempfile.TemporaryDirectory(prefix="convac-kernel-")
        self.path = pathlib.Path(self.folder.name) / "connection.json"
        ip = "127.0.0.1" if transport == "tcp" else str(pathlib.Path(self.folder.name) / "ipc")
        names = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"]
        self.info = {"transport": transport, "ip": ip, "key": key,
                     "signature_scheme": "hmac-sha256", "kernel_name": "convac",
                     **{name: 0 for name in names}, **fields}
        self.path.write_text(json.dumps(self.info))
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+")
        self.process = subprocess.Popen(
            [PROGRAM, "--connection-file", str(self.path), *args], stderr=self.log,
            env={**os.environ, **(env or {})})
        begin = time.monotonic()
        while 0 in [self.info[name] for name in names]:
            assert self.process.poll() is None, self.messages()
            assert time.monotonic() - begin < PATIENCE
            time.sleep(0.002)
            try:
                self.info = json.loads(self.path.read_text())
            except ValueError:
                pass
        self.started = time.monotonic() - begin

    def messages(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    def alive(self):
        return self.process.poll() is None

    def port(self, name):
        return self.info[f"{name}_port"]

    def address(self, name):
        if self.info["transport"] == "tcp":
            return f"tcp://{self.info['ip']}:{self.port(name)}"
        return f"ipc://{self.info['ip']}-{self.port(name)}"

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Client:
    """The sockets of one client."""

    def __init__(self, kernel, identity=None, listen=True, **options):
        self.kernel = kernel
        self.context = zmq.Context()
        self.key = kernel.info["key"].encode()
        self.session = uuid.uuid4().hex
        self.identity = identity or uuid.uuid4().hex.encode()

        def dealer(name):
            socket = self.context.socket(zmq.DEALER)
            socket.linger = 0
            socket.identity = self.identity
            for option, value in options.items():
                setattr(socket, option, value)
            socket.connect(kernel.address(name))
            return socket

        self.shell, self.control, self.stdin = map(dealer, ["shell", "control", "stdin"])
        self.iopub = self.context.socket(zmq.SUB)
        self.iopub.linger = 0
        if listen:
            self.iopub.subscribe(b"")
            self.iopub.connect(kernel.address("iopub"))

    def close(self):
        self.context.destroy(linger=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def header(self, kind, **fields):
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() // 1000 % 10**6:06}Z"
        return {"msg_id": uuid.uuid4().hex, "session": self.session, "username": "me",
                "date": now, "msg_type": kind, "version": "5.5", **fields}

    def frames(self, header, content, parent=b"{}", metadata=b"{}", key=None):
        def bytes_of(value):
            return value if isinstance(value, bytes) else json.dumps(value).encode()
        parts = [bytes_of(value) for value in (header, parent, metadata, content)]
        key = self.key if key is None else key
        mac = hmac.new(key, b"".join(parts), hashlib.sha256).hexdigest() if key else ""
        return [b"<IDS|MSG>", mac.encode(), *parts]

    def send(self, kind, content=None, socket=None, buffers=(), **fields):
        header = self.header(kind, **fields)
        (socket or self.shell).send_multipart([*self.frames(header, content or {}), *buffers])
        return header["msg_id"]

    def execute(self, code, **fields):
        return self.send("execute_request", {"code": code, **fields})

    def receive(self, socket, patience=PATIENCE):
        if not socket.poll(int(patience * 1000)):
            raise TimeoutError(f"nothing came; the kernel says: {self.kernel.messages()}")
        frames = socket.recv_multipart()
        at = frames.index(b"<IDS|MSG>")
        signature, *parts = frames[at + 1:at + 6]
        mac = hmac.new(self.key, b"".join(parts), hashlib.sha256).hexdigest() if self.key else ""
        assert signature.decode() == mac, "the signature"
        header, parent, metadata, content = map(json.loads, parts)
        return {"identities": frames[:at], "header": header, "parent": parent, "raw": parts,
                "metadata": metadata, "content": content, "type": header["msg_type"]}

    def reply(self, parent=None, socket=None, patience=PATIENCE):
        while True:
            message = self.receive(socket or self.shell, patience)
            if parent is None or message["parent"].get("msg_id") == parent:
                return message

    def outputs(self, parent, patience=PATIENCE):
        """The messages on iopub that answer a request, up to its idle."""
        found = []
        while True:
            message = self.receive(self.iopub, patience)
            if message["parent"].get("msg_id") != parent:
                continue
            found.append(message)
            if message["type"] == "status" and message["content"]["execution_state"] == "idle":
                return found

    def run(self, code, **fields):
        """Executes and gives the reply and the outputs."""
        parent = self.execute(code, **fields)
        return self.reply(parent)["content"], self.outputs(parent)

    def text(self, code):
        outputs = self.run(code)[1]
        return "".join(m["content"]["text"] for m in outputs if m["type"] == "stream")
