"""Plain PPO: the settings of CleanRL's ``ppo_procgen`` with PyTorch as it comes, in a process of its own.

64 worlds × 256 steps, minibatches of 2,048, three passes, Impala-CNN of scale 1 on 64×64 pictures, which the network
sees through ``permute`` (so activations are channels_last, as in CleanRL); float32, and glibc's allocator as it is.
Only the network's own work is timed (a forward pass a step; forward, backward and Adam for each pass), neither worlds
nor shuffles nor advantages: an upper bound of that recipe's speed on this machine.
"""

import torch
from measure import per_second
from peer import serve

from agents.impala import ImpalaPolicy

NUM_ENVS, MINIBATCH, EPOCHS, ACTIONS, SHAPE = 64, 2048, 3, 15, (64, 64, 3)


def main() -> None:
    policy = ImpalaPolicy(SHAPE, ACTIONS)
    optimizer = torch.optim.Adam(policy.parameters(), 5e-4, eps=1e-5)
    pictures = torch.randint(256, (MINIBATCH, *SHAPE), dtype=torch.uint8)

    @torch.no_grad()
    def act() -> None:
        policy(pictures[:NUM_ENVS])

    def learn() -> None:
        logits, values = policy(pictures)
        optimizer.zero_grad()
        (logits.sum() + values.sum()).backward()
        optimizer.step()

    def steps(seconds: float) -> float:
        acting = NUM_ENVS * per_second(act, seconds / 2)
        learning = MINIBATCH * per_second(learn, seconds / 2)
        return 1 / (1 / acting + EPOCHS / learning)

    serve({"steps": steps})


if __name__ == "__main__":
    main()
