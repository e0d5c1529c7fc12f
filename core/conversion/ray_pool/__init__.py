"""A pool of slots on a Ray cluster: other machines convert, this one gives and takes.

    RayPool ──pipe──► driver (a process of ours, connected to the cluster) ──Ray──► actor ──pipe──► function
                      the line of calls, one slot for each actor                    on any node, one process each

pool.py     `RayPool`                                link.py   its end of the driver process
driver.py   the process connected to the cluster     line.py   the calls that wait there
slot.py     one actor's calls, and getting it back   actor.py  what runs on a node
cluster.py  Ray itself: its only importer
"""

from core.conversion.ray_pool.pool import RayPool

__all__ = ["RayPool"]
