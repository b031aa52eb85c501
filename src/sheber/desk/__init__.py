"""Desk: the conversation of every station with its program: requests become commands, and what they give replies.

A station brings its closed set of commands and a function that carries them out. What is the same for all of them is
here: strict decoding, the order of commands, refusals in words, notes and pictures of the program.
"""

from sheber.desk.desk import Decoder, Desk, name_of
from sheber.desk.errors import CommandError, missing
from sheber.desk.fields import Command, Line, Name, NotNegative, Number, Positive
from sheber.desk.remarks import REMARKS, Connect, Note, Remarked, Show, Slept, remark
from sheber.desk.reply import Reply

__all__ = [
    "REMARKS",
    "Command",
    "CommandError",
    "Connect",
    "Decoder",
    "Desk",
    "Line",
    "Name",
    "NotNegative",
    "Note",
    "Number",
    "Positive",
    "Remarked",
    "Reply",
    "Show",
    "Slept",
    "missing",
    "name_of",
    "remark",
]
