# SPDX-License-Identifier: Apache-2.0
"""`make run` on a terminal, typed at through a pseudo terminal as a person would."""
import os
import pty
import re
import select
import time

from harness import ROOT, case, check, twin


class Terminal:
    def __init__(self, arguments):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.environ["TERM"] = "linux"
            os.execvp(arguments[0], arguments)

    def expect(self, pattern, seconds=30):
        """Waits for the pattern; what came up to its end, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            match = re.search(pattern, self.seen)
            if match:
                text, self.seen = self.seen[:match.end()], self.seen[match.end():]
                return text
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 4096).decode("utf-8", "replace")
                except OSError:
                    break
        return None

    def type(self, text, pause=0.0):
        os.write(self.fd, text.encode())
        time.sleep(pause)

    def status(self):
        self.expect(r"\Z\A(?!)", 5)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


PROMPT = r"assay:\S*# "

# what is typed, what must come before the next prompt
SESSION = (
    ("echo one two | tr a-z A-Z\r", r"\nONE TWO\r"),
    ("x=$((6*7)); echo $x > /tmp/f; cat < /tmp/f\r", r"\n42\r"),
    ("echo abX\x7fcd\x1b[D\x1b[DZ\r", r"\nabZcd\r"),
    ("sleep 100 &\r", r"sleep"),
    ("jobs\r", r"Running\s+sleep 100"),
    ("kill %1; wait; jobs\r", r""),
    ("/bin/greet\r", r"my bytes were hashed"),
)


@case
def terminal():
    t = Terminal(["make", "run"])
    if not check("make run on a terminal ends in a shell", t.expect(PROMPT, 120), t.seen[-800:]):
        os.kill(t.pid, 9)
        return
    for typed, wanted in SESSION:
        t.type(typed)
        text = t.expect(PROMPT) or ""
        check(f"typed {typed!r}", re.search(wanted, text), text)
    t.type("sleep 200\r", 0.7)
    t.type("\x03")
    check("^C ends the program, not the shell", t.expect(PROMPT), t.seen)
    t.type("sleep 300\r", 0.7)
    t.type("\x1a")
    check("^Z stops the program", t.expect(r"Stopped\s+sleep 300[\s\S]*" + PROMPT), t.seen)
    t.type("fg\r", 0.7)
    t.type("\x03")
    check("fg brings it back, ^C ends it", t.expect(PROMPT), t.seen)
    t.type("vi /tmp/text\r", 1)
    t.type("ihello from vi", 0.5)
    t.type("\x1b", 0.5)
    t.type(":wq\r")
    check("vi writes its file", t.expect(PROMPT), t.seen)
    t.type("cat /tmp/text\r")
    text = t.expect(PROMPT) or ""
    check("the file holds what was typed", "\nhello from vi\r" in text, text)
    twin("the file holds what was typed", lambda words: f"\n{words}\r" in text, "hello from ed")
    t.type("exit 7\r")
    last = t.expect(r"assay: init exited with status \d+") or ""
    check("exit shuts down with the shell's status", last.endswith("status 7"), last[-300:])
    check("and make says so", t.status() != 0)
