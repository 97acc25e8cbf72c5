"""Writes a line, waits, writes the rest of a known text in pieces with pauses, lingers, exits with a code."""

import hashlib
import os
import signal
import sys
import time

# A container's first process gets no signal that it does not handle.
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))

key, lines, repeat, wait, piece, pause, linger, code, fails_until = sys.argv[1:10]
out = sys.stdout.buffer


def write(data):
    out.write(data)
    out.flush()
    time.sleep(int(pause) / 1000)


pending = bytearray()
for number in range(int(lines)):
    digest = hashlib.md5(f"{key}:{number}".encode()).hexdigest()
    pending += f"{number:08d} {digest * int(repeat)}\n".encode()
    if number == 0 and int(wait):
        write(pending)
        pending.clear()
        time.sleep(int(wait))
    while len(pending) >= int(piece):
        write(pending[: int(piece)])
        del pending[: int(piece)]
if pending:
    write(pending)
time.sleep(int(linger))
sys.exit(5 if time.time() < int(fails_until) else int(code))
