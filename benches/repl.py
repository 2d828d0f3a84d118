"""Times of the terminal session, in a pseudo-terminal; Python's own prompt is the peer for the start.

    cargo build --release --bin convac-repl && python3 benches/repl.py
"""
import os, pty, re, select, signal, statistics, struct, sys, termios, fcntl, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REPL = os.environ.get("CONVAC_REPL", os.path.join(ROOT, "target", "release", "convac-repl"))


class Terminal:
    def __init__(self, *command):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", CONVAC_HISTORY="", CONVAC_CONFIG="", COLUMNS="80", LINES="24")
            os.execv(command[0], command)
        self.pid = pid
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def until(self, pattern, limit=30.0):
        """Reads until the pattern was written; gives the seconds it took."""
        start, text = time.perf_counter(), b""
        while not re.search(pattern, text, re.S):
            if not select.select([self.fd], [], [], limit - (time.perf_counter() - start))[0]:
                raise SystemExit(f"{pattern} did not come: {text[-500:]!r}")
            text += os.read(self.fd, 65536)
        return time.perf_counter() - start

    def keys(self, text):
        os.write(self.fd, text.encode())

    def ask(self, text, pattern):
        self.keys(text)
        return self.until(pattern)

    def quiet(self):
        while select.select([self.fd], [], [], 0.2)[0]:
            os.read(self.fd, 65536)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def start(command, pattern):
    begun = time.perf_counter()
    terminal = Terminal(*command)
    terminal.until(pattern)
    took = time.perf_counter() - begun
    terminal.close()
    return took


def tell(what, seconds, bar=None):
    middle, worst = statistics.median(seconds), max(seconds)
    limit = f"   bar {bar} ms" if bar else ""
    print(f"{what:48} median {1e3 * middle:8.2f} ms   largest {1e3 * worst:8.2f} ms{limit}")


ours = [start((REPL,), rb"\x1b\[2C") for _ in range(20)]
peer = [start((sys.executable, "-q"), rb">>> ") for _ in range(20)]
tell("start to prompt", ours, 30)
print(f"{'  of the time of Python':48} {statistics.median(ours) / statistics.median(peer):.2f}")

terminal = Terminal(REPL)
terminal.quiet()
lines = [f"let value{i} = min_cut(net, sites([{i}, {i + 1}])) # {i}" for i in range(199)]
terminal.keys("\x1b[200~" + "\r".join(["[", *lines]) + "\x1b[201~")
terminal.quiet()
keys = []
for number in range(100):
    keys.append(terminal.ask("x", rb"x"))
tell("key to screen, 200 lines in the editor", keys, 10)
terminal.close()

terminal = Terminal(REPL)
terminal.quiet()
names = "\r".join(f"let name{i} = {i}" for i in range(1000))
terminal.ask("\x1b[200~" + names + "\x1b[201~\r", rb"\x1b\[2C")
terminal.quiet()
tabs = []
for number in range(20):
    # Ten names go on from each; the list of them ends with the last.
    terminal.keys(f"name{10 + number}")
    terminal.quiet()
    tabs.append(terminal.ask("\t", f"name{10 + number}9".encode()))
    terminal.keys("\x03")
    terminal.quiet()
tell("completion with 1,000 names bound", tabs, 20)
pastes = []
for number in range(5):
    program = "\r".join(f"let p{i} = {i} + {number}" for i in range(500))
    pastes.append(terminal.ask("\x1b[200~" + program + f"\x1b[201~\rp499\r", rb"\n" + str(499 + number).encode()))
tell("500 pasted lines, run and answered", pastes, 1000)
stops = []
for number in range(20):
    terminal.keys("sum([sum([i * j for j in 1..20000]) for i in 1..20000])\r")
    time.sleep(0.3 + 0.01 * number)
    stops.append(terminal.ask("\x03", rb"interrupted.*\x1b\[2C"))
    terminal.quiet()
tell("Ctrl-C to the next prompt", stops, 100)
terminal.close()

# What has millions of records takes long to free; nobody should wait for that.
RECORDS = '[{{a: k, b: k^2, c: "x"}} for k in 1..{count}]'
for what, before, program in [
    ("making 2 million records", "", RECORDS.format(count=2000000)),
    ("making 9 million records", "", RECORDS.format(count=9000000)),
    ("sorting 3 million records", f"let data = {RECORDS.format(count=3000000)}\r", 'sort(data, by = "b", down = true)'),
]:
    stops = []
    for share in (0.3, 0.6, 0.9):
        terminal = Terminal(REPL)
        terminal.quiet()
        if before:
            terminal.ask(before, rb"\n.*\x1b\[2C")
            terminal.ask("1 + 1\r", rb"\n2\r\n")
        terminal.keys(program + ";\r")
        time.sleep(share * float(os.environ.get("CONVAC_REPL_SECONDS", "2")))
        stops.append(terminal.ask("\x03", rb"interrupted.*\x1b\[2C"))
        terminal.close()
    tell(f"Ctrl-C to the next prompt, {what}", stops, 100)
