"""The names of a cell: frames, cameras, the job sheet, inputs and outputs. A wrong name gives a list of the names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sheber.client import checks
from sheber.client.errors import NotGiven, wrong
from sheber.client.fixed import Fixed
from sheber.client.session import Session
from sheber.i18n import Message, Text, message

__all__ = ["ENTRY", "INPUT", "IN_BRACKETS", "LIMIT", "OUTPUT", "Inputs", "Named", "Outputs", "missing"]

NO_SUCH = message("client.no_such", "There is no {what} {name!r} here. These exist: {known}.")
NONE_AT_ALL = message("client.none_at_all", "There is no {what} {name!r} here. None exists.")
IN_BRACKETS = message("client.in_brackets", "Write the name in brackets: [{name!r}], not .{name}")
INPUT = message("client.what_input", "input")
OUTPUT = message("client.what_output", "output")
ENTRY = message("client.what_entry", "entry of the job sheet")
LIMIT = message("client.what_limit", "limit")

T = TypeVar("T")


class Named(dict[str, T], Generic[T]):
    """A dict. A wrong name raises NotGiven, and the message lists the names that exist.

    >>> from sheber.client.named import INPUT, Named
    >>> Named(INPUT, {"pick": 1, "pallet": 2})["palet"]
    Traceback (most recent call last):
    ...
    sheber.client.errors.NotGiven: There is no input 'palet' here. These exist: pallet, pick.
    """

    __slots__ = ("_what",)

    def __init__(self, what: Message, values: Mapping[str, T]) -> None:
        """Take the values by name; `what`: the word for one of them."""
        super().__init__(values)
        self._what = what

    def __missing__(self, name: Any) -> T:
        raise NotGiven(missing(self._what, name, self))

    if not TYPE_CHECKING:  # with this in sight, a type checker would let every name pass

        def __getattr__(self, name: str) -> Any:
            raise wrong(AttributeError, _in_brackets(self._what, name, self), name=name, obj=self)


def _in_brackets(what: Message, name: str, known: Iterable[str]) -> Text:
    """The sentence for a name that was looked for as an attribute."""
    return IN_BRACKETS(name=name) if name in known else missing(what, name, known)


def missing(what: Message, name: Any, known: Iterable[str]) -> Text:
    """The sentence for a name that does not exist."""
    names = sorted(known)
    if not names:
        return NONE_AT_ALL(what=what(), name=str(name))
    return NO_SUCH(what=what(), name=str(name), known=names)


class Inputs(Fixed):
    """The inputs by name: `cell.inputs["part_present"]` reads the cell once (one tick, 10 ms).

    A digital input is True or False. An analog input is a number, and `units` has its unit. A wrong name raises
    NotGiven, and the message lists the names that exist. `list(cell.inputs)` gives all names.
    """

    __slots__ = ("_names", "_session", "_units")
    _what: ClassVar[Message] = INPUT
    _field: ClassVar[str] = "inputs"

    def __init__(self, session: Session, names: Iterable[str], units: Mapping[str, str] | None = None) -> None:
        """Take the names of all signals, and the units of those that are numbers."""
        self._session = session
        self._names = tuple(names)
        self._units = dict(units or {})

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise wrong(AttributeError, _in_brackets(self._what, name, self._names), name=name, obj=self)

    @property
    def units(self) -> dict[str, str]:
        """The unit of each analog signal by its name. Digital signals are not in it.

        >>> cell.inputs.units
        {}
        """
        return dict(self._units)

    def __getitem__(self, name: str) -> bool | float:
        self._check(name)
        value = self._session.call("state")[self._field][name]
        return float(value) if name in self._units else bool(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._names)})"

    def _check(self, name: Any) -> None:
        if name not in self._names:
            raise NotGiven(missing(self._what, name, self._names))


class Outputs(Inputs):
    """The outputs by name: `cell.outputs["belt"] = True` sets one (one tick), `cell.outputs["belt"]` reads it.

    A digital output takes True or False. An analog output takes a number in its unit. Other values raise TypeError or
    ValueError. A wrong name raises NotGiven, and the message lists the names that exist.
    """

    __slots__ = ()
    _what = OUTPUT
    _field = "outputs"

    def __setitem__(self, name: str, value: bool | float) -> None:
        self._check(name)
        unit = self._units.get(name)
        checked = checks.truth(value, name) if unit is None else checks.number(value, name, unit)
        self._session.call("output", name=name, value=checked)
