"""While a hostile file is read no connection is made, no program started, and nothing opened beside the folder."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import hostile

ROOT = Path(__file__).parents[2]
READER = """
import os, sys
from pathlib import Path
from eduscale.ingest import tabular
from eduscale.models.reading import ReadTask
tabular.warm()
for number, path in enumerate(sorted(Path(sys.argv[1]).iterdir())):
    folder = Path(sys.argv[2]) / str(number)
    folder.mkdir()
    task = ReadTask(path=str(path), filename=path.name, folder=str(folder), memory_bytes=512 << 20)
    if number == 0:  # what is imported late is imported by now
        (folder / "warm").mkdir()
        tabular.read_file(task.model_copy(update={"folder": str(folder / "warm")}).model_dump_json().encode())
        os.access("/begin", os.F_OK)
    tabular.read_file(task.model_dump_json().encode())
"""
WATCHED = "network,execve,execveat,openat,open,creat,mkdir,rename,link,symlink,unlink,access,faccessat,faccessat2"
TREACHEROUS = (
    "utek.zip", "xxe.xlsx", "xxe_sit.xlsx", "smich.xlsx", "smich.fods", "smich.xls", "vzorec.csv", "zly.parquet",
    "bez_konce.zip", "hluboko.json",
)  # fmt: skip
MAY_BE_READ = re.compile(
    r"/(?:usr|lib|lib64|opt|proc/self|proc/\d+|sys)/|/etc/(?:ld\.so|localtime|timezone)|/dev/(?:null|urandom)"
)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_reading_calls_nobody_and_touches_only_its_folder(tmp_path: Path) -> None:
    sent, out, trace = tmp_path / "sent", tmp_path / "out", tmp_path / "trace"
    sent.mkdir()
    out.mkdir()
    (sent / "0.csv").write_bytes(hostile.TABLE)
    (sent / "0.xlsx").write_bytes(hostile.workbook())
    files = hostile.files(str(tmp_path / "outside"))
    for name in TREACHEROUS:
        (sent / name).write_bytes(files[name])
    command = ["strace", "-f", "-qq", "-s", "300", "-e", f"trace={WATCHED}", "-o", str(trace)]
    command += [sys.executable, "-B", "-c", READER, str(sent), str(out)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if "ptrace" in ran.stderr:
        pytest.skip("may not trace processes here")
    assert ran.returncode == 0, ran.stderr
    calls = trace.read_text(encoding="utf-8", errors="replace").partition('"/begin"')[2].splitlines()[1:]
    assert any(str(out) in call for call in calls)
    places = (str(out), str(sent), str(ROOT), str(Path(sys.prefix)), str(Path(sys.base_prefix)))
    for call in calls:
        assert not re.search(r"\b(?:socket|connect|sendto|sendmsg|bind|execve|execveat|symlink)\(", call), call
        for path in re.findall(r'"(/[^"]*)"', call):
            assert path.startswith(places) or MAY_BE_READ.match(path), call
            if re.search(r"O_WRONLY|O_RDWR|O_CREAT|mkdir|rename|link\(", call):
                assert path.startswith(str(out)) or path == "/dev/null", call
    assert not (tmp_path / "outside").exists()
