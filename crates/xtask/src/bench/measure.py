"""Runs a command and prints what it cost, as JSON: seconds of wall time, seconds of CPU, peak memory in KiB.

The operating system counts a command's children too; peak memory is that of its largest process.
"""

import json
import resource
import subprocess
import sys
import time

start = time.perf_counter()
status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss}))
sys.exit(0 if status == 0 else 1)
