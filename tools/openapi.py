"""Write docs/openapi.json anew, from the routes of the API."""

import tempfile
from pathlib import Path

from sheber.school.opening import open_school
from sheber.web.api.description import written
from sheber.web.app import create_app

COPY = Path(__file__).parents[1] / "docs/openapi.json"

with tempfile.TemporaryDirectory() as folder:
    school = open_school(Path(folder) / "school")
    COPY.write_text(written(create_app(school)), encoding="utf-8")
    school.close()
