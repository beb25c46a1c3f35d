"""Reconcile of 10,000 and of 100,000 units of which both sides agree: what it reads, and what memory it takes.

It writes nothing, and the memory of the agent is the same at both sizes, as it holds one page of 1,000 units at a time.
Beside it a sweep in which nothing is marked, which reads the same at both.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from rich.table import Table

from benchmarks.counting import QUERY, REAL_MS, counted
from benchmarks.shown import Figures, run, table
from benchmarks.sweep import quiet_sweep
from benchmarks.world import World, lab_world

SIZES = (10_000, 100_000)
QUICK_SIZES = (1_000, 5_000)
MEGABYTES = 250
"""Memory that the agent may take at most."""

PAGES = 3
"""At most this many pages of the zone are read by a sweep that finds nothing marked."""

SAME = 1.1
"""Memory that is larger by a tenth counts as the same."""

LARGE = 1_000_000


def measure(quick: bool) -> Figures:
    """The figures of both sizes, after a look at a small sample: the loaded units must be as the agent leaves them."""
    with lab_world() as world:
        world.load("sample", 50)
        sample = measure_one(world)
        if sample["drifted"] or sample["writes"]:
            raise AssertionError(f"the loaded units are not quiet: {sample}")
        loaded = sample["units"]
        figures = []
        for size in QUICK_SIZES if quick else SIZES:
            world.load(f"quiet {size}", size - loaded)
            loaded = size
            quiet = quiet_sweep(world)
            asked = {"sweep, zone": quiet.zone.total(), "sweep, OMERO": quiet.omero.total()}
            figures.append({**measure_one(world), **asked})
        return {"reconciles": figures}


def measure_one(world: World) -> Figures:
    """Reconcile everything, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.reconcile_inside", str(world.scene.policy_file)]
    with counted(world.scene) as calls:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: Figures = json.loads(done.stdout)
    return {
        **figures,
        "writes": calls.zone_writes + calls.omero_writes,
        "omero": dict(sorted(calls.omero.items())),
        "zone": dict(sorted(calls.zone.items())),
        "real_zone_seconds": calls.real_seconds(),
    }


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and sentences."""
    reconciles = figures["reconciles"]
    made = table("Reconcile of units of which both sides agree", "units", *(f"{one['units']:,}" for one in reconciles))
    made.add_row("writes to either side", *(f"{one['writes']}" for one in reconciles))
    made.add_row("peak memory of the agent", *(f"{one['peak_mb']:.0f} MB" for one in reconciles))
    made.add_row("of which before the first page", *(f"{one['connected_mb']:.0f} MB" for one in reconciles))
    made.add_row("calls to OMERO", *(f"{sum(one['omero'].values()):,}" for one in reconciles))
    made.add_row("zone: pages of queries", *(f"{one['zone'][QUERY]:,}" for one in reconciles))
    made.add_row("units per second, on the lab", *(f"{one['units'] / one['seconds']:,.0f}" for one in reconciles))
    made.add_row(
        "the agent's own part of that", *(f"{one['agent_seconds'] / one['seconds']:.0%}" for one in reconciles)
    )
    made.add_row("zone: pages, in a sweep with nothing marked", *(f"{one['sweep, zone']}" for one in reconciles))
    made.add_row("calls to OMERO in it", *(f"{one['sweep, OMERO']}" for one in reconciles))
    yield made
    yield _sentence(reconciles)
    yield _extrapolated(reconciles[-1])


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    reconciles = figures["reconciles"]
    for one in reconciles:
        if one["writes"] or one["drifted"]:
            yield f"{one['writes']} writes for {one['units']} quiet units"
        if one["sweep, zone"] > PAGES:
            yield f"{one['sweep, zone']} pages in a sweep with nothing marked, where {PAGES} are allowed"
    peaks = [one["peak_mb"] for one in reconciles]
    if max(peaks) > MEGABYTES:
        yield f"{max(peaks):.0f} MB of memory, where {MEGABYTES} are allowed"
    if max(peaks) > min(peaks) * SAME:
        yield f"memory grows with the number of units: {', '.join(f'{peak:.0f} MB' for peak in peaks)}"


def _sentence(reconciles: list[Figures]) -> str:
    small, large = reconciles[0], reconciles[-1]
    return (
        f"A reconcile of {large['units']:,} quiet units writes nothing and takes the agent {large['peak_mb']:.0f} MB "
        f"at most, where {MEGABYTES} are allowed ({small['peak_mb']:.0f} MB at {small['units']:,} units, "
        f"{large['connected_mb']:.0f} MB before the first), with {sum(large['omero'].values()):,} calls to OMERO and "
        f"{large['zone'][QUERY]:,} pages read from the zone."
    )


def _extrapolated(one: Figures) -> str:
    times = LARGE / one["units"]
    return (
        f"Extrapolated, not measured: for {LARGE:,} units the agent itself works for "
        f"{one['agent_seconds'] * times / 60:.0f} minutes on this machine. It reads "
        f"{one['zone'][QUERY] * times:,.0f} pages from the zone, {one['real_zone_seconds'] * times / 60:.0f} minutes "
        f"at the {REAL_MS[QUERY]:g} ms that 360 rows took on a small real one, and makes "
        f"{sum(one['omero'].values()) * times:,.0f} queries to OMERO about up to 1,000 units each. For those we have "
        "no figure of a real server, and on a large catalog a page takes longer: they decide how long it takes. Ten "
        "million files below watched roots take the zone and the agent ten times as long, whether OMERO has them or "
        "not; OMERO is asked only about those that it has."
    )


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
