"""Toposcope against other engines, on generated sets: ``python -m benchmarks --help``.

All sets take about forty minutes on an idle machine. What is chosen by --only or --engines is merged with the results
that are there already.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from pathlib import Path

from .runner import Experience, machine, measure, versions
from .sets import SETS
from .table import disagreeing, write

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the small sets only: under three minutes")
    parser.add_argument("--only", default="", metavar="REGEX", help="sets whose name matches, such as 'sphere.*H2'")
    parser.add_argument(
        "--engines", default="", metavar="REGEX", help="columns that match, such as 'toposcope|redzed, 1'"
    )
    parser.add_argument("--limit", type=float, default=None, metavar="SECONDS", help="of one call (5, quick: 3)")
    parser.add_argument(
        "--repeat", type=int, default=None, metavar="N", help="runs of which the median is taken (3, quick: 1)"
    )
    parser.add_argument("--memory", type=float, default=12, metavar="GB", help="that one engine may take")
    parser.add_argument("--json", type=Path, default=None, help="results, merged with what it holds already")
    parser.add_argument("--table", type=Path, default=None, help="the Markdown page to write")
    parser.add_argument("--no-run", action="store_true", help="write the page from the results that are there")
    options = parser.parse_args()
    name = "benchmarks-quick" if options.quick else "benchmarks"
    results_file = options.json or DOCS / f"{name}.json"
    page = options.table or (None if options.quick else DOCS / "benchmarks.md")
    limit = options.limit or (3 if options.quick else 5)
    repeat = options.repeat or (1 if options.quick else 3)

    is_part = options.only or options.engines or options.no_run
    results = json.loads(results_file.read_text()) if is_part and results_file.exists() else {"sets": {}}
    chosen = [s for s in SETS if (s.quick or not options.quick) and re.search(options.only, s.key)]
    if not options.no_run:
        results |= {"machine": machine(), "versions": versions(), "limit": limit, "repeat": repeat}
        results["load"] = os.getloadavg()[0]
        experience = Experience()
        for row in results["sets"].values():
            experience.add(row)
        with tempfile.TemporaryDirectory() as folder:
            for one in chosen:
                row = measure(one, Path(folder), options.engines, limit, repeat, options.memory, experience)
                kept = results["sets"].get(one.key, {}).get("runs", {})
                results["sets"][one.key] = row | {"runs": kept | row["runs"]}
                results_file.write_text(json.dumps(results, indent=1) + "\n")
        print(f"\n{sum(row.get('seconds', 0) for row in results['sets'].values()) / 60:.1f} minutes in all")
    write(results, [s.key for s in SETS], page)
    wrong = [key for key, row in results["sets"].items() if disagreeing(row["runs"])]
    if wrong:
        raise SystemExit(f"Diagrams disagree on: {'; '.join(wrong)}.")


if __name__ == "__main__":
    main()
