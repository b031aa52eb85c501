"""The operator's page: each of its blocks is what it says it is, and each command is one that exists."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheber.cli.arguments import parser

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/operator.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
KNOWN = {"sh", "ini", "nginx", "caddy", "yaml"}


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


def commands() -> Iterator[str]:
    """Every command line of the page: of shell blocks, of units, and in back quotes."""
    for block in blocks("sh"):
        yield from block.splitlines()
    for block in blocks("ini"):
        yield from re.findall(r"^ExecStart=(.*)$", block, re.MULTILINE)
    yield from re.findall(r"`(sheber [a-z]+(?: [^`…]+)?)`", PAGE)


def of_ours(line: str) -> list[str] | None:
    """The arguments of `sheber` in a command line; None where it runs something else."""
    if line.startswith("/bin/sh -c "):
        line = shlex.split(line)[2].replace("$$", "$").replace("%%", "%").replace("$(date +%F)", "2026-11-29")
    words = shlex.split(line)
    words = words[1:] if words[:1] == ["exec"] else words
    return words[1:] if words and Path(words[0]).name == "sheber" else None


def test_every_kind_of_block_is_tested() -> None:
    assert {name for name, _text in BLOCKS} == KNOWN


OURS = [line for line in dict.fromkeys(commands()) if of_ours(line) is not None]


@pytest.mark.parametrize("line", OURS)
def test_every_command_of_ours_exists(line: str) -> None:
    arguments = [word.replace("%i", "8001") for word in of_ours(line) or []]
    parser().parse_args(arguments)


def test_the_page_shows_every_command_of_a_school() -> None:
    shown = {(of_ours(line) or [""])[0] for line in OURS}
    assert {"serve", "work", "backup", "restore", "doctor", "prepare"} <= shown


def test_shell_blocks_are_shell() -> None:
    for block in blocks("sh"):
        subprocess.run(["sh", "-n"], input=block, text=True, check=True)


@pytest.mark.parametrize("block", [one for one in blocks("ini") if "[" in one], ids=lambda one: one.splitlines()[1])
def test_units_are_units(block: str, tmp_path: Path) -> None:
    """systemd itself reads them, with a command that is here and an account that is here."""
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(block)
    assert read["Unit"]["Description"]
    forbidden = {"RestrictNamespaces", "ProtectKernelTunables", "ProtectProc", "SystemCallFilter"}
    assert not forbidden & {key for section in read.sections() for key in read[section]}
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here: the unit was only parsed")
    name = "sheber-backup.timer" if "Timer" in read else "sheber-web@.service" if "%i" in block else "sheber.service"
    block = re.sub(r"/opt/sheber/bin/sheber", "/bin/true", block)
    block = re.sub(r"^(User|Group)=school$", r"\1=root", block, flags=re.MULTILINE)
    (tmp_path / name).write_text(block)
    (tmp_path / "sheber-backup.service").write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n")
    target = name.replace("@.", "@8001.")
    run = subprocess.run(["systemd-analyze", "verify", str(tmp_path / target)], capture_output=True, text=True)
    mine = [line for line in run.stderr.splitlines() if str(tmp_path) in line or line.startswith(target)]
    assert not mine, run.stderr


def test_the_environment_file_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = [one for one in blocks("ini") if "[" not in one]
    name, _equals, url = block.strip().partition("=")
    monkeypatch.setenv(name, url)
    assert parser().parse_args(["serve"]).database == url


def test_the_proxies_do_what_pages_need(tmp_path: Path) -> None:
    (nginx,) = blocks("nginx")
    (caddy,) = blocks("caddy")
    for text in (nginx, caddy):
        assert text.count("{") == text.count("}")
        assert "127.0.0.1:8000" in text
    assert parser().parse_args(["serve"]).port == 8000
    for needed in ("Host $host", "X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme", "proxy_buffering off"):
        assert needed in nginx
    assert "flush_interval -1" in caddy


def test_nginx_reads_its_block(tmp_path: Path) -> None:
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        pytest.skip("no nginx here")
    (text,) = blocks("nginx")
    files = [str(tmp_path / name) for name in ("key.pem", "cert.pem")]
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=school.example",
        "-keyout",
        files[0],
    ]
    subprocess.run([*make, "-out", files[1]], check=True, capture_output=True)
    text = text.replace("/etc/ssl/school.example.pem", files[1]).replace("/etc/ssl/school.example.key", files[0])
    text = text.replace("443", "8443")
    parts = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "access_log off;\n" + "".join(f"{part}_temp_path {tmp_path}/{part};\n" for part in parts)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{folders}{text}}}\n")
    command = ["nginx", "-t", "-p", str(tmp_path), "-e", str(tmp_path / "log"), "-c", str(tmp_path / "nginx.conf")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_wheelhouse_is_made_from_the_lock_of_the_school() -> None:
    import tomllib

    (download,) = [line for line in commands() if line.startswith("pip download")]
    assert "requirements-school.lock" in download
    assert (ROOT / "requirements-school.lock").is_file()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    lock = (ROOT / "requirements-school.lock").read_text("utf-8")
    own = "sheberkhana[ground]"
    assert own in extras["school"]
    for one in {*extras["school"], *extras["ground"], *extras["postgresql"]} - {own}:
        assert re.search(rf"^{re.split(r'[>=[]', one)[0]}(\[.*\])?==", lock, re.MULTILINE), one


def test_metrics_and_options_that_the_page_names_exist() -> None:
    source = (ROOT / "src/sheber/web/operating.py").read_text("utf-8")
    for name in set(re.findall(r"\bsheber_[a-z_]+", PAGE)):
        assert f'"{name}"' in source, name
    known = " ".join(one for name in ("serve", "work", "backup", "restore") for one in helped(name))
    for option in set(re.findall(r"`(--[a-z-]+)", PAGE)):
        assert option in known, option


def helped(name: str) -> list[str]:
    import argparse

    (choices,) = [a.choices for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return [option for action in choices[name]._actions for option in action.option_strings]


def test_the_usual_values_of_the_page_are_those_of_the_program() -> None:
    from sheber.school.operating.measures import LEAST_FREE_BYTES
    from sheber.school.operating.retention import Rule

    found = parser().parse_args(["serve"])
    assert Rule(found.keep_practice, found.keep_graded, int(found.quota_gb)) == Rule()
    assert f"| `--keep-practice DAYS` | {Rule().practice_days} |" in PAGE
    assert f"| `--keep-graded DAYS` | {Rule().graded_days} |" in PAGE
    assert f"{LEAST_FREE_BYTES >> 20} MB free" in PAGE
