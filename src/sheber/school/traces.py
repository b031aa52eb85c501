"""Traces: which files the rows of the school name. Those of results that count, and those that campaigns have aside."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CompoundSelect, func, select, union_all

from sheber.school.gradebook.models import CampaignResult
from sheber.school.submissions.models import SceneResult

__all__ = ["ASIDE_JUDGED", "ASIDE_SIZE", "ASIDE_TRACE", "named_traces"]

ASIDE_TRACE = func.coalesce(CampaignResult.result["trace"].as_string(), "")
ASIDE_SIZE = func.coalesce(CampaignResult.result["trace_bytes"].as_integer(), 0)
ASIDE_JUDGED = CampaignResult.result["judged"].as_string()  # ISO 8601, in UTC
"""What a campaign has aside: found, or, once it is published, replaced."""


def named_traces() -> CompoundSelect[Any]:
    """Every trace that a row names: submission_id, name, size [bytes]. One statement, so that it sees one moment: a
    campaign that is published meanwhile swaps names between the two tables."""
    own = select(SceneResult.submission_id, SceneResult.trace.label("name"), SceneResult.trace_bytes.label("size"))
    aside = select(CampaignResult.submission_id, ASIDE_TRACE.label("name"), ASIDE_SIZE.label("size"))
    return union_all(own.where(SceneResult.trace != ""), aside.where(ASIDE_TRACE != ""))
