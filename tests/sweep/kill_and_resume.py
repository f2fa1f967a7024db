"""A large sweep is killed with SIGKILL at random moments and resumed: does it tell the same as an undisturbed one?

`python -m tests.sweep.kill_and_resume [REPOSITORY...] --generated 200 --kills 20` makes so many repositories, adds
those that are named (folders of real ones), and exits 1 if one byte of one report differs.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.sweep.fleet import make_fleet
from tests.sweep.sweeping import KEY, NOW_S, Kill, Sweep, kill_and_resume, timed


def compared(folder: Path, targets: list[str], *, kills: int, seed: int, code: int) -> bool:
    """Return whether all reports of the killed sweeps equal those of an undisturbed one; print what happened."""
    undisturbed = Sweep(folder / "undisturbed")
    whole_s = timed(undisturbed, *targets, code=code)
    expected = undisturbed.told()
    totals = undisturbed.summary["totals"]
    print(f"undisturbed: {whole_s:.1f} s, {totals['repositories']} repositories, {totals['findings']} findings")

    def tell(one: Kill) -> None:
        print(f"killed {one.after_s:6.2f} s after the start, {one.done:4} repositories in the store", flush=True)

    generator = random.Random(seed)
    sweeps = kill_and_resume(
        folder / "killed", targets, kills=kills, whole_s=whole_s, generator=generator, code=code, tell=tell
    )
    is_same = True
    for number, sweep in enumerate(sweeps):
        told = sweep.told()
        different = sorted(name for name in expected.keys() | told.keys() if expected.get(name) != told.get(name))
        size = sum(map(len, told.values()))
        print(f"sweep {number}: {len(told)} reports, {size:,} bytes, {len(different)} different {different[:5]}")
        is_same &= not different
    return is_same


def main() -> int:
    """Run as the command line says; return the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("repositories", nargs="*", help="real repositories, or folders of some")
    arguments.add_argument("--generated", type=int, default=200)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--exit-code", type=int, default=0, help="of each sweep: 3 if some are incomplete")
    options = arguments.parse_args()
    os.environ |= {"LEAKSWEEP_SWEEP_KEY": KEY, "SOURCE_DATE_EPOCH": str(NOW_S)}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "generated"
        make_fleet(made, options.generated)
        targets = [*([str(made)] if options.generated else []), *map(os.path.abspath, options.repositories)]
        is_same = compared(Path(folder), targets, kills=options.kills, seed=options.seed, code=options.exit_code)
    print("the same, byte for byte" if is_same else "DIFFERENT")
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main())
