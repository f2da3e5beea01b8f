"""Activations of a network, recorded or replaced during its forward passes.

A layer has the name of its module (``embedder.block2.res1``) and means what the module gives: for a residual block, the
sum. With ``.input`` after the name it means what the module reads: for the convolutions of a residual block, its relus.
Both managers use plain torch hooks, nest, and leave nothing behind. Where two act on one layer, the inner one sees what
the outer one has made.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress

from torch import Tensor, nn

from foundation.errors import InputError

INPUT = ".input"


def list_layers(policy: nn.Module) -> list[str]:
    """The names of a network's layers, in the order of their definition; each also exists with ``.input``."""
    return [name for name, _ in policy.named_modules() if name]


@contextmanager
def record(policy: nn.Module, layers: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Record activations.

    Args:
        policy: a network that is not compiled.
        layers: names of layers.

    Yields:
        The activations of the last forward pass by layer, (N, …) each. It is empty before the first pass.

    Raises:
        InputError: a layer is unknown, or the network is compiled.
    """
    found: dict[str, Tensor] = {}

    def keep(layer: str) -> Callable[[Tensor], Tensor]:
        def see(activation: Tensor) -> Tensor:
            found[layer] = activation
            return activation

        return see

    def empty(*_) -> None:
        found.clear()

    # Emptied before each pass, so that the pass can use the memory of the last one's activations.
    with replace(policy, {layer: keep(layer) for layer in layers}), policy.register_forward_pre_hook(empty):
        yield found


class _AllFound(Exception):
    """Ends a forward pass of which nothing more is wanted."""


def read(policy: nn.Module, layers: Sequence[str], obs: Tensor) -> dict[str, Tensor]:
    """Run a network until all layers have been reached, and no further.

    Args:
        policy: a network that is not compiled.
        layers: names of layers.
        obs: observations (N, H, W, C).

    Returns:
        The activations (N, …) by layer.

    Raises:
        InputError: a layer is unknown, or the network is compiled.
    """
    with record(policy, layers) as found:

        def stop(activation: Tensor) -> Tensor:
            if len(found) == len(set(layers)):
                raise _AllFound
            return activation

        with suppress(_AllFound), replace(policy, dict.fromkeys(layers, stop)):
            policy(obs)
    return found


@contextmanager
def replace(policy: nn.Module, functions: Mapping[str, Callable[[Tensor], Tensor]]) -> Iterator[None]:
    """Replace activations by functions of them.

    Args:
        policy: a network that is not compiled.
        functions: for each layer a function from its activation (N, …) to another of the same shape.

    Raises:
        InputError: a layer is unknown, the network is compiled, or a function changes the shape.
    """
    modules = {layer: find_module(policy, layer) for layer in functions}
    with ExitStack() as hooks:
        for layer, function in functions.items():
            if layer.endswith(INPUT):
                hooks.enter_context(modules[layer].register_forward_pre_hook(_change_input(layer, function)))
            else:
                hooks.enter_context(modules[layer].register_forward_hook(_change_output(layer, function)))
        yield


def find_module(policy: nn.Module, layer: str) -> nn.Module:
    """The module of a layer.

    Raises:
        InputError: there is none, or the network is compiled.
    """
    # torch.compile(policy) keeps the network in _orig_mod; policy.compile() sets _compiled_call_impl.
    if hasattr(policy, "_orig_mod") or any(each._compiled_call_impl is not None for each in policy.modules()):
        raise InputError(
            "the activations of a compiled network cannot be reached; give the network before torch.compile"
        )
    modules = dict(policy.named_modules())
    name = layer.removesuffix(INPUT) if isinstance(layer, str) else ""
    if not name or name not in modules:
        raise InputError(f"the network has no layer {layer!r}; it has {', '.join(list_layers(policy))}")
    return modules[name]


def _change_input(layer: str, function: Callable[[Tensor], Tensor]):
    return lambda module, given: (_apply(layer, function, given[0]), *given[1:])


def _change_output(layer: str, function: Callable[[Tensor], Tensor]):
    return lambda module, given, output: _apply(layer, function, output)


def _apply(layer: str, function: Callable[[Tensor], Tensor], activation: Tensor) -> Tensor:
    changed = function(activation)
    if changed.shape != activation.shape:
        raise InputError(f"{layer} has activations of the shape {tuple(activation.shape)}, not {tuple(changed.shape)}")
    return changed
