"""How the C library keeps memory for the daemon: little of it, and given back.

By default glibc learns from one large mail to keep blocks of that size for ever, and gives each
thread an arena of its own. Nothing happens where the C library is another one.
"""

from __future__ import annotations

import ctypes

# malloc.h; see mallopt(3)
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

_LARGE = 1 << 20  # bytes; larger blocks are the system's again as soon as they are free
_ARENAS = 2


def give_back_large_blocks() -> bool:
    """Let blocks of more than a megabyte go back to the system when they are freed.

    Call it before threads are started. Returns whether the C library knows how.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = {_M_MMAP_THRESHOLD: _LARGE, _M_TRIM_THRESHOLD: _LARGE, _M_ARENA_MAX: _ARENAS}
    done = [bool(mallopt(option, value)) for option, value in wanted.items()]
    return all(done)
