"""The error numbers of VTube Studio's public API and the texts that go with them.

Numbers are those of the vendor's public `ErrorID` list; texts seen in answers of real versions are used word for
word, the others say the same in our words.
"""

from __future__ import annotations

__all__ = ["ApiError", "error_text"]

_TEXTS = {
    0: "Internal error in the simulator.",
    1: "VTube Studio is running and API is online but user has deactivated API access.",
    2: "Error during deserialization. Make sure you are sending a valid JSON payload.",
    3: "Invalid API name.",
    4: "Unsupported API version. Current version is 1.0",
    5: "You provided a request ID but it was invalid. Check the documentation for the correct format.",
    6: "The messageType is missing or empty.",
    7: "Unknown messageType: {}",
    8: (
        "Current session is not authenticated. The only requests you can send without authenticating are: "
        "[APIStateRequest, AuthenticationTokenRequest, AuthenticationRequest]"
    ),
    9: "This request requires a permission that your plugin has not been granted: {}",
    50: "User denied authentication request for your plugin.",
    51: "Cannot start authentication process because authentication is currently ongoing.",
    52: "The plugin name is invalid. It has to be between 3 and 32 characters long.",
    53: "The plugin developer name is invalid. It has to be between 3 and 32 characters long.",
    54: "The plugin icon is invalid. It has to be a base64-encoded PNG or JPG of exactly 128x128 pixels.",
    100: "The authentication token is missing.",
    101: "The plugin name is missing.",
    102: "The plugin developer is missing.",
    150: "The model ID is missing.",
    151: "The model ID is invalid.",
    152: "No model with that model ID was found.",
    153: "The model load cooldown is still active. You can only send this request once every 2 seconds.",
    154: "The model cannot be changed right now.",
    200: "The hotkey queue is full.",
    201: "Hotkey execution failed because no model is loaded.",
    202: "Hotkey execution failed because hotkey ID or name was not found in model.",
    203: "Hotkey execution failed because the cooldown of this hotkey is not over.",
    204: "The hotkey was found but its data is invalid: {}",
    205: "Hotkey execution failed because VTube Studio cannot execute hotkeys right now.",
    206: "Hotkey execution failed.",
    207: "Hotkey execution failed because no Live2D item with that instance ID is loaded.",
    208: "Hotkey execution failed because Live2D items do not support this type of hotkey.",
    250: "No model is loaded.",
    251: "The color or the ArtMesh matcher is missing.",
    252: "The color is invalid. All four channels have to be given, between 0 and 255.",
    300: "No model is loaded.",
    301: "Fields are missing. timeInSeconds and valuesAreRelativeToModel are required.",
    302: "A value is out of range: {}",
    350: "The parameter name is invalid. It has to be alphanumeric, between 4 and 32 characters long.",
    351: "A value of the parameter is invalid: {}",
    352: "A parameter with that name was already created by another plugin: {}",
    353: "The explanation is too long. It has to be shorter than 256 characters.",
    354: "That is the name of a default parameter: {}",
    355: "Your plugin cannot create more than 100 parameters.",
    356: "No more than 300 custom parameters can exist.",
    400: "The parameter name is invalid.",
    401: "There is no custom parameter with that name: {}",
    402: "That parameter was created by another plugin: {}",
    403: "Default parameters cannot be deleted: {}",
    450: "You have to provide data to inject.",
    451: "The value for parameter {} is invalid. It has to be between -1000000 and 1000000.",
    452: "The weight for parameter {} is invalid. It has to be between 0 and 1.",
    453: (
        "Parameter {} not found. Did you create it yet? Keep in mind, you can't inject data directly for Live2D "
        "parameters, only for tracking parameters. You can also create new custom tracking parameters and then "
        "inject data for those. Please check the documentation for more info."
    ),
    454: "Parameter {} is currently controlled by another plugin.",
    455: "Unknown mode: {}. Only set and add can be used.",
    500: "You have to provide a parameter name.",
    550: "The NDI config cooldown is still active. You can only set the config once every 3 seconds.",
    551: (
        "The resolution is invalid. Both sides have to be between 256 and 8192, "
        "the width a multiple of 16 and the height a multiple of 8."
    ),
    600: "The expression file name is invalid. It has to end in .exp3.json",
    601: "No expression with that file name was found in the model: {}",
    650: "The expression file name is invalid. It has to end in .exp3.json",
    651: "No expression with that file name was found in the model: {}",
    652: "No model is loaded.",
    700: "No model is loaded.",
    701: "The model has no physics.",
    702: "Physics are currently controlled by another plugin: {}",
    703: "No overrides were provided.",
    704: "The model has no physics group with that ID: {}",
    705: "An override has no value: {}",
    706: "A physics group is overridden twice: {}",
    750: "The item file name is missing.",
    751: "No item with that file name was found: {}",
    753: "Items cannot be loaded right now.",
    754: "The scene is full.",
    755: "The order is invalid.",
    756: "The order is already taken: {}",
    757: "A value is out of range: {}",
    758: "The custom data is invalid: {}",
    759: "Too many prompts are already shown to the user.",
    760: "The user did not allow the item to be loaded.",
    800: "Items cannot be unloaded right now.",
    850: "There is no item with that instance ID: {}",
    851: "Live2D items cannot be controlled by this request.",
    852: "A frame index is invalid: {}",
    853: "There cannot be more than 1024 auto-stop frames.",
    854: "Simple images have no animation.",
    950: "Unknown API event type: {}",
    1000: "No model is loaded.",
    1001: "Other windows are open.",
    1002: "The model does not have this ArtMesh: {}",
    1003: "The list of active ArtMeshes is too long.",
    1050: "There is no item with that instance ID: {}",
    1051: "Unknown angle, size or pin type: {}",
    1052: "That model is not loaded: {}",
    1053: "The model does not have this ArtMesh: {}",
    1054: "The pin position is invalid: {}",
    1100: "Unknown permission: {}",
    1101: "Permissions cannot be requested right now.",
    1102: "The permission file could not be read or written.",
    1150: "The filter is too long. It can have 512 entries at most.",
    1200: "Post-processing cannot be changed right now.",
    1201: "The fade time is invalid. It has to be between 0 and 2.",
    1202: "A preset and single values cannot be set with one request.",
    1203: "The preset was not found: {}",
    1204: "The list of values is invalid: {}",
    1205: "A config is in the list twice: {}",
    1206: "A restricted effect was used without usingRestrictedEffects, or the user does not allow them: {}",
    1250: "There is no item with that instance ID: {}",
    1251: "Unknown way to set the order or split point: {}",
    1252: "The front order is invalid: {}",
    1253: "The back order is invalid: {}",
    1254: "The split point is invalid: {}",
    1255: "The item config window is open.",
    100000: "The test message is too long. It can have 32 characters at most.",
    100050: "A model ID is invalid: {}",
    100100: "Unknown hotkey action: {}",
}


def error_text(error_id: int, detail: str = "") -> str:
    """Return the text of an error number; `detail` names the offending thing where the text has a place for it."""
    return _TEXTS[error_id].replace("{}", detail)


class ApiError(Exception):
    """A request refused with an `APIError` answer; it never leaves the simulator as an exception."""

    def __init__(self, error_id: int, detail: str = "", message: str | None = None) -> None:
        self.error_id = error_id
        self.message = error_text(error_id, detail) if message is None else message
        super().__init__(f"{error_id}: {self.message}")
