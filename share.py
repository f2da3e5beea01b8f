"""Write a web page in which trained mice walk: one HTML file that works from the disk and on any static host.

python share.py checkpoint=checkpoints/corner-seed3.safetensors out=mouse.html       one mouse
python share.py 'checkpoint=[checkpoints/corner-seed3.safetensors,checkpoints/anywhere-seed0.safetensors]'    two mice
"""

import sys
from dataclasses import dataclass
from typing import Any

from foundation.command import run_command
from foundation.errors import InputError
from foundation.settings import as_list, setting


@dataclass
class ShareConfig:
    checkpoint: Any = setting("", "trained mice: a .safetensors file, a glob pattern, or a list; three mice at most")
    out: str = setting("mouse.html", "the HTML file to write")


def run(config: ShareConfig) -> None:
    """Write the page of the mice that the settings name."""
    # torch takes seconds to import, and --help does not need it.
    import os
    from pathlib import Path

    from agents.mouse import load_mice
    from foundation.files import write_atomically
    from web.page import build_page

    if not config.checkpoint:
        raise InputError("no checkpoint given; expected checkpoint=FILE.safetensors, a mouse that train.py wrote")
    if not config.out:
        raise InputError("no page given; expected out=FILE.html")
    out = Path(config.out)
    if os.path.isdir(out):
        raise InputError(f"out={config.out} is a folder; expected out=FILE.html")
    page = build_page(load_mice(as_list(config.checkpoint))).encode()
    write_atomically(out, page)
    print(f"{len(page) / 1e6:.2f} MB → {config.out}")


def main(arguments: list[str]) -> None:
    run_command("share.py", __doc__, ShareConfig(), run, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
