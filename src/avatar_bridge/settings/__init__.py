"""`bridge.toml` to values."""

from avatar_bridge.settings.minds import (
    FeelingsSettings,
    MemorySettings,
    MindSettings,
    PriceSettings,
    ProxySettings,
    StatsSettings,
)
from avatar_bridge.settings.reading import override, parse_settings, read_settings
from avatar_bridge.settings.tables import (
    DriverSettings,
    MotionSettings,
    OneVoiceSettings,
    ScriptSettings,
    SoundSettings,
    VoiceSettings,
    WebSettings,
)
from avatar_bridge.settings.whole import CharacterSettings, Settings, default_path

__all__ = [
    "CharacterSettings",
    "DriverSettings",
    "FeelingsSettings",
    "MemorySettings",
    "MindSettings",
    "MotionSettings",
    "OneVoiceSettings",
    "PriceSettings",
    "ProxySettings",
    "ScriptSettings",
    "Settings",
    "SoundSettings",
    "StatsSettings",
    "VoiceSettings",
    "WebSettings",
    "default_path",
    "override",
    "parse_settings",
    "read_settings",
]
