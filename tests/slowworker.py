"""A module that takes its time to import, as a model does."""

import time

time.sleep(1.0)


def echo(value: str) -> str:
    return value
