"""One HTML file in which trained mice walk in a browser, with their networks, mazes and numbers. It works offline."""

import base64
import html
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from agents.mouse import Mouse
from envs.sprites import CHEESE_SPRITE, FLOOR_TEXELS, FLOOR_TILES, MOUSE_SPRITE, TEXELS, WALL_TILE
from foundation.errors import InputError
from viewer.course import FIRST_LEVEL
from viewer.search import search_passed_cheese

FOLDER = Path(__file__).parent
LARGEST_WORLD = 25  # cells a side: more are too small for a finger, and too many for a page that follows it
MOST_MICE = 3
IMPORT = re.compile(r'^import \{[^}]*\}\s*from "\./(\w+)\.js";\n', re.MULTILINE)


def build_page(mice: list[Mouse]) -> str:
    """Build the page of one to three mice with different names.

    Raises:
        InputError: too many mice, or a mouse of a world that is too large for the page.
    """
    if len(mice) > MOST_MICE:
        raise InputError(f"a page holds at most {MOST_MICE} mice, not {len(mice)}")
    names = [mouse.name for mouse in mice]
    for mouse in mice:
        dim = mouse.spec.world_dim
        if dim > LARGEST_WORLD:
            limit = f"{LARGEST_WORLD}×{LARGEST_WORLD}"
            raise InputError(f"{mouse.name} is of a world of {dim}×{dim} cells; a page holds worlds up to {limit}")
    # Mice of one world open with the same level, so that people can compare them; it is chosen for one of them.
    openings: dict[int, tuple[int, str]] = {}
    for mouse in mice:
        if mouse.spec.world_dim not in openings and (seed := find_opening_level(mouse)) is not None:
            openings[mouse.spec.world_dim] = seed, mouse.name
    described = [describe_mouse(mouse, *openings.get(mouse.spec.world_dim, (FIRST_LEVEL, None))) for mouse in mice]
    data = {"art": describe_art(), "mice": described}
    parts = {
        "style": (FOLDER / "style.css").read_text(encoding="utf-8"),
        "script": join_modules("page"),
        # Inside a script element only "</script" and "<!--" would end the data.
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "footer": "Mice of this page: " + html.escape(", ".join(names)) + ". Made with CheeseMaze.",
    }
    page = (FOLDER / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], page)


def find_opening_level(mouse: Mouse) -> int | None:
    """A level seed in which the mouse runs past the cheese, if there is one."""
    return next((seed for seed in search_passed_cheese(mouse, FIRST_LEVEL) if seed is not None), None)


def describe_mouse(mouse: Mouse, seed: int, chosen_for: str | None = None) -> dict[str, Any]:
    """What ``mice.js`` unpacks: the mouse's world, and its weights in float16.

    Args:
        seed: of the level that the page opens with.
        chosen_for: the name of the mouse that runs past the cheese in this level, if it was chosen for that.
    """
    tensors = {name: tensor.half().cpu().numpy() for name, tensor in mouse.policy.state_dict().items()}
    weights = b"".join(np.ascontiguousarray(tensor, "<f2").tobytes() for tensor in tensors.values())
    return {
        "name": mouse.name,
        "trained": mouse.spec.describe_region(),
        "region": mouse.spec.cheese_region,
        "isFinetuned": "init" in mouse.header,
        "worldDim": mouse.spec.world_dim,
        "observation": mouse.spec.observation,
        "moves": mouse.spec.moves().tolist(),
        "scale": mouse.agent.scale,
        "seed": seed,
        "chosenFor": chosen_for,
        "tensors": [[name, tensor.size] for name, tensor in tensors.items()],
        "checksum": zlib.crc32(weights),
        "weights": _encode(weights),
    }


def describe_art() -> dict[str, Any]:
    """What ``art.js`` unpacks: the sprites, and each floor as a palette and a shade for each texel."""
    palettes, shades = [], []
    for floor in FLOOR_TILES:
        colours, shade = np.unique(floor.reshape(-1, 3), axis=0, return_inverse=True)
        palettes.append([bytes(colour).hex() for colour in colours])
        shades.append(shade.astype(np.uint8).tobytes())
    pictures = {"mouse": MOUSE_SPRITE, "cheese": CHEESE_SPRITE, "wall": WALL_TILE}
    sprites = {name: _encode(picture.tobytes()) for name, picture in pictures.items()}
    sides = {"texels": TEXELS, "floorTexels": FLOOR_TEXELS}
    return {**sides, **sprites, "palettes": palettes, "shades": _encode(b"".join(shades))}


def join_modules(name: str) -> str:
    """A module and all that it imports as one script, each after what it needs.

    All modules then share one scope, so two of them must not give different things the same name at their top level.
    """
    joined: dict[str, str] = {}

    def add(module: str) -> None:
        if module in joined:
            return
        text = (FOLDER / f"{module}.js").read_text(encoding="utf-8")
        for needed in IMPORT.findall(text):
            add(needed)
        joined[module] = re.sub(r"^export (?=function|class|const)", "", IMPORT.sub("", text), flags=re.MULTILINE)

    add(name)
    return "\n".join(joined.values())


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()
