"""A module that needs much memory only to be imported, as models do."""

HELD = bytearray(b"x") * (400 << 20)


def echo(value: str) -> str:
    import time

    time.sleep(60)
    return value
