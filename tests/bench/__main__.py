"""`python -m tests.bench`: the command behind `make bench`."""

import argparse
import sys

from tests.bench.page import page
from tests.bench.runner import ROUNDS, ROWS, measure
from tests.bench.sections import PAGE, with_sections_of


def main(arguments: list[str]) -> int:
    """Runs the benchmark; with --write the page of results is written anew."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Timings as JSON lines, then a table; a missed bar fails nothing."
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="weighings; the other tables grow with them")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each shape; the least time counts")
    parser.add_argument("--only", default="", help="only shapes whose name holds this")
    parser.add_argument("--write", metavar="DATE", help="write docs/benchmarks.md, dated so")
    asked = parser.parse_args(arguments)
    outcome = measure(asked.rows, sys.stdout, asked.only, asked.rounds)
    if asked.write:
        before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        PAGE.write_text(with_sections_of(page(outcome, asked.write), before), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
