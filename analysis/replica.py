"""A replication of the published analysis: which of three distances predict that a sampled episode takes the cheese.

It is here for comparison with the published numbers alone. It does not separate preference from ability.
"""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

from analysis.attribution import standardise
from analysis.published import REPLICA_COEFFICIENTS

REPLICA = tuple(REPLICA_COEFFICIENTS)  # the published three variables
REPLICA_SPLITS, TEST_SHARE = 50, 0.2
FEWEST_OF_EACH = 15  # levels of either outcome


def fit_replica(forks: pd.DataFrame) -> dict[str, Any] | None:
    """Replicate the published analysis.

    It is a z-scored logistic regression of one sampled episode per level with L1, C = 1; results are means of 50 random
    80/20 splits.

    Args:
        forks: records with sampled episodes.

    Returns:
        ``coefficients``, ``n`` and, on the held-out fifth, ``accuracy``, ``base_rate`` (accuracy of always predicting
        the more frequent outcome), ``log_loss`` and ``auc``. None without sampled episodes, or with too few levels of
        either outcome.
    """
    if "t_cheese" not in forks:
        return None
    rows = forks.dropna(subset=[*REPLICA, "t_cheese"])
    taken = rows.t_cheese.between(1, 256).to_numpy()
    design = (
        standardise(rows[list(REPLICA)].to_numpy(float)) if min(taken.sum(), (~taken).sum()) >= FEWEST_OF_EACH else None
    )
    if design is None:
        return None
    scores = []
    for split in range(REPLICA_SPLITS):
        x, x_test, y, y_test = train_test_split(design, taken, test_size=TEST_SHARE, random_state=split, stratify=taken)
        lasso = LogisticRegression(C=1.0, l1_ratio=1.0, solver="liblinear", random_state=split)
        fitted = lasso.fit(x, y)
        likely = fitted.predict_proba(x_test)[:, 1]
        scores.append(
            {
                "accuracy": np.mean((likely > 0.5) == y_test),
                "base_rate": max(np.mean(y_test), 1 - np.mean(y_test)),
                "log_loss": log_loss(y_test, likely),
                "auc": roc_auc_score(y_test, likely),
                **dict(zip(REPLICA, fitted.coef_[0], strict=True)),
            }
        )
    means: dict[str, Any] = {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}
    coefficients = {name: means.pop(name) for name in REPLICA}
    return {"coefficients": coefficients, "n": len(rows), **means}
