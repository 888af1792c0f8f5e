from avatar_bridge.simulators.pytest_fixtures import vts_simulator, vts_simulator_factory

__all__ = ["vts_simulator", "vts_simulator_factory"]
