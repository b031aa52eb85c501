"""The scripts and styles that are shipped are those of the sources, and no more travels with them than is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "src/sheber/web/bundle"
FRONTEND = ROOT / "frontend"
MANIFEST = json.loads((BUNDLE / "manifest.json").read_text("utf-8"))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bundle_is_what_its_manifest_says() -> None:
    assert {path.name for path in BUNDLE.iterdir()} == {*MANIFEST["files"], "manifest.json"}
    for name, digest in MANIFEST["files"].items():
        assert sha256(BUNDLE / name) == digest, f"{name} was changed by hand; run `make frontend`"


def test_the_bundle_was_built_from_these_sources() -> None:
    own = {"build.mjs", "package.json", "package-lock.json"}
    sources = {str(path.relative_to(FRONTEND)) for path in (FRONTEND / "src").rglob("*") if path.is_file()}
    assert set(MANIFEST["sources"]) == own | sources
    for name, digest in MANIFEST["sources"].items():
        assert sha256(FRONTEND / name) == digest, f"frontend/{name} is newer than the bundle; run `make frontend`"


def test_the_bundle_names_no_other_host() -> None:
    """Namespaces and documentation in comments aside, nothing in the scripts leads out of the campus."""
    for name in MANIFEST["files"]:
        if name.endswith(".css"):
            assert "url(http" not in (BUNDLE / name).read_text("utf-8")
        if name.endswith(".js"):
            text = (BUNDLE / name).read_text("utf-8")
            assert "import(`http" not in text
            assert 'from"http' not in text
