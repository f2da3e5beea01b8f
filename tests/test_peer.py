"""Peers: measurements in separate processes."""

import sys

import bench
import pytest
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


def test_a_peer_that_ends_later_says_why():
    with Peer([sys.executable, "-c", "print('ready', flush=True); raise SystemExit('it broke later')"]) as peer:
        peer.wait()
        peer._process.wait()
        with pytest.raises(RuntimeError, match="it broke later"):
            peer.measure("steps", 0.01)


def test_a_peer_inherits_no_settings_that_change_its_speed(monkeypatch):
    monkeypatch.setenv("GOMP_SPINCOUNT", "30000")
    told = f"import os, sys; sys.path.insert(0, {str(bench.PLAIN.parent)!r}); from peer import serve\n"
    told += "serve({'rounds': lambda _: int(os.environ.get('GOMP_SPINCOUNT', -1))})"
    for without, expected in (((), 30_000), (("GOMP_SPINCOUNT",), -1)):
        with Peer([sys.executable, "-c", told], without=without) as peer:
            peer.wait()
            assert peer.measure("rounds", 1) == expected
