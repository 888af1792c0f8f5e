extends Control
# A face that listens: start Avatar Bridge with `avatar-bridge serve --driver game`, put its token in here, and run the scene.
# The player's key press tells the bridge what happened in the game; a click interrupts.

const Client = preload("addons/avatar_bridge/avatar_bridge_client.gd")

@export var token: String = ""

var _client = Client.new()
var _character = null
var _values = {}
var _mouth = {}
var _line = "Looking for Avatar Bridge ..."


func _ready():
	_client.token = token
	_character = _client.add_character("", true)
	_character.natives = {"expression": ["happy"]}
	for heard in ["connected", "refused", "lost", "word", "cue", "mouth", "frame", "utterance_began", "answered"]:
		if _client.connect(heard, Callable(self, "_on_" + heard)) != OK:
			push_error("no signal " + heard)
	add_child(_client)
	_client.open()


func _input(event):
	if event is InputEventKey and event.pressed and not event.echo:
		_client.tell_event("button_pressed", {"key": OS.get_keycode_string(event.keycode)}, _character)
		_client.say("You pressed [nod]%s." % OS.get_keycode_string(event.keycode), _character)
	if event is InputEventMouseButton and event.pressed:
		_client.interrupt(_character)


func _draw():
	var middle = size / 2.0 + Vector2(_values.get("head_yaw", 0.0), -_values.get("head_pitch", 0.0)) * 2.0
	draw_circle(middle, 120.0, Color("f4d9c6"))
	for side in [-1.0, 1.0]:
		var shut = _values.get("blink_left" if side < 0.0 else "blink_right", 0.0)
		var eye = Vector2(16.0, max(18.0 * (1.0 - shut), 1.0))
		draw_rect(Rect2(middle + Vector2(45.0 * side, -25.0) - eye / 2.0, eye), Color("353b70"))
	var lips = Vector2(60.0 - 25.0 * _mouth.get("ou", 0.0), 3.0 + 45.0 * _mouth.get("open", 0.0))
	draw_rect(Rect2(middle + Vector2(0.0, 50.0) - lips / 2.0, lips), Color("8e3046"))
	draw_string(get_theme_default_font(), Vector2(20.0, size.y - 20.0), _line)


func _on_connected(_version):
	_line = "Press a key."


func _on_refused(_code, message):
	_line = message


func _on_lost(reason):
	_line = reason if _client.refusal == "" else _client.refusal


func _on_utterance_began(_character, _utterance):
	_line = ""


func _on_word(_character, word):
	_line += word.text + " "


func _on_cue(_character, name, cue):
	if cue.get("native") != null:
		print("this game shows %s by itself: %s" % [name, cue.native])


func _on_mouth(_character, values):
	_mouth = values
	queue_redraw()


func _on_frame(_character, values):
	_values = values
	queue_redraw()


func _on_answered(_id, ok, message, suggestion):
	if not ok:
		_line = message + " " + suggestion
