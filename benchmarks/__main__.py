"""Every benchmark, one after the other, each with its table: `python -m benchmarks`. Takes some minutes.

Needs `tests/requirements.txt`. Two noisy cores make two runs differ by a tenth and more: trust medians and ratios.
"""

import subprocess
import sys
from pathlib import Path

PARTS = ("serving", "reading", "workbook", "service")


def main() -> None:
    """Run each part in a process of its own."""
    for part in PARTS:
        print(f"\n## {part}\n", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{part}"]
        subprocess.run(command, cwd=Path(__file__).parents[1], check=True)


if __name__ == "__main__":
    main()
