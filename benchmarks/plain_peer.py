"""Plain PPO's network passes with default PyTorch, in its own process.

As in CleanRL's ``ppo_procgen``: 64 environments, three epochs, Impala-CNN of scale 1 on 64×64 observations, passed to
the network through ``permute`` (so activations are channels_last), float32, glibc's default allocator and OpenMP's
default waiting. The minibatches are those of the training that it is compared with (CleanRL's have 2,048 steps). Only
network passes are timed (one forward pass per step; forward, backward and Adam for each epoch), not environments,
shuffling and advantages.
"""

import torch
from measure import measure_rate
from peer import serve

from agents.impala import ImpalaPolicy

NUM_ENVS, MINIBATCH, EPOCHS, ACTIONS, SHAPE = 64, 256, 3, 15, (64, 64, 3)


def main() -> None:
    policy = ImpalaPolicy(SHAPE, ACTIONS)
    optimizer = torch.optim.Adam(policy.parameters(), 5e-4, eps=1e-5)
    obs = torch.randint(256, (MINIBATCH, *SHAPE), dtype=torch.uint8)

    @torch.no_grad()
    def act() -> None:
        policy(obs[:NUM_ENVS])

    def learn() -> None:
        logits, values = policy(obs)
        optimizer.zero_grad()
        (logits.sum() + values.sum()).backward()
        optimizer.step()

    def measure_steps(seconds: float) -> float:
        acting = NUM_ENVS * measure_rate(act, seconds / 2)
        learning = MINIBATCH * measure_rate(learn, seconds / 2)
        return 1 / (1 / acting + EPOCHS / learning)

    for _ in range(3):  # warm-up
        act()
        learn()
    serve({"steps": measure_steps})


if __name__ == "__main__":
    main()
