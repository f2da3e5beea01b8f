"""The maze environments.

Importing this package registers ``CheeseMaze-v0`` with Gymnasium; ``gymnasium.make`` imports the environment itself.
"""

from gymnasium import register

register(
    id="CheeseMaze-v0",
    entry_point="envs.env:CheeseMazeEnv",
    vector_entry_point="envs.vector_env:CheeseMazeVectorEnv",
    max_episode_steps=500,  # equals world.MAX_EPISODE_STEPS, which would import torch
)
