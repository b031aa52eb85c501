"""Archives: a folder that a stranger packed as ZIP, opened so that it can do nothing.

It is read in memory and within limits that are measured, not believed: a name leads nowhere but into the folder, a link
or a device is refused, and so is what unpacks to more than it should. What could run unseen in place of a source that
somebody reads, compiled code, is left out.
"""

from __future__ import annotations

import io
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from sheber.i18n import _
from sheber.school.errors import Refused
from sheber.untrusted import write_whole

__all__ = ["MOST_BYTES", "opened", "unpack"]

MOST_BYTES: Final = 8 << 20  # of the archive
_MOST_UNPACKED: Final = 32 << 20  # bytes
_MOST_FILES: Final = 400
_DEEPEST: Final = 6  # folders
_PART: Final = re.compile(r"\w[\w.()+ -]{0,99}")  # of a name, between its slashes
_LEFT_OUT: Final = ("__MACOSX", "__pycache__", "Thumbs.db")
_COMPILED: Final = (".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib")
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError)


def opened(archive: bytes) -> dict[str, bytes]:
    """The files of an archive by name, below the one folder that holds them all. Raises Refused."""
    if len(archive) > MOST_BYTES:
        text = _("The archive has {size:.1f} MB. It must have at most {most} MB.")
        raise Refused(text.format(size=len(archive) / (1 << 20), most=MOST_BYTES >> 20), "archive")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as file:
            found = dict(_files(file))
    except Refused:
        raise
    except _BROKEN as error:
        text = _("This is not a ZIP archive that can be read ({why}). Pack the folder as ZIP, without a password.")
        raise Refused(text.format(why=str(error)[:200] or type(error).__name__), "archive") from error
    if not found:
        raise Refused(_("The archive is empty."), "archive")
    return _below_one_folder(found)


def unpack(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a new folder, whole or not at all; nothing happens where the folder is there already."""
    if folder.is_dir():
        return
    aside = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        for name, content in files.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        if not folder.is_dir():
            aside.rename(folder)
    except OSError:
        if not folder.is_dir():  # otherwise another process was quicker, and wrote the same
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _files(file: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file that is taken. Raises Refused at the first thing that is wrong."""
    entries = [entry for entry in file.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_FILES:
        text = _("The archive has {count} files. It must have at most {most}.")
        raise Refused(text.format(count=len(entries), most=_MOST_FILES), "archive")
    left, names = _MOST_UNPACKED, set[str]()
    for entry in entries:
        parts = _checked(entry)
        if any(part in _LEFT_OUT or part.startswith(".") for part in parts) or parts[-1].lower().endswith(_COMPILED):
            continue
        name = "/".join(parts)
        if name.casefold() in names:
            raise Refused(_("The archive has two files named {name!r}.").format(name=name), "archive")
        names.add(name.casefold())
        with file.open(entry) as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            text = _("The archive unpacks to more than {most} MB.")
            raise Refused(text.format(most=_MOST_UNPACKED >> 20), "archive")
        yield name, content


def _checked(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    """The parts of a name. Raises Refused for what is no plain file within the folder."""
    name = entry.filename
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        text = _("{name!r} in the archive is a link or a device. Only plain files are taken.")
        raise Refused(text.format(name=name[:200]), "archive")
    if entry.flag_bits & 0x1:
        raise Refused(_("The archive has a password. Pack the folder without one."), "archive")
    parts = PurePosixPath(name).parts
    ours = name == "/".join(parts) and "\\" not in name and len(parts) <= _DEEPEST
    if not ours or not all(_PART.fullmatch(part.lstrip("._")) or part in _LEFT_OUT for part in parts):
        text = _(
            "The archive has a file named {name!r}. A name must lead into the folder, and have letters, digits, "
            "spaces and . _ - + ( ) only."
        )
        raise Refused(text.format(name=name[:200]), "archive")
    return parts


def _below_one_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the folder that was packed, where all lie in one."""
    tops = {name.partition("/")[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        return {name.partition("/")[2]: content for name, content in files.items()}
    return files
