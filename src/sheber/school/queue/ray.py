"""Ray: scenes are judged on several machines of a Ray cluster. The queue stays ours; Ray only runs.

    pip install 'sheberkhana[cluster]';  sheber work --executor ray --address …

Theory of operation. Each processor core of each machine gets one actor, bound to that machine, and each actor has a
pool with one place. So a scene is judged exactly as on this machine, with the same limits, and all that runs for it is
killed when its actor is. A machine is used only where scenes have the same bits: its class of processor and the
versions of what the numbers depend on are compared with ours first. One without a sandbox is refused too. The folder of
an exercise travels by content and is opened again there; the trace comes back as bytes.

A machine that is lost takes its actors with it. What they judged ends with `MachineTrouble`, so the queue tries it
again, elsewhere; and machines that join later are found.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sheber.exercises import Exercise
from sheber.i18n import _
from sheber.judge.errors import SystemFault
from sheber.school.errors import Refused
from sheber.school.queue.away import Bench, Parcel, exercise_files, this_site
from sheber.school.queue.executor import Ended, Judged, MachineTrouble, Work
from sheber.trace import TraceWriteError
from sheber.untrusted import write_whole

__all__ = ["RayExecutor"]

LOOK_S: Final = 5.0  # between looks at the machines of the cluster [s]


@dataclass
class _Machine:
    """A node of the cluster, and our actors on it."""

    actors: list[Any]
    sites: list[Any]  # references to what the actors say of themselves, until they have said it
    refused: str = ""
    free: list[Any] = field(default_factory=list)


class RayExecutor:
    """The machines of a Ray cluster."""

    name = "ray"

    def __init__(self, address: str = "auto", variables: Mapping[str, str] | None = None) -> None:
        """Join a cluster. variables: of the environment of its processes. Raises Refused where Ray or the cluster is
        not there."""
        self._ray = _joined(address, variables or {})
        self._ours = this_site()
        self._machines: dict[str, _Machine] = {}
        self._running: dict[Any, tuple[Work, Any, _Machine]] = {}  # by the reference of Ray: work, actor, machine
        self._waiting: list[Work] = []
        self._files: dict[str, Any] = {}
        self._next_look = 0.0

    @property
    def level(self) -> str:
        """Of this machine; each of the others is asked for its own."""
        return self._ours.level

    @property
    def places(self) -> int:
        """Places of the machines that were accepted."""
        self._look()
        accepted = [machine for machine in self._machines.values() if not machine.refused and not machine.sites]
        return sum(len(machine.actors) for machine in accepted)

    @property
    def refused(self) -> dict[str, str]:
        """Machines that cannot judge for us, and why."""
        return {id_: machine.refused for id_, machine in self._machines.items() if machine.refused}

    def start(self, work: Work) -> None:
        """Give a work to a free actor, or keep it until there is one."""
        self._waiting.append(work)
        self._assign()

    def endings(self, wait_s: float) -> list[Ended]:
        """What has ended. A trace is written here, into the file of its work."""
        self._look()
        self._assign()
        if not self._running:
            time.sleep(wait_s)
            return []
        done = self._ray.wait(list(self._running), num_returns=1, timeout=wait_s)[0]
        more = [one for one in self._running if one not in done]
        if done and more:
            done += self._ray.wait(more, num_returns=len(more), timeout=0.0)[0]
        found = [self._ending(one) for one in done]
        self._assign()
        return found

    def cancel(self, id: int) -> None:  # noqa: A002
        """Kill the actor, and with it the run and its box; another actor takes its place."""
        self._waiting = [work for work in self._waiting if work.id != id]
        for reference, (work, actor, machine) in list(self._running.items()):
            if work.id == id:
                del self._running[reference]
                self._replace(actor, machine)

    def close(self) -> None:
        """Kill our actors and leave the cluster."""
        self._waiting.clear()
        self._running.clear()
        for machine in self._machines.values():
            for actor in machine.actors:
                self._kill(actor)
        self._machines.clear()
        self._ray.shutdown()

    # --- machines ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """Find machines that have come or gone, and hear what new ones say of themselves."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_S
            alive = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
            for id_ in self._machines.keys() - alive.keys():
                self._machines.pop(id_)  # what it judged is told by its references
            for id_ in alive.keys() - self._machines.keys():
                self._greet(id_, int(alive[id_]["Resources"].get("CPU", 0)))
        for machine in self._machines.values():
            if machine.sites:
                self._hear(machine)

    def _greet(self, id_: str, cores: int) -> None:
        actors = [self._actor(id_) for _core in range(cores)]
        self._machines[id_] = _Machine(actors, [actor.site.remote() for actor in actors[:1]])

    def _hear(self, machine: _Machine) -> None:
        """Accept a machine, or refuse it in words."""
        if not self._ray.wait(machine.sites, timeout=0.0)[0]:
            return
        try:
            machine.refused = self._ray.get(machine.sites[0]).refusal(self._ours)
        except Exception as error:  # Ray has many for a process that could not start
            machine.refused = str(error).splitlines()[0]
        machine.sites.clear()
        if machine.refused:
            for actor in machine.actors:
                self._kill(actor)
            machine.actors.clear()
        machine.free = list(machine.actors)

    def _actor(self, node: str) -> Any:
        strategy = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        bench = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Bench)
        return bench.options(scheduling_strategy=strategy).remote()

    def _replace(self, actor: Any, machine: _Machine) -> None:
        """Kill an actor and start another on the same machine, where that is still there."""
        self._kill(actor)
        id_ = next((id_ for id_, one in self._machines.items() if one is machine), None)
        with contextlib.suppress(ValueError):
            machine.actors.remove(actor)
        if id_ is not None:
            machine.actors.append(self._actor(id_))
            machine.free.append(machine.actors[-1])

    def _kill(self, actor: Any) -> None:
        with contextlib.suppress(Exception):  # it has gone already, or its machine has
            self._ray.kill(actor)

    # --- works ------------------------------------------------------------------------------------

    def _assign(self) -> None:
        for machine in self._machines.values():
            while self._waiting and machine.free:
                work, actor = self._waiting.pop(0), machine.free.pop()
                files = self._shipped(work.exercise)
                self._running[actor.judge.remote(_parcel(work), files)] = (work, actor, machine)

    def _shipped(self, exercise: Exercise) -> Any:
        """The reference to an exercise's files, which Ray carries to each machine once."""
        if exercise.sha256 not in self._files:
            self._files[exercise.sha256] = self._ray.put(exercise_files(exercise))
        return self._files[exercise.sha256]

    def _ending(self, reference: Any) -> Ended:
        work, actor, machine = self._running.pop(reference)
        try:
            judged, trace = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            machine.free.append(actor)
            return Ended(work.id, _cause(error))
        except self._ray.exceptions.RayError as error:  # its process or its machine was lost
            self._replace(actor, machine)
            return Ended(work.id, MachineTrouble(str(error).splitlines()[0]))
        machine.free.append(actor)
        return Ended(work.id, _written(work, judged, trace))


def _written(work: Work, judged: Judged, trace: bytes) -> Judged | TraceWriteError:
    try:
        write_whole(work.file, trace)
    except OSError as error:
        text = _("The trace {path} cannot be written: {why}.")
        return TraceWriteError(text.format(path=work.file, why=error.strerror))
    return judged


def _parcel(work: Work) -> Parcel:
    exercise = work.exercise
    own = dict(exercise.own)
    return Parcel(exercise.sha256, own, work.program, work.seed, work.scene, work.language, work.limit_s)


def _cause(error: Any) -> Exception:
    """The error of the pool that an actor raised."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else SystemFault(str(error).splitlines()[-1])


def _joined(address: str, variables: Mapping[str, str]) -> Any:
    """Ray, connected. It sends nothing to its makers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError as error:
        text = _("Ray is not installed. Install it: pip install 'sheberkhana[cluster]'.")
        raise Refused(text, "executor") from error
    try:
        ray.init(
            address=address,
            runtime_env={"env_vars": dict(variables)} if variables else None,
            log_to_driver=False,
            logging_level=logging.WARNING,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        text = _("The Ray cluster at {address} does not answer: {why}.")
        raise Refused(text.format(address=address, why=str(error).splitlines()[0]), "address") from error
    return ray
