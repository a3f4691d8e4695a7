"""The same tasks on a Ray cluster: one actor per core or GPU, which holds the methods and metric models.

Each actor has one task at a time, so that nothing piles up; one that dies, hangs or outgrows its limits is
replaced, and what it was at is tried once more elsewhere, as in `workers`. Results come back to the process
that called, which alone writes the store.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from srbench.core.records import UserError
from srbench.core.text import first_line
from srbench.runs.ray_steps import Steps
from srbench.runs.tasks import Divisible, Note, Retries, Step
from srbench.runs.workers import THREADS, Answer, Limits, answer, cores, resident

Task = TypeVar("Task", bound=Divisible)
Work = Callable[[Iterable[Task], Note], Iterator[Any]]

_PULSE = 0.2  # seconds between looks at the clocks
_ASKED_AGAIN = 5
_UNANSWERED = 10.0  # seconds
_LOOK_AROUND = 5.0  # seconds between looks at the size of the cluster


@dataclass(frozen=True)
class Cluster:
    """Where Ray runs: an address as `ray.init` takes it, or empty for nodes of this machine alone.

    All nodes must see `folders`, of which the first is worked in, under these paths, and have `versions`.
    """

    address: str = ""
    folders: tuple[Path, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()


def on_ray(
    work: Work[Task],
    tasks: Sequence[Task],
    *,
    cluster: Cluster,
    workers: int,
    device: str,
    limits: Limits,
) -> Iterator[tuple[Task, Any]]:
    """Yields each task with its result, in order of completion; `workers` 0 fills the cluster.

    `UserError` where there is no such cluster, or a node has other versions or does not see the files.
    """
    ray = _connected(cluster, workers)
    waiting = deque(tasks)
    retries: Retries[Task] = Retries()
    team = _Team(ray, work, cluster, device, limits)
    try:
        while waiting or team.busy():
            while waiting and (member := team.free(workers)) is not None:
                team.give(member, retries.prepared(waiting.popleft()))
            for member in team.finished():
                task, found = member.take()
                if isinstance(found, Answer):
                    result = found.result()
                    retries.succeeded(task.good(result))
                    yield task, result
                else:
                    waiting.extend(retries.again(task, *team.without(member, found)))
            for member, exceeded in team.exceeding():
                task = member.task
                waiting.extend(retries.again(task, *team.without(member, exceeded)))
            if not waiting:
                waiting.extend(team.reclaimed())
    except ray.exceptions.RayError as error:
        raise UserError(
            f"the Ray cluster is lost ({first_line(error)}); what was done is kept, and the same command "
            "goes on from there"
        ) from None
    finally:
        team.end()
        ray.shutdown()


def _connected(cluster: Cluster, workers: int) -> Any:
    try:
        import ray
    except ImportError:
        raise UserError("--executor ray needs Ray: pip install 'srbench[ray]'") from None
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    options: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": "error",
        # Sums depend on the number of threads, and several processes' threads would fight for the cores.
        "runtime_env": {"env_vars": dict.fromkeys(THREADS, "1")},
    }
    local: dict[str, Any] = {"num_cpus": workers or cores(), "include_dashboard": False}
    before = signal.getsignal(signal.SIGTERM)
    try:
        _knock(cluster.address)
        ray.init(**options, **({"address": cluster.address} if cluster.address else local))
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise UserError(
            f"no Ray cluster at {cluster.address or 'this machine'} ({error}); see docs/cluster.md"
        ) from None
    signal.signal(signal.SIGTERM, before)  # Ray ends the process, and the tables would not be written
    return ray


def _knock(address: str) -> None:
    """`OSError` where nobody listens: Ray would go on asking for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_UNANSWERED).close()


class _Actor:
    """Does tasks on its node; what `work` opens stays open in its process."""

    def __init__(self, number: int, steps: Any, work: Work[Any], cluster: Cluster, memory: int) -> None:
        self._number, self._steps, self._work = number, steps, work
        self._unfit = _unfit(cluster)
        if cluster.folders and not self._unfit:
            os.chdir(cluster.folders[0])
        if memory:
            threading.Thread(target=self._watch, args=(memory,), daemon=True).start()

    def do(self, task: Any) -> Answer:
        if self._unfit:
            return Answer(error=UserError(self._unfit))
        return answer(self._work, task, self._note)

    def _note(self, step: Step) -> None:
        import ray

        ray.get(self._steps.note.remote(self._number, step))  # it must be known before the step begins

    def _watch(self, memory: int) -> None:
        import ray

        while not (reason := Limits(memory=memory).exceeded(0, resident(os.getpid()))):
            time.sleep(_PULSE)
        ray.get(self._steps.last_words.remote(self._number, reason))
        os._exit(1)


def _unfit(cluster: Cluster) -> str:
    """Why this node cannot take part; empty where it can."""
    from srbench.core.versions import versions

    here, name = versions(), os.uname().nodename
    for package, version in cluster.versions:
        if here.get(package) != version:
            return f"the node {name} has {package} {here.get(package)}, not {version}: numbers could differ"
    unseen = next((folder for folder in cluster.folders if not folder.is_dir()), None)
    return f"the node {name} does not see {unseen}; all nodes must share a run's folders" if unseen else ""


class _Member(Generic[Task]):
    """An actor, as the caller sees it, and its task."""

    def __init__(self, number: int, actor: Any) -> None:
        self.number, self.actor = number, actor
        self._task: Task | None = None
        self.answer: Any = None

    @property
    def task(self) -> Task:
        """The task that it has."""
        assert self._task is not None
        return self._task

    def give(self, task: Task) -> None:
        """Has the actor do a task."""
        self._task, self.answer = task, self.actor.do.remote(task)

    def take(self) -> tuple[Task, Answer | str]:
        """Its task and the answer, or why there is none."""
        import ray

        task, self._task, reference = self.task, None, self.answer
        self.answer = None
        try:
            return task, ray.get(reference)
        except ray.exceptions.RayError:
            return task, "ended its process or lost its node"


class _Team(Generic[Task]):
    """The actors; as many as there is room for."""

    def __init__(self, ray: Any, work: Work[Task], cluster: Cluster, device: str, limits: Limits) -> None:
        self._ray, self._limits, self._device = ray, limits, device
        # Asked again where the connection to it breaks: to note a step twice does no harm.
        steps = ray.remote(num_cpus=0, max_task_retries=_ASKED_AGAIN)(Steps)
        self._steps = steps.options(scheduling_strategy=_here(ray)).remote()
        needs: dict[str, Any] = {"num_cpus": 1, "num_gpus": int(device.startswith("cuda"))}
        if limits.memory:
            needs["memory"] = limits.memory
        made = ray.remote(**needs)(_Actor)
        self._make = lambda number: made.remote(number, self._steps, work, cluster, limits.memory)
        self._members: list[_Member[Task]] = []
        self._made = 0
        self._room, self._looked = 0, -math.inf

    def busy(self) -> list[_Member[Task]]:
        """Those that have a task."""
        return [member for member in self._members if member.answer is not None]

    def free(self, most: int) -> _Member[Task] | None:
        """One without a task, a new one where there is room."""
        for member in self._members:
            if member.answer is None:
                return member
        if len(self._members) >= (most or self._places()):
            return None
        self._members.append(_Member(self._made, self._make(self._made)))
        self._made += 1
        return self._members[-1]

    def give(self, member: _Member[Task], task: Task) -> None:
        """Has a member do a task."""
        self._ray.get(self._steps.given.remote(member.number, Step(task.label, "")))
        member.give(task)

    def finished(self) -> list[_Member[Task]]:
        """Those whose answer has come, or never will; waits a little."""
        by_answer = {member.answer: member for member in self.busy()}
        if not by_answer:
            return []
        ready, _ = self._ray.wait(list(by_answer), num_returns=len(by_answer), timeout=_PULSE)
        return [by_answer[reference] for reference in ready]

    def exceeding(self) -> list[tuple[_Member[Task], str]]:
        """Those whose step takes too long, with the reason."""
        at = self._ray.get(self._steps.all.remote())
        found = []
        for member in self.busy():
            if reason := self._limits.exceeded(at[member.number][1], 0):
                found.append((member, reason))
        return found

    def reclaimed(self) -> list[Task]:
        """Tasks of members that wait for a place in the cluster while others have nothing to do."""
        idle = sum(member.answer is None for member in self._members)
        at = self._ray.get(self._steps.all.remote()) if idle else {}
        unplaced = [member for member in self.busy() if idle and at[member.number][1] == -math.inf]
        tasks = [member.task for member in unplaced[:idle]]
        for member in unplaced[:idle]:
            self.without(member, "")
        return tasks

    def without(self, member: _Member[Task], reason: str) -> tuple[Step, str]:
        """Ends a member; the step that it was at, and why it ended (what it said itself, if it did)."""
        at = self._ray.get(self._steps.all.remote())
        step, _, words = at[member.number]
        self._ray.kill(member.actor)
        self._members.remove(member)
        self._looked = -math.inf  # its node may have gone with it
        return step, words or reason

    def end(self) -> None:
        """Ends all at once."""
        for member in self._members:
            self._ray.kill(member.actor)
        self._members.clear()

    def _places(self) -> int:
        if time.monotonic() - self._looked > _LOOK_AROUND:
            kind = "GPU" if self._device.startswith("cuda") else "CPU"
            self._room = max(1, int(self._ray.cluster_resources().get(kind, 1)))
            self._looked = time.monotonic()
        return self._room


def _here(ray: Any) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
