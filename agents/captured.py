"""A function recorded once as a CUDA graph and replayed: one launch instead of thousands.

A rollout of 256 steps launches thousands of small kernels. If Python launched them one by one, the GPU would
mostly wait for the CPU.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

WARM_UPS = 2  # warm-up calls before the recording: kernels are compiled and selected


class Captured:
    """A function without arguments that reads and writes the same memory every time.

    On a CPU the function is called. On a GPU the first call records it, and every call replays the recording: the same
    kernels on the same memory, without Python. So everything that changes between calls must be a tensor that is
    written in place, and the function must not wait for the device.

    Args:
        function: the function to record. The next call overwrites its result.
        device: of its tensors.
        changes: returns every tensor that the function changes. Recording runs the function; they are restored.
        generator: of its random numbers.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        device: torch.device,
        changes: Callable[[], Iterable[Tensor]],
        generator: torch.Generator,
    ):
        self.function, self.device, self.changes, self.generator = function, device, changes, generator
        self.graph: torch.cuda.CUDAGraph | None = None
        self.result: Any = None

    def __call__(self) -> Any:
        if self.device.type != "cuda":
            return self.function()
        if self.graph is None:
            self._record()
        self.graph.replay()  # type: ignore[union-attr]
        return self.result

    @torch.no_grad()
    def _record(self) -> None:
        before, random = [tensor.clone() for tensor in self.changes()], self.generator.get_state()
        stream, present = torch.cuda.Stream(self.device), torch.cuda.current_stream(self.device)
        stream.wait_stream(present)
        with torch.cuda.stream(stream), torch.enable_grad():
            for _ in range(WARM_UPS):
                self.function()
        present.wait_stream(stream)
        for tensor, kept in zip(self.changes(), before, strict=True):
            tensor.copy_(kept)
        self.generator.set_state(random)

        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        # NCCL's threads may query the device during the recording.
        recording = torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local")
        with recording, torch.enable_grad():
            self.result = self.function()
        self.graph = graph

    def close(self) -> None:
        """Release the recording. NCCL cannot close while a graph holds one of its operations."""
        if self.graph:
            self.graph.reset()
        self.graph = self.result = None
