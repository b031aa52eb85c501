"""Names that a cell has: frames, cameras, the job sheet, inputs and outputs; a wrong name says which exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sheber.client import checks
from sheber.client.errors import NotGiven
from sheber.client.fixed import Fixed
from sheber.client.session import Session

__all__ = ["Inputs", "Named", "Outputs"]

T = TypeVar("T")


class Named(dict[str, T], Generic[T]):
    """A dict whose wrong names raise NotGiven with the names that exist.

    >>> from sheber.client.named import Named
    >>> Named("frame", {"pick": 1, "pallet": 2})["palet"]
    Traceback (most recent call last):
    ...
    sheber.client.errors.NotGiven: there is no frame 'palet' in this cell; there is: pallet, pick
    """

    __slots__ = ("_what",)

    def __init__(self, what: str, values: Mapping[str, T]) -> None:
        super().__init__(values)
        self._what = what

    def __missing__(self, name: Any) -> T:
        raise NotGiven(missing(self._what, name, self))

    if not TYPE_CHECKING:  # with this in sight, a type checker would let every name pass

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(_in_brackets(self._what, name, self), name=name, obj=self)


def _in_brackets(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that was looked for as an attribute."""
    return f"names stand in brackets: [{name!r}], not .{name}" if name in known else missing(what, name, known)


def missing(what: str, name: Any, known: Iterable[str]) -> str:
    """The sentence for a name that does not exist."""
    names = ", ".join(sorted(known))
    return f"there is no {what} {name!r} in this cell; " + (f"there is: {names}" if names else "it has none at all")


class Inputs(Fixed):
    """The digital inputs by name: `cell.inputs["part_present"]` reads the cell once (one tick, 10 ms).

    Wrong names raise NotGiven with the names that exist; `list(cell.inputs)` gives all names.
    """

    __slots__ = ("_names", "_session")

    def __init__(self, session: Session, names: Iterable[str]) -> None:
        self._session = session
        self._names = tuple(names)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(_in_brackets(self._what, name, self._names), name=name, obj=self)

    _what = "digital input"
    _field = "inputs"

    def __getitem__(self, name: str) -> bool:
        self._check(name)
        return bool(self._session.call("state")[self._field][name])

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
    """The digital outputs by name: `cell.outputs["belt"] = True` sets one (one tick); reading tells what is set.

    Wrong names raise NotGiven with the names that exist; values other than True and False raise TypeError.
    """

    __slots__ = ()
    _what = "digital output"
    _field = "outputs"

    def __setitem__(self, name: str, value: bool) -> None:
        self._check(name)
        self._session.call("output", name=name, value=checks.truth(value, f"the output {name}"))
