"""A job that takes a while: prints as many lines as it is told to, five a second, some of them coloured."""

import sys
import time

for number in range(1, int(sys.argv[1]) + 1):
    print(f"line {number}: \x1b[32mresidual\x1b[0m {1 / number:.3e}", flush=True)
    time.sleep(0.2)
