"""Report: a score and a trace made readable for one reader. Pure: the same in gives the same out."""

from sheber.judge.report.page import overview, report

__all__ = ["overview", "report"]
