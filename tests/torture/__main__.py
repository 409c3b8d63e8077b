"""``python -m tests.torture [--minutes=15] [--seed=...]``: for so long, and each fault once."""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

from tests.torture.faults import FAULTS, STARTS_ANEW
from tests.torture.house import GoneError, House
from tests.torture.judging import Verdict, judge
from tests.torture.recovery import Heard, Recovery, recover


def _faults(dice: random.Random, left_out: set[str]) -> Iterator[str]:
    """Yield every fault, in some order, again and again."""
    while True:
        names = [name for name in FAULTS if name not in left_out]
        dice.shuffle(names)
        yield from names


async def torture(seconds: float, seed: str) -> int:
    """Torture, look at everything, print what was found, and return the exit code."""
    print(f"seed {seed}", flush=True)
    dice = random.Random(seed)
    house = House(seed)
    heard = Heard()
    recoveries: dict[str, list[Recovery]] = defaultdict(list)
    left_out = set() if house.disk.how else {"the disk is full"}
    try:
        house.prepare()
        await recover(house, heard)
        end = time.monotonic() + seconds
        for name in _faults(dice, left_out):
            if time.monotonic() > end and recoveries.keys() >= FAULTS.keys() - left_out:
                break
            await asyncio.sleep(dice.uniform(0.5, 3))
            await FAULTS[name](house, dice)
            found = await recover(house, heard)
            recoveries[name].append(found)
            print(
                f"  {name:<38}{found.database:6.2f}{found.site:6.2f}{found.writes:6.2f}", flush=True
            )
        house.stop_driver()
        verdict = await judge(house)
    except GoneError as error:
        verdict = Verdict(faults=[str(error)])
        for name in ("driver", "site"):
            print(house.output(name)[-3000:])
    finally:
        left = house.leave()
    if left:
        verdict.faults.append(f"{len(left)} processes of PostgreSQL were left.")
    heard.listen(house)
    _print(recoveries, heard, verdict, house.disk.how)
    if verdict.faults:
        print(f"\nThe record is {house.record}. Again: --seed={seed}")
        return 1
    house.remove()
    return 0


def _print(
    recoveries: dict[str, list[Recovery]], heard: Heard, verdict: Verdict, how_full: str
) -> None:
    print(f"\n{'what happened':<38}{'times':>6}  database back   service after it")
    print(f"{'':<38}{'':>6}  median   most   median   most   (seconds)")
    for name, found in sorted(recoveries.items()):
        spans = [each.database for each in found], [each.service for each in found]
        numbers = [number for span in spans for number in (statistics.median(span), max(span))]
        print(f"{name:<38}{len(found):>6}" + "".join(f"  {number:>6.2f}" for number in numbers))
    spared = [
        each.service
        for name, found in recoveries.items()
        if FAULTS[name] not in STARTS_ANEW
        for each in found
    ]
    if spared:
        print(
            f"Where neither site nor driver had to be started anew, both were back "
            f"{max(spared):.2f} seconds after the database at the latest."
        )
    if how_full:
        print(f"The disk was filled by {how_full}.")
    else:
        print("Left out: a full disk, because this system has none that could be filled.")
    print(f"\n{'what was written':<38}{'acknowledged':>12}")
    for operation, count in sorted(verdict.writes.items()):
        print(f"{operation:<38}{count:>12,}")
    print(f"{'all':<38}{verdict.writes.total():>12,}")
    print("\nerrors that reached the driver, nothing else:")
    for (name, safe), count in sorted(heard.errors.items()):
        print(f"  {count:>6,} {name}, {'safe to repeat' if safe else 'perhaps done'}")
    print(
        f"\n{verdict.looked_for:,} values were looked for; {verdict.unsure:,} writes were not "
        f"repeated, because they might have been done. Lost, doubled, wrong: {len(verdict.faults)}"
    )
    for number, fault in enumerate(verdict.faults[:20]):
        print(f"- {fault if number == 0 else fault.splitlines()[0]}")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="make torture ARGS=...")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    arguments = parser.parse_args()
    sys.exit(asyncio.run(torture(arguments.minutes * 60, arguments.seed)))


if __name__ == "__main__":
    main()
