"""Errors of the judge, sorted by who must act."""

__all__ = ["JudgeError", "ProgramError", "SandboxError", "SystemFault", "TooLong"]


class JudgeError(Exception):
    """The judge cannot do what was asked; its text is the whole message for people."""


class ProgramError(JudgeError):
    """The student: the program's file cannot be taken as it is."""


class SandboxError(JudgeError):
    """The operator: a box could not be made or locked. Never the program's fault."""


class SystemFault(JudgeError):
    """The operator: the judge itself failed. Never the program's fault, and never a zero."""


class TooLong(SystemFault):
    """The operator or the author: a scene was not judged within its time. The program has limits of its own."""
