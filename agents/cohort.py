"""Success rates grouped by the start of an episode.

Grouping by the end is biased: in the first 500 steps, only successful episodes can end. A cohort is all episodes that
start during one rollout. Its rate is reported when all its episodes have ended.
"""

import torch
from torch import Tensor

from agents import processes


class Cohorts:
    """Outcomes of the cohorts in progress.

    Args:
        num_envs: N.
        num_steps: T, steps per rollout.
        max_episode_steps: step limit of an episode.
        device: device of the rollouts.
    """

    def __init__(self, num_envs: int, num_steps: int, max_episode_steps: int, device):
        self.lag = -(-max_episode_steps // num_steps) + 1  # rollouts until a cohort is complete
        self.rollout = torch.zeros((), dtype=torch.int64, device=device)  # the number of the next one
        self.born = torch.zeros(num_envs, dtype=torch.int64, device=device)
        self.ended, self.succeeded = (torch.zeros(self.lag + 1, device=device) for _ in range(2))

    def count(self, terminated: Tensor, done: Tensor) -> Tensor:
        """Count the next rollout.

        Args:
            terminated: bool (T, N), episodes that ended at the cheese.
            done: bool (T, N), episodes that ended.

        Returns:
            float32 (): the success rate, over all processes, of the cohort that started ``lag`` rollouts ago; NaN if
            there is none yet.
        """
        slots = self.lag + 1
        for t in range(len(done)):
            slot = self.born % slots
            self.ended.scatter_add_(0, slot, done[t].float())
            self.succeeded.scatter_add_(0, slot, terminated[t].float())
            torch.where(done[t], self.rollout, self.born, out=self.born)
        self.rollout += 1
        oldest = (self.rollout % slots)[None]  # its slot is the next rollout's
        outcomes = torch.cat([counts.index_select(0, oldest) for counts in (self.succeeded, self.ended)])
        for counts in (self.ended, self.succeeded):
            counts.index_fill_(0, oldest, 0)
        succeeded, ended = processes.average(outcomes)
        return succeeded / ended
