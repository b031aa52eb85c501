"""Allowed: in which range a number that a teacher may change makes sense, in words. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from sheber.i18n import _

__all__ = ["Allowed", "Choice"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several names: an arm, a lamp."""

    names: tuple[str, ...]
    title: str = ""  # what is chosen, for a form: "Model of the arm", marked with N_

    def words(self) -> str:
        """What may stand in the file."""
        return _("one of {names}").format(names=", ".join(f'"{name}"' for name in self.names))

    def fits(self, value: object) -> bool:
        """Whether `value` is such a name."""
        return isinstance(value, str) and value in self.names


@dataclass(frozen=True, slots=True)
class Allowed:
    """The range of one number of an exercise, or of both ends of a tolerance or of a pair."""

    low: float
    high: float
    unit: str = ""  # for words; SI unless it says otherwise
    whole: bool = False
    ramp: bool = False  # a tolerance: { full = ..., zero = ..., unit = "..." }
    pair: bool = False  # [lowest, highest], of what is drawn by seed
    more: bool = False  # of a tolerance: more is better, so that `full` is the larger end
    title: str = ""  # what the number is, for a form: "Mass of a box", marked with N_
    usual: tuple[float, float] | None = None  # of a pair: what holds where a file leaves it out; None: it must be there

    def words(self) -> str:
        """What may stand in the file."""
        kind = _("a whole number") if self.whole else _("a number")
        low, high = (f"{end:d}" if isinstance(end, int) else f"{end:g}" for end in (self.low, self.high))
        text = _("{kind} from {low} to {high} {unit}").format(kind=kind, low=low, high=high, unit=self.unit)
        if self.ramp:
            order = _("full greater than zero") if self.more else _("full less than zero")
            words = _('{{ full = ..., zero = ..., unit = "{unit}" }}, {order}, each {text}')
            return words.format(unit=self.unit, order=order, text=text.strip())
        if self.pair:
            return _("[lowest, highest], each {text}").format(text=text.strip())
        return text.strip()

    def fits(self, value: object) -> bool:
        """Whether `value` is such a number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (isinstance(value, int) or not self.whole) and self.low <= value <= self.high
