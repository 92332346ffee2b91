"""The wheel holds the packages, their data, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"ingest", "schemas", "streams", "service", "envizzy"}


def test_the_wheel_holds_all_packages_and_their_data(tmp_path: Path) -> None:
    """Every tracked file of the five packages is in the wheel; no test, no bench."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    listed = subprocess.run(
        ["git", "ls-files", *sorted(PACKAGES)], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()

    assert set() == set(listed) - names
    assert PACKAGES == {name.split("/")[0] for name in names}
