"""All generic concurrency of the project: a queue, its workers, and ways to run coroutines side by side.

queue.py     `WorkQueue`: bounded, prioritised, self-closing
lanes.py     what waits in a queue, and which of it may come out now
workers.py   `work`: a fixed number of workers over a queue, one `WorkerResult` for each item
tasks.py     `together` and `as_generator`: the only places that start tasks
threads.py   from another thread onto the event loop
"""

from core.streaming.lanes import Lane
from core.streaming.queue import QueueStats, WorkQueue
from core.streaming.tasks import as_generator, together
from core.streaming.workers import Retry, WorkerResult, work

__all__ = ["Lane", "QueueStats", "Retry", "WorkQueue", "WorkerResult", "as_generator", "together", "work"]
