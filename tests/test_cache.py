"""Cache: only folders that nobody else can write; numba told before it is imported."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheber import cache
from sheber.cli import main, running


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    for found in (cache.folder, cache._kept):
        found.cache_clear()
    yield
    for found in (cache.folder, cache._kept):
        found.cache_clear()


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


@pytest.fixture
def _nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a service account: the package is read-only, and there is no home."""
    monkeypatch.delenv("SHEBER_CACHE", raising=False)
    monkeypatch.setattr(cache, "_PACKAGE", Path("/proc/none"))
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")


@pytest.mark.usefixtures("_nothing_can_be_kept")
def test_a_start_that_compiles_anew_says_so_and_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    running._tell_of_lost_cache()
    told = capsys.readouterr().err
    assert "about 20 s" in told
    assert "SHEBER_CACHE" in told
    assert "`sheber prepare`" in told
    assert told.count("\n") == 1
    monkeypatch.setenv("SHEBER_CACHE", str(tmp_path / "kept"))
    running._tell_of_lost_cache()
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("_nothing_can_be_kept")
def test_nothing_is_prepared_where_nothing_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare"]) == 2
    assert "SHEBER_CACHE" in capsys.readouterr().err


def test_kernels_of_old_editions_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEBER_CACHE", str(tmp_path))
    for edition, days in (("old", 31), ("other", 2)):
        (tmp_path / "numba" / edition / "deep").mkdir(parents=True)
        os.utime(tmp_path / "numba" / edition, (time.time() - days * 86400.0,) * 2)
    cache.forget_old_kernels()
    assert [path.name for path in (tmp_path / "numba").iterdir()] == ["other"]


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


def test_the_processor_tells_what_makes_numpy_sum_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in cache.SETTINGS:
        monkeypatch.delenv(name, raising=False)
    plain = cache.processor()
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    assert cache.processor() == f"{plain}, OPENBLAS_CORETYPE=Prescott"
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "AVX2")
    assert cache.processor() == f"{plain}, OPENBLAS_CORETYPE=Prescott, NPY_DISABLE_CPU_FEATURES=AVX2"


def test_processor_names_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in cache.SETTINGS:
        monkeypatch.delenv(name, raising=False)
    machine, _, feature = cache.processor().partition("-")
    assert machine == os.uname().machine
    assert feature in {"", "avx2", "avx512", "asimd"}
