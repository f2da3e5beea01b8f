"""The world of the mouse. Importing it tells Gymnasium of ``CheeseMaze-v0``, and loads it only when it is made."""

from gymnasium import register

register(
    id="CheeseMaze-v0",
    entry_point="envs.env:CheeseMazeEnv",
    vector_entry_point="envs.vector_env:CheeseMazeVectorEnv",
    max_episode_steps=500,  # world.MAX_EPISODE_STEPS, without loading torch for it
)
