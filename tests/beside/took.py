"""Runs a script with its arguments, and prints as JSON what it told and what it took, with all that it started."""

import json
import resource
import subprocess
import sys
import time

begun = time.monotonic()
told = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, check=True).stdout
wall_s = time.monotonic() - begun
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
took = {"wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss * 1024 / 1e6}
print(json.dumps({"took": took, "told": json.loads(told)}))
