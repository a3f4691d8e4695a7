"""Who does the work of a run: this process, others of this machine, or a Ray cluster."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.core.records import Pair
from srbench.core.versions import versions
from srbench.runs.execute import Work, choose_workers, execute, one_thread, prepare
from srbench.runs.job import Job
from srbench.runs.on_ray import Cluster
from srbench.runs.tasks import Group


@dataclass(frozen=True)
class Crew:
    """Processes that do the work of a job on so many images, of which some may be done already."""

    job: Job
    images: int
    cluster: Cluster

    def get_ready(self) -> None:
        """Has processes of this machine get ready, while this one goes on."""
        prepare(workers=self._workers(self.images), executor=self.job.executor, apart=self.job.apart)

    def do(self, work: Work[Group], groups: Sequence[Group]) -> Generator[tuple[Group, Any], None, None]:
        """Yields each group with its results, in order of completion; see `execute`."""
        return execute(
            work,
            groups,
            workers=self._workers(len(groups)),
            executor=self.job.executor,
            cluster=self.cluster,
            device=self.job.runtime.device,
            apart=self.job.apart,
            limits=self.job.limits,
        )

    def _workers(self, tasks: int) -> int:
        if self.job.executor == "ray":
            return self.job.workers  # how much room a cluster has may change
        return choose_workers(self.job.workers, tasks, self.job.runtime.device)


@contextmanager
def crew_of(job: Job, pairs: Sequence[Pair]) -> Iterator[Crew | None]:
    """Those who do a job's work on these pairs, None where this process does, which then has one thread."""
    if job.executor == "ray":
        yield Crew(job, len(pairs), _cluster(job, pairs))
        return
    with one_thread():
        alone = not job.apart and choose_workers(job.workers, len(pairs), job.runtime.device) == 1
        yield None if alone else Crew(job, len(pairs), Cluster())


def _cluster(job: Job, pairs: Sequence[Pair]) -> Cluster:
    folders = dict.fromkeys(pair.reference.parent.absolute() for pair in pairs)
    return Cluster(job.address, (Path.cwd(), job.out.absolute(), *folders), tuple(versions().items()))
