"""The configuration: its types, its layers, and what is wrong with it."""

from pycwtd.config.layers import Layered, layered_config, load_layered
from pycwtd.config.model import (
    NEEDS_RESTART,
    Config,
    EngineConfig,
    Key,
    Limits,
    Listener,
    LogConfig,
    is_loopback,
    wrong_listener,
)
from pycwtd.config.wrong import ConfigError, Finding

__all__ = [
    "NEEDS_RESTART",
    "Config",
    "ConfigError",
    "EngineConfig",
    "Finding",
    "Key",
    "Layered",
    "Limits",
    "Listener",
    "LogConfig",
    "is_loopback",
    "layered_config",
    "load_layered",
    "wrong_listener",
]
