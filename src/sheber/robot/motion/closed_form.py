"""Closed forms of the inverse kinematics, one object a class of arms.

An arm's description names its class ("ur"); another class is another entry of `CLOSED_FORMS`. The forms speak of
theta, the angles of the table, and of the maker's base; before the form of an arm whose joints count otherwise, or
that does not stand in the cell's origin, stands `_AsMounted`.
Each closed form numbers its branches; the number of a branch says the arm's configuration, one
bit a choice, the choice that moves the arm most in the highest bit.
"""

from __future__ import annotations

import math
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

    def stretched(self, arm: Arm) -> float:
        """Joint 3 [rad] of the stretched arm, -pi..pi; the elbow is singular there and half a turn from there."""
        ...


class _AsMounted:
    """A closed form for an arm whose joints are not the theta of its table (theta = direction * q + offset), or that
    stands elsewhere than in the origin of the base frame."""

    def __init__(self, form: ClosedForm) -> None:
        self._form = form
        self.configurations, self.singularities = form.configurations, form.singularities
        self.check = form.check

    def inverse(self, arm: Arm, T_base_flange: Array) -> Array:
        """See `ClosedForm`."""
        return _joints(arm, self._form.inverse(arm, _from_foot(arm, T_base_flange)))

    def inverse_branch(self, arm: Arm, T_base_flange: Array, branch: int) -> Array:
        """See `ClosedForm`."""
        return _joints(arm, self._form.inverse_branch(arm, _from_foot(arm, T_base_flange), branch))

    def branches(self, arm: Arm, q: Array) -> NDArray[np.intp]:
        """See `ClosedForm`."""
        return self._form.branches(arm, arm.directions * q + arm.offsets)

    def nearness(self, arm: Arm, q: Array) -> Array:
        """See `ClosedForm`."""
        return self._form.nearness(arm, arm.directions * q + arm.offsets)

    def stretched(self, arm: Arm) -> float:
        """See `ClosedForm`."""
        theta = self._form.stretched(arm)
        return float(_joints(arm, np.array([0.0, 0.0, theta, 0.0, 0.0, 0.0]))[2])


def _from_foot(arm: Arm, T_base_flange: Array) -> Array:
    """T_foot_flange (n, 4, 4): the same poses from the maker's base."""
    T_foot_flange = T_base_flange.copy()
    T_foot_flange[:, :3, 3] -= arm.foot
    return T_foot_flange


def _joints(arm: Arm, theta: Array) -> Array:
    """Joints (..., n) in -pi..pi of the angles of the table."""
    q: Array = arm.directions * (theta - arm.offsets)
    q -= 2.0 * math.pi * np.rint(q / (2.0 * math.pi))
    return q


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
    if arm.offsets.any() or (arm.directions < 0.0).any() or any(arm.foot):
        form = _AsMounted(form)
    _checked[id(arm)] = (arm, form)  # holding the arm keeps its identity its own
    return form
