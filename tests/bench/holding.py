"""A function that is called in a process of its own."""


def hold(mib: int) -> int:
    if mib < 0:
        raise ValueError("no such size")
    return len(b"x" * mib * 2**20) // 2**20
