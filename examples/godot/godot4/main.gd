extends SceneTree
# A client without a window that prints what it hears, one JSON object a line, with the bridge's time and its own:
#   godot --headless --path . -s main.gd -- --token=... [--address=ws://...] [--characters=anna,ben] [--sound]
#     [--game=NAME] [--natives={"trigger":["Nod"]}] [--actions=dance] [--say=TEXT] [--event=NAME] [--interrupt-after=SECONDS]
#     [--utterances=N] [--for=SECONDS] [--protocol=N] [--sync] [--brief]

const Client = preload("addons/avatar_bridge/avatar_bridge_client.gd")

var client = Client.new()
var options = {}

var _began = Time.get_ticks_usec()
var _left = -1
var _interrupt_at = INF
var _next_sync = 0.0
var _frames = {}


func _initialize():
	Engine.max_fps = 500  # a game has 60 pictures a second or more; this has none
	for argument in OS.get_cmdline_user_args():
		if argument.begins_with("--"):
			var place = argument.find("=")
			if place < 0:
				options[argument.substr(2, argument.length())] = "yes"
			else:
				options[argument.substr(2, place - 2)] = argument.substr(place + 1, argument.length())
	client.address = options.get("address", client.address)
	client.token = options.get("token", "")
	client.game = options.get("game", "Godot probe")
	client.protocol = int(options.get("protocol", str(Client.PROTOCOL)))
	client.oldest = client.protocol if options.has("protocol") else Client.OLDEST
	_left = int(options.get("utterances", "-1"))
	get_root().add_child.call_deferred(client)
	_listen()
	_open.call_deferred()


func _open():
	for name in options.get("characters", "").split(","):
		var character = client.add_character(name, options.has("sound"))
		if options.has("actions"):
			character.actions = Array(options.actions.split(","))
		if options.has("natives"):
			character.natives = JSON.parse_string(options.natives)
	client.open()


func _process(_delta):
	var own = Client.Link.now()
	if options.has("sync") and own >= _next_sync:
		_next_sync = own + 0.1
		_tell("sync", {"offset": client.clock().offset if client.clock() != null and client.clock().known else null})
	if client.bridge_time() >= _interrupt_at:
		_interrupt_at = INF
		_tell("interrupting", {})
		client.interrupt()
	var over = options.has("for") and Time.get_ticks_usec() - _began > float(options["for"]) * 1000000.0
	if over or _left == 0:
		_left = -1
		options.erase("for")
		client.close()
		_tell("bye", {"frames": _frames})
		return true
	return false


func _listen():
	for heard in [
		"connected", "refused", "lost", "noted", "character_unknown", "turn", "state_changed", "utterance_began",
		"utterance_ended", "word", "cue", "released", "mouth", "frame", "answered", "playing", "captions_changed", "cancelled",
	]:
		if client.connect(heard, Callable(self, "_on_" + heard)) != OK:
			_tell("error", {"message": "no signal " + heard})


func _on_connected(version):
	_tell("connected", {"version": version, "characters": client.welcome.characters, "rate": client.welcome.rate})
	if options.has("say"):
		_tell("said", {"id": client.say(options.say)})
	if options.has("event"):
		client.tell_event(options.event, {"from": "godot"})


func _on_refused(code, message):
	_tell("refused", {"code": code, "message": message})


func _on_lost(reason):
	_tell("lost", {"reason": reason})


func _on_noted(message, suggestion):
	_tell("noted", {"message": message, "suggestion": suggestion})


func _on_character_unknown(name, message, nearest):
	_tell("character_unknown", {"name": name, "message": message, "nearest": nearest})


func _on_turn(character, has_sound, holder, message):
	_tell("turn", {"character": character.name, "has": has_sound, "holder": holder, "message": message})


func _on_state_changed(character, state):
	_tell("state", {"character": character.name, "state": state})


func _on_utterance_began(character, utterance):
	_tell("began", {"character": character.name, "utterance": utterance})
	if options.has("interrupt-after"):
		_interrupt_at = client.bridge_time() + float(options["interrupt-after"])


func _on_utterance_ended(character, utterance, complete, shown):
	var heard = {"character": character.name, "utterance": utterance, "complete": complete, "shown": shown}
	if character.sound != null:
		if character.sound.taken_at < INF and character.sound.first_start < INF:
			heard["taken_at"] = character.sound.taken_at
			heard["start"] = character.sound.first_start
		heard["underruns"] = character.sound.schedule.underruns
	_tell("ended", heard)
	_left -= 1


func _on_cancelled(character, utterance):
	var queued = character.sound.queued() if character.sound != null else null
	_tell("cancelled", {"character": character.name, "utterance": utterance, "queued": queued})


func _on_word(character, word):
	_tell("word", {"character": character.name, "text": word.text, "due": word.at, "char": word.char, "heard": _heard(character)})


func _on_cue(character, name, cue):
	var heard = _heard(character)
	var due = cue.get("start")
	_tell("cue", {"character": character.name, "name": name, "native": cue.get("native"), "due": due, "heard": heard})


func _on_released(character, name, cue):
	_tell("released", {"character": character.name, "name": name, "native": cue.get("native")})


func _on_captions_changed(character):
	_tell("captions", {"character": character.name, "captions": character.captions})


func _on_mouth(character, values):
	if not options.has("brief"):
		_tell("mouth", {"character": character.name, "open": values.open, "heard": _heard(character)})


func _on_frame(character, values):
	_frames[character.name] = _frames.get(character.name, 0) + 1
	if not options.has("brief") and _frames[character.name] % 10 == 1:
		_tell("frame", {"character": character.name, "head_pitch": values.get("head_pitch"), "channels": values.size()})


func _on_answered(id, ok, message, suggestion):
	_tell("answered", {"id": id, "ok": ok, "message": message, "suggestion": suggestion})


func _on_playing(character, report):
	_tell("playing", {"character": character.name, "report": report})


func _heard(character):
	var time = character.playhead(client.bridge_time())
	return time if time > -INF else null


func _tell(what, heard):
	heard["what"] = what
	heard["at"] = client.bridge_time()
	heard["own"] = Client.Link.now()
	print(JSON.stringify(heard))
