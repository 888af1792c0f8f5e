"""Who may talk to the application: tokens, the pop-up, revoking, permissions."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from avatar_bridge.errors import UsageError
from avatar_bridge.files import read_text, write_atomically
from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.images import decode_base64, image_kind_and_size
from avatar_bridge.simulators.vts.session import Call, Plugin, Session

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["PERMISSIONS", "Authentication", "TokenStore"]

PERMISSIONS = ("LoadCustomImagesAsItems",)

_VALID = "Token valid. The plugin is authenticated for the duration of this session."
_INVALID = "Authentication request failed because token is invalid or has been revoked by the user."


class TokenStore:
    """The plugins that the user allowed. It outlives a simulator as it outlives a restart of the real app.

    `path` keeps it in a JSON file; raises UsageError where that file cannot be read as one.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.tokens: dict[Plugin, str] = {}
        self.permissions: dict[Plugin, set[str]] = {}
        if path is not None and path.exists():
            self._load(path)

    def _load(self, path: Path) -> None:
        try:
            for row in json.loads(read_text(path, UsageError)):
                plugin = Plugin(row["name"], row["developer"])
                self.tokens[plugin] = row["token"]
                self.permissions[plugin] = set(row["permissions"])
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: expected the simulator's token file, found something else: {error}") from error

    def save(self) -> None:
        """Write the file, where there is one; raises WorldError where it cannot be written."""
        if self.path is None:
            return
        rows = [
            {
                "name": plugin.name,
                "developer": plugin.developer,
                "token": token,
                "permissions": sorted(self.permissions.get(plugin, ())),
            }
            for plugin, token in self.tokens.items()
        ]
        write_atomically(self.path, json.dumps(rows, ensure_ascii=False, indent=1), private=True)


class Authentication(Area):
    """Token requests, session authentication and permissions."""

    def __init__(self, studio: Studio, store: TokenStore) -> None:
        super().__init__(studio)
        self.store = store

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {
            "AuthenticationTokenRequest": self._token,
            "AuthenticationRequest": self._authenticate,
            "PermissionRequest": self._permission,
        }

    def revoke(self, name: str | None = None) -> int:
        """Take back the tokens of plugins called `name` (of all without one); return how many there were."""
        gone = [plugin for plugin in self.store.tokens if name is None or plugin.name == name]
        for plugin in gone:
            del self.store.tokens[plugin]
            self.store.permissions.pop(plugin, None)
            self.studio.parameters.forget_plugin(plugin)
            for session in self.studio.sessions:
                if session.plugin == plugin:
                    session.plugin = None
                    session.revoked = True
        self.store.save()
        return len(gone)

    def _token(self, call: Call) -> None:
        name, developer = call.fields.text("pluginName"), call.fields.text("pluginDeveloper")
        if not 3 <= len(name) <= 32:
            raise ApiError(52)
        if not 3 <= len(developer) <= 32:
            raise ApiError(53)
        icon = call.fields.text("pluginIcon")
        if icon:
            image = decode_base64(icon)
            found = None if image is None else image_kind_and_size(image)
            if found is None or found[0] == "GIF" or found[1:] != (128, 128):
                raise ApiError(54)
        if self.studio.popups.count("token"):
            raise ApiError(51)
        call.session.claimed = name
        plugin = Plugin(name, developer)

        def decide(allowed: bool) -> None:
            if not allowed:
                call.refuse(ApiError(50))
                return
            token = secrets.token_hex(32)
            self.store.tokens[plugin] = token
            self.store.save()
            call.answer({"authenticationToken": token})

        self.studio.popups.ask("token", f'Allow "{name}" by "{developer}" to control VTube Studio?', decide)

    def _authenticate(self, call: Call) -> JsonObject:
        token, name = call.fields.text("authenticationToken"), call.fields.text("pluginName")
        developer = call.fields.text("pluginDeveloper")
        if not token:
            raise ApiError(100)
        if not name:
            raise ApiError(101)
        if not developer:
            raise ApiError(102)
        plugin = Plugin(name, developer)
        call.session.claimed = name
        known = self.store.tokens.get(plugin)
        if known is None or not secrets.compare_digest(known.encode(), token.encode("utf-8", "replace")):
            return {"authenticated": False, "reason": _INVALID}
        call.session.plugin = plugin
        call.session.revoked = False
        return {"authenticated": True, "reason": _VALID}

    def granted(self, session: Session, permission: str) -> bool:
        """Return whether the session's plugin has a permission."""
        return permission in self.store.permissions.get(session.owner, ())

    def _permission(self, call: Call) -> JsonObject | None:
        wanted, plugin = call.fields.text("requestedPermission"), call.session.owner

        def data(success: bool) -> JsonObject:
            has = self.store.permissions.get(plugin, set())
            rows = [{"name": name, "granted": name in has} for name in PERMISSIONS]
            return {"grantSuccess": success, "requestedPermission": wanted, "permissions": rows}

        if not wanted:
            return data(False)
        if wanted not in PERMISSIONS:
            raise ApiError(1100, wanted[:100])
        if self.granted(call.session, wanted):
            return data(True)
        if self.studio.windows_open or self.studio.popups.count("permission"):
            raise ApiError(1101)

        def decide(allowed: bool) -> None:
            if allowed and plugin in self.store.tokens:
                self.store.permissions.setdefault(plugin, set()).add(wanted)
                self.store.save()
            call.answer(data(allowed))

        self.studio.popups.ask("permission", f'Grant {wanted} to "{plugin.name}"?', decide)
        return None
