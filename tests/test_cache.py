"""Cache: only folders that nobody else can write; numba told before it is imported."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheber import cache


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.folder.cache_clear()
    yield
    cache.folder.cache_clear()


def test_a_named_folder_is_made_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEBER_CACHE", str(tmp_path / "mine"))
    assert cache.folder() == tmp_path / "mine"
    assert stat.S_IMODE(cache.folder().stat().st_mode) == 0o700


def test_a_named_folder_that_others_can_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("SHEBER_CACHE", str(shared))
    with pytest.raises(cache.CacheError, match="others can write"):
        cache.folder()


def test_a_package_folder_that_others_can_write_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package under a folder of a box's user must not give that user our pickled kernels."""
    package = tmp_path / "package"
    (package / ".cache").mkdir(parents=True)
    (package / ".cache").chmod(0o777)
    monkeypatch.delenv("SHEBER_CACHE", raising=False)
    monkeypatch.setattr(cache, "_PACKAGE", package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert cache.folder() == tmp_path / "user" / "sheber"


def test_without_package_and_home_the_cache_is_private_and_goes_with_the_process(tmp_path: Path) -> None:
    """The temporary folder must not outlive its process, and a forked child must not take it along."""
    script = (
        "import os, pathlib\nfrom sheber import cache\n"
        "cache._PACKAGE = pathlib.Path('/proc/none')\n"
        "path = cache.folder()\n"
        "if os.fork() == 0: raise SystemExit\n"
        "os.wait(); assert path.is_dir(); print(path, oct(path.stat().st_mode & 0o777))\n"
    )
    variables = os.environ | {"XDG_CACHE_HOME": "/proc/none", "TMPDIR": str(tmp_path)}
    variables.pop("SHEBER_CACHE", None)
    run = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True)
    path, mode = run.stdout.split()
    assert mode == "0o700"
    assert Path(path).parent == tmp_path
    assert not Path(path).exists()


def test_write_atomically_leaves_the_old_file_when_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "mesh.npz"
    path.write_text("old")

    def break_off() -> None:
        with cache.write_atomically(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert path.read_text() == "old"
    with cache.write_atomically(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["mesh.npz"]


def test_processor_names_a_class() -> None:
    machine, _, feature = cache.processor().partition("-")
    assert machine == os.uname().machine
    assert feature in {"", "avx2", "avx512", "asimd"}
