"""Bodies: what people call the bodies of a cell."""

from __future__ import annotations

from sheber.i18n import Text, message

__all__ = ["called"]

OTHER = message("body.other", "the {name}")
KNOWN = {
    "base": message("body.base", "the base of the arm"),
    "shoulder": message("body.shoulder", "the shoulder"),
    "upper_arm": message("body.upper_arm", "the upper arm"),
    "forearm": message("body.forearm", "the forearm"),
    "wrist_1": message("body.wrist_1", "wrist 1"),
    "wrist_2": message("body.wrist_2", "wrist 2"),
    "wrist_3": message("body.wrist_3", "wrist 3"),
    "tool": message("body.tool", "the tool"),
    "tool_adapter": message("body.tool_adapter", "the adapter of the tool"),
    "finger_left": message("body.finger_left", "the left finger of the gripper"),
    "finger_right": message("body.finger_right", "the right finger of the gripper"),
    "table": message("body.table", "the table"),
    "floor": message("body.floor", "the floor"),
}
"""Bodies that every cell may have; the names of others are the exercise's."""


def called(body: str) -> Text | str:
    """A body as people call it within a sentence: "the forearm", "the wall", but "box 2"."""
    if body in KNOWN:
        return KNOWN[body]()
    name = body.replace("_", " ")
    return name if name[-1:].isdigit() else OTHER(name=name)
