"""Tables: every table of the school, so that migrations and tests see all of them."""

from __future__ import annotations

from sheber.school.audit import AuditEntry
from sheber.school.courses import models as courses
from sheber.school.database import Base
from sheber.school.gradebook import models as gradebook
from sheber.school.people import models as people
from sheber.school.queue import models as queue
from sheber.school.similarity import models as similarity
from sheber.school.submissions import models as submissions

__all__ = ["AuditEntry", "courses", "gradebook", "metadata", "people", "queue", "similarity", "submissions"]

metadata = Base.metadata
