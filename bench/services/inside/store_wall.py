"""Print the mean microseconds that one item by id takes our store, one caller: `store_wall.py SECONDS`."""

import json
import os
import sys
import time

from items.settings import Settings
from items.store import Store

ROWS = 10_000
BATCH = 200  # questions between two looks at the clock


def main(seconds: float) -> float:
    """Ask for `seconds` and give the mean in microseconds."""
    store = Store(Settings.from_env(os.environ).database)
    for item_id in range(1, BATCH):
        if store.find(item_id) is None:
            raise SystemExit(f"no item {item_id}: an answer of nothing is not what is to be measured")
    asked, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(BATCH):
            asked += 1
            store.find(1 + asked * 7919 % ROWS)
    took = time.perf_counter() - began
    store.close()
    return took / asked * 1e6


if __name__ == "__main__":
    print(json.dumps(main(float(sys.argv[1]))))
