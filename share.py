"""Write a page in which trained mice walk in the browser: one file, to open or to put on any static host.

python share.py checkpoint=checkpoints/corner-seed0.safetensors out=mouse.html
python share.py 'checkpoint=[checkpoints/corner-seed0.safetensors,checkpoints/anywhere-seed0.safetensors]' out=mice.html
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.checkpoint import load_mouse, write_atomically
from agents.config import setting
from agents.console import describe, one_line_errors, read_settings
from web.page import build_page


@dataclass
class ShareConfig:
    checkpoint: Any = setting("", "the trained mouse, a .safetensors file; [a,b] or [a,b,c] on one page")
    out: str = setting("mouse.html", "the page")


def main(arguments: list[str]) -> None:
    if {"-h", "--help"} & set(arguments):
        print(__doc__, describe(ShareConfig()), sep="\n")
        return
    with one_line_errors("share.py"):
        config = read_settings(ShareConfig(), arguments)
        paths = config.checkpoint if isinstance(config.checkpoint, list) else [config.checkpoint]
        if not all(paths) or not paths:
            raise ValueError("no checkpoint given; expected checkpoint=FILE.safetensors, a mouse that train.py wrote")
        if not config.out:
            raise ValueError("no page given; expected out=FILE.html")
        page, out = build_page([load_mouse(str(path)) for path in paths]).encode(), Path(config.out)
        write_atomically(out, page)
        print(f"{len(page) / 1e6:.2f} MB → {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
