"""Success rates by episode start, against a list of episodes."""

import math

import numpy as np
import torch

from agents.cohort import Cohorts


def test_success_is_that_of_the_episodes_which_began_in_one_rollout():
    envs, steps, limit = 7, 5, 18
    rng = np.random.default_rng(0)
    cohorts = Cohorts(envs, steps, limit, "cpu")
    episodes = []  # (rollout of its start, success)
    born, age = [0] * envs, [0] * envs
    for rollout in range(40):
        terminated, done = np.zeros((2, steps, envs), bool)
        for t in range(steps):
            for n in range(envs):
                age[n] += 1
                terminated[t, n] = rng.random() < 0.08
                done[t, n] = terminated[t, n] or age[n] == limit
                if done[t, n]:
                    episodes.append((born[n], terminated[t, n]))
                    born[n], age[n] = rollout, 0
        rate = float(cohorts.count(torch.from_numpy(terminated), torch.from_numpy(done)))
        cohort = rollout - cohorts.lag
        if cohort < 0:
            assert math.isnan(rate)
        else:
            assert cohort not in born  # complete
            outcomes = [success for began, success in episodes if began == cohort]
            assert math.isclose(rate, np.mean(outcomes), rel_tol=1e-6) if outcomes else math.isnan(rate)


def test_early_successes_do_not_flatter():
    """Two of four mice reach the cheese at once; counted by episode ends, the rate would be 100 %."""
    cohorts = Cohorts(4, 2, 8, "cpu")
    rates = []
    for rollout in range(6):
        done = torch.zeros(2, 4, dtype=torch.bool)
        if rollout == 0:
            done[0, :2] = True
        terminated = done.clone()
        if rollout == 3:
            done[1, 2:] = True  # time-out
        rates.append(float(cohorts.count(terminated, done)))
    assert all(map(math.isnan, rates[:5])) and rates[5] == 0.5
