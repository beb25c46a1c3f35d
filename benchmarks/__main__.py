"""Measures what docs/figures.md quotes: python -m benchmarks [--quick]; each also runs alone, with --json for programs.

python -m benchmarks.hooks, loading, merge, sweep, reconcile, throughput, intake, large_intake, imports, refill,
sharing, linking, access_times, hierarchies, directories, latency
"""

from __future__ import annotations

import argparse
import subprocess
import sys

FIXED = ("hooks", "merge")
BY_SIZE = (
    "loading",
    "sweep",
    "reconcile",
    "throughput",
    "intake",
    "large_intake",
    "imports",
    "refill",
    "sharing",
    "linking",
    "access_times",
    "hierarchies",
    "arrivals",
    "directories",
    "latency",
)


def main() -> int:
    """Run each in a process of its own; the answer is how many did not reach their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller numbers of units, in a fraction of the time")
    options = ["--quick"] if parser.parse_args().quick else []
    missed = [name for name in FIXED if run(name)]
    missed += [name for name in BY_SIZE if run(name, *options)]
    print(f"Not reached: {', '.join(missed)}." if missed else "All figures are reached.")
    return len(missed)


def run(name: str, *options: str) -> int:
    """Run one, under a heading; its exit code."""
    print(f"== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
