"""Peers: measurements in separate processes."""

import sys

import bench
from peer import Peer


def test_plain_ppo_answers():
    with Peer([sys.executable, str(bench.PLAIN)]) as peer:
        peer.wait()
        assert not peer.missing and peer.measure("steps", 0.01) > 0
    with Peer([sys.executable, "-c", "raise SystemExit('it is broken')"]) as peer:
        peer.wait()
        assert peer.missing == "its process ended: it is broken"
