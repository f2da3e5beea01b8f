"""Peers in processes of their own."""

import sys

import bench
import torch
from peer import Peer

CPU = torch.device("cpu")


def test_plain_ppo_answers():
    with Peer([sys.executable, str(bench.PLAIN)]) as peer:
        peer.wait()
        assert not peer.missing and peer.speed("steps", 0.01) > 0
    with Peer([sys.executable, "-c", "raise SystemExit('it is broken')"]) as peer:
        peer.wait()
        assert peer.missing == "its process ended: it is broken"
