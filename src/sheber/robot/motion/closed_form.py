"""Closed forms of the inverse kinematics, one object a class of arms.

An arm's description names its class ("ur"); another class is another entry of `CLOSED_FORMS`.
Each closed form numbers its branches; the number of a branch says the arm's configuration, one
bit a choice, the choice that moves the arm most in the highest bit.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sheber.robot.arms import Arm, ArmError
from sheber.robot.motion.spherical import Spherical
from sheber.robot.motion.ur import UR

__all__ = ["CLOSED_FORMS", "ClosedForm", "closed_form"]

Array = NDArray[np.float64]


class ClosedForm(Protocol):
    """What motion asks of a class of arms. T are T_base_flange (n, 4, 4), q are joints (n, 6) rad."""

    @property
    def configurations(self) -> tuple[str, ...]:
        """The name of each branch, in words that a program may give."""
        ...

    @property
    def singularities(self) -> tuple[str, ...]:
        """What the columns of `nearness` are called."""
        ...

    def check(self, arm: Arm) -> None:
        """Raise ArmError if the arm's table is not of this class."""
        ...

    def inverse(self, arm: Arm, T_base_flange: Array) -> Array:
        """All branches (n, branches, 6) in -pi..pi, NaN where a branch does not exist."""
        ...

    def inverse_branch(self, arm: Arm, T_base_flange: Array, branch: int) -> Array:
        """One branch (n, 6) in -pi..pi, NaN where it does not exist."""
        ...

    def branches(self, arm: Arm, q: Array) -> NDArray[np.intp]:
        """The number of the branch (n,) that joints belong to."""
        ...

    def nearness(self, arm: Arm, q: Array) -> Array:
        """How far from each singularity (n, singularities): at 1 Cartesian paths end, 0 is singular."""
        ...


CLOSED_FORMS: dict[str, ClosedForm] = {"ur": UR(), "spherical": Spherical()}


_checked: dict[int, tuple[Arm, ClosedForm]] = {}  # by identity: arms are few, and hashing one costs more than solving


def closed_form(arm: Arm) -> ClosedForm:
    """The closed form that solves this arm; raises ArmError if none does."""
    if id(arm) in _checked:
        return _checked[id(arm)][1]
    if arm.inverse not in CLOSED_FORMS:
        raise ArmError(
            f"the arm {arm.name!r} asks for the closed form {arm.inverse!r}; there are: {', '.join(CLOSED_FORMS)}"
        )
    form = CLOSED_FORMS[arm.inverse]
    form.check(arm)
    _checked[id(arm)] = (arm, form)  # holding the arm keeps its identity its own
    return form
