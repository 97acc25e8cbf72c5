"""Writes a known text in pieces with pauses between them, lingers, and exits with a code."""

import hashlib
import os
import signal
import sys
import time

# A container's first process gets no signal that it does not handle.
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))

key, lines, repeat, piece, pause, linger, code, fails_until = sys.argv[1:9]
out = sys.stdout.buffer


def write(data):
    out.write(data)
    out.flush()
    time.sleep(int(pause) / 1000)


pending = bytearray()
for number in range(int(lines)):
    digest = hashlib.md5(f"{key}:{number}".encode()).hexdigest()
    pending += f"{number:08d} {digest * int(repeat)}\n".encode()
    while len(pending) >= int(piece):
        write(pending[: int(piece)])
        del pending[: int(piece)]
if pending:
    write(pending)
time.sleep(int(linger))
sys.exit(5 if time.time() < int(fails_until) else int(code))
