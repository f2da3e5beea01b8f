"""The command ``cheesemaze`` of an installed wheel: ``cheesemaze train seed=1`` is ``python train.py seed=1``."""

import runpy
import sys
from pathlib import Path

COMMANDS = {
    "train": "train a mouse",
    "evaluate": "evaluate trained mice with the cheese moved",
    "watch": "watch a mouse in a window",
    "interpret": "look inside the network of mice",
    "share": "write a web page in which mice walk",
    "import_weights": "make a mouse of a published network",
}


def main() -> None:
    name, *arguments = sys.argv[1:] or ["--help"]
    if name not in COMMANDS:
        lines = "\n".join(f"  cheesemaze {command:16} {meaning}" for command, meaning in COMMANDS.items())
        usage = f"usage: cheesemaze COMMAND [key=value …]; each command has --help\n\n{lines}"
        if name in ("-h", "--help"):
            print(usage)
            return
        print(f"cheesemaze: unknown command {name!r}; expected {', '.join(COMMANDS)}", file=sys.stderr)
        raise SystemExit(2)
    script = Path(__file__).with_name(f"{name}.py")
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
