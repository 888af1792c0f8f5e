"""Peers are skipped with a reason where they are absent; `AVATAR_BRIDGE_PEERS=required` makes that a failure."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator

import pytest

os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="avatar-bridge-")
"""What the bridge keeps in the user's data folder must not be the user's own."""

REQUIRED = os.environ.get("AVATAR_BRIDGE_PEERS") == "required"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    report.longrepr = f"AVATAR_BRIDGE_PEERS=required allows no absent peer, but: {_reason(report)}"
    report.outcome = "failed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    del call
    report = yield
    peer = item.get_closest_marker("peer")
    if REQUIRED and peer and report.skipped and not hasattr(report, "wasxfail"):
        only_with = peer.kwargs.get("only_with")
        if only_with is None or os.environ.get(only_with):
            _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let no whole module be skipped either: what it lacks is a peer."""
    report = yield
    if REQUIRED and report.skipped and isinstance(collector, pytest.Module):
        _fail(report)
    return report
