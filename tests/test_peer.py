"""Peers: measurements in separate processes."""

import sys

import bench
from peer import Peer


def test_plain_ppo_answers():
    small = f"import sys; sys.path.insert(0, {str(bench.PLAIN.parent)!r})\n"
    small += "import plain_peer; plain_peer.NUM_ENVS, plain_peer.MINIBATCH = 4, 16; plain_peer.main()"
    with Peer([sys.executable, "-c", small]) as peer:
        peer.wait()
        assert not peer.missing and peer.measure("steps", 0.01) > 0
    with Peer([sys.executable, "-c", "raise SystemExit('it is broken')"]) as peer:
        peer.wait()
        assert peer.missing == "its process ended: it is broken"
