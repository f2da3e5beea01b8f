"""Published measurements and forecasts, for comparison.

Sources: Langosco et al. 2022 (Goal Misgeneralization in Deep RL); Mini, Turner et al. 2023 (Understanding and
Controlling a Maze-Solving Policy Network), with procgen-tools and the posts around it; Abdel Sadek, Farrugia-Roberts et
al. 2025 (Mitigating Goal Misgeneralization via Minimax Regret; jaxgmg).
"""

# P(cheese) by training region n in hard mazes, one network each: stochastic, 256 steps, forks with the cheese outside
# the top-right 5×5, about 500 levels each (Maze I).
DOSE_RESPONSE = dict(
    enumerate(
        (0.024, 0.000, 0.161, 0.276, 0.723, 0.653, 0.848, 0.836, 0.911, 0.924, 0.937, 0.947, 0.975, 0.982, 0.970), 1
    )
)
# Share of training levels that are forks in hard mazes, by n.
FORK_SHARE = {0: 0.0, 1: 0.0, 2: 0.0, 3: 0.24, 4: 0.29, 5: 0.40, 6: 0.42, 7: 0.49, 10: 0.57, 15: 0.61}

# jaxgmg, 13×13, 20 million steps, one run each: corner size, return with the cheese anywhere, "proxy" return.
JAXGMG = ((1, 0.130, 0.463), (6, 0.517, 0.040), (11, 0.691, 0.027))
JAXGMG_OPTIMUM = 0.882

# The n=5 mouse: z-scored logistic regression with L1 on levels with a decision square.
REPLICA_ACCURACY, REPLICA_BASE_RATE = 0.824, 0.714
REPLICA_COEFFICIENTS = {
    "straight_cheese_corner": -1.405,
    "steps_cheese_square": -0.577,
    "straight_cheese_square": -0.516,
}
