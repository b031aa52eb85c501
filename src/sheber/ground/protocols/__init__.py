"""Live protocols of a ground station: rotctld and rigctld, without input and output but for one file. For practice."""

from sheber.ground.protocols.answering import CLOSED, Closed, Server
from sheber.ground.protocols.asking import Conversation, Reply
from sheber.ground.protocols.language import Code, Command, Language, PeerError, ProtocolError
from sheber.ground.protocols.radio import RADIO, Radio, radio_server
from sheber.ground.protocols.reader import NEED_DATA, NeedData, Refused, Request, RequestReader
from sheber.ground.protocols.rotator import ROTATOR, rotator_server

__all__ = [
    "CLOSED",
    "NEED_DATA",
    "RADIO",
    "ROTATOR",
    "Closed",
    "Code",
    "Command",
    "Conversation",
    "Language",
    "NeedData",
    "PeerError",
    "ProtocolError",
    "Radio",
    "Refused",
    "Reply",
    "Request",
    "RequestReader",
    "Server",
    "radio_server",
    "rotator_server",
]
