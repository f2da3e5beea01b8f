"""A setting of glibc's allocator: keep freed memory.

By default glibc returns large blocks to the system and requests them again, zeroed page by page, at every layer of
every minibatch. The setting is process-wide, so scripts set it; importing this module does not.
"""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h


def keep_freed_memory() -> None:
    """Serve large blocks from the heap and never trim it; does nothing if the C library is not glibc."""
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, -1)
