extends Node
# Avatar Bridge for Godot 3: add this script to a Node, call add_character() and open(), and connect the signals.
# Everything happens in _process(): signals come on the main thread.

signal connected(version)
signal refused(code, message)  # token, version, hello or full; in words: what was expected, what came, what to do
signal lost(reason)  # the connection broke; it is made again by itself
signal noted(message, suggestion)
signal character_unknown(name, message, nearest)
signal turn(character, has_sound, holder, message)  # who plays the voice from now on
signal state_changed(character, state)
signal utterance_began(character, utterance)
signal utterance_ended(character, utterance, complete, shown)
signal word(character, word)  # {text, at, duration, char} as it is heard
signal cue(character, name, cue)  # cue.native is what the game shows by itself, null where it comes as motion
signal released(character, name, cue)  # a native hold ends
signal mouth(character, values)  # {open, aa, ih, ou, ee, oh} each frame while an utterance runs
signal frame(character, values)  # the rig's channels by name, each frame
signal answered(id, ok, message, suggestion)  # to say() and act()
signal captions_changed(character)  # character.captions is new: [{at, end, lines: [[{text, at, end}]]}]
signal cancelled(character, utterance)  # interrupted: silent and the mouth closed already
signal playing(character, report)  # what the bridge was told of the voice that plays here

const PROTOCOL = 1
const REFUSALS = {4400: "hello", 4401: "token", 4426: "version", 4503: "full"}
const OLDEST = 1
const VERSION = "0.1.0"
const REPORT_EVERY = 2.0

const Character = preload("character.gd")
const Link = preload("link.gd")
const Messages = preload("messages.gd")
const Motion = preload("motion.gd")
const Mouth = preload("mouth.gd")
const Sound = preload("sound.gd")
const Text = preload("text.gd")

export(String) var address = "ws://127.0.0.1:8787/v1/game"
export(String) var token = ""
export(String) var game = "Godot game"
export(bool) var takes_motion = true

var protocol = PROTOCOL
var oldest = OLDEST
var characters = []
var welcome = {}  # the bridge's welcome; empty while not connected
var refusal = ""  # why the bridge does not want this game, in words

var _link = null
var _by_number = {}
var _next_report = 0.0
var _loss_is_said = false
var _turn_is_said = ""
var _problems = []
var _asked = 0


# Shows the character of that name ("" is the main one); with `sound` the game plays its voice.
func add_character(name = "", sound = false):
	var character = Character.new(name)
	if sound:
		character.sound = Sound.new()
		add_child(character.sound)
	characters.append(character)
	return character


# Connects, and connects again whenever the connection breaks.
func open():
	close()
	refusal = ""
	_link = Link.new()
	_link.start(address, _hello())


# Connects again after a wrong token or version was put right.
func retry():
	if _link != null:
		refusal = ""
		_link.retry(_hello())


# Says goodbye.
func close():
	if _link == null:
		return
	_link.stop()
	_link = null
	_forget()


# Seconds of the bridge's clock.
func bridge_time():
	return _link.bridge_time() if _link != null else 0.0


# The offset, round trip and jumps of the clock, for whoever measures.
func clock():
	return _link.clock if _link != null else null


# Speaks tagged text ("Hi! [wave]"); the answer comes as `answered` with the id that is returned.
func say(text, character = null):
	_asked += 1
	_tell(Messages.say(_number(character), text, "say-%d" % _asked))
	return "say-%d" % _asked


# Stops what the character says.
func interrupt(character = null):
	_tell(Messages.interrupt(_number(character)))


# Does an action of the motion map outside of speech.
func act(action, strength = 1.0, character = null):
	_asked += 1
	_tell(Messages.act(_number(character), action, strength, null, "act-%d" % _asked))
	return "act-%d" % _asked


# Tells the bridge what happened in the game: "player_near", {"distance": 2}; about a character or about none.
func tell_event(name, data = {}, character = null):
	var about = null if character == null else character.number
	_tell(Messages.event(name, about, data))


# Claims a character's voice for this game, or gives it up; `turn` is the answer.
func claim_sound(character, claim):
	if claim and character.sound == null:
		character.sound = Sound.new()
		add_child(character.sound)
	_tell(Messages.sound(character.number, claim))


# Tells anew what the game can do by itself, from the character's `actions` and `natives`.
func update_abilities(character):
	_tell(Messages.abilities(character.number, character.actions, character.natives))


# Reports a problem to whoever runs the bridge, with the next report.
func tell_problem(message, suggestion = ""):
	if _problems.size() < 16:
		_problems.append({"message": message, "suggestion": suggestion})
		push_warning("Avatar Bridge: %s %s" % [message, suggestion])


func _exit_tree():
	close()


func _process(_delta):
	if _link == null:
		return
	if not _link.threaded:
		_link.step()
	for happening in _link.take():
		match happening.what:
			"text":
				_read(happening.data)
			"bytes":
				_read_bytes(happening.data, happening.at)
			"closed":
				_lost(happening)
	if welcome.empty() or not _link.in_time():
		return
	var now = _link.bridge_time()
	for character in characters:
		if character.number >= 0:
			_advance(character, now)
	_report(now)


func _advance(character, now):
	if character.sound != null and character.has_sound:
		var report = character.sound.advance(now)
		if report != null:
			_tell(Messages.playing(character.number, character.utterance, report))
			emit_signal("playing", character, report)
	_emit(character, character.advance(now))
	if character.running:
		emit_signal("mouth", character, character.mouth(now))
	if takes_motion:
		var values = character.motion.sample(now)
		if not values.empty():
			emit_signal("frame", character, values)


func _read(message):
	var type = Text.words(message, "type")
	var number = message.get("character")
	match type:
		"welcome":
			_welcome(message)
		"refused":
			refusal = Text.words(message, "message")
			push_error("Avatar Bridge refused the connection: " + refusal)
			emit_signal("refused", Text.words(message, "code"), refusal)
		"note":
			push_warning("Avatar Bridge: %s %s" % [Text.words(message, "message"), Text.words(message, "suggestion")])
			emit_signal("noted", Text.words(message, "message"), Text.words(message, "suggestion"))
		"result":
			var ok = message.get("ok") == true
			var id = message.get("id")
			emit_signal("answered", id, ok, Text.words(message, "message"), Text.words(message, "suggestion"))
		_:
			if typeof(number) == TYPE_REAL and _by_number.has(int(number)):
				_read_about(_by_number[int(number)], type, message)


func _read_about(character, type, message):
	if type == "turn":
		var had = character.has_sound
		character.has_sound = message.get("has") == true
		if character.sound != null and had and not character.has_sound:
			character.sound.stop()
		elif character.sound != null and character.has_sound and not had:
			# perhaps in mid-utterance: its sound comes from wherever it is heard now
			character.sound.begin(character.utterance)
		var holder = Text.words(message, "holder")
		if not character.has_sound and character.sound != null and not holder in ["", _turn_is_said]:
			_turn_is_said = holder
			push_warning("Avatar Bridge: no voice from here. " + Text.words(message, "message"))
		emit_signal("turn", character, character.has_sound, holder, Text.words(message, "message"))
	else:
		_emit(character, character.feed(message, _link.bridge_time()))


func _read_bytes(packet, at):
	if packet.size() < 8:
		return
	if packet[0] == 1 and not welcome.empty():
		var frames = Motion.read(packet, welcome.channels, welcome.bones)
		for each in frames if frames != null else []:
			if _by_number.has(each.character):
				_by_number[each.character].motion.feed(each.at, each.values, _link.seen(at))
	elif packet[0] == 2:
		var chunk = Sound.read(packet)
		if chunk == null or not _by_number.has(chunk.character):
			return
		var character = _by_number[chunk.character]
		if character.sound != null and chunk.utterance == character.utterance:
			character.sound.feed(chunk)


func _emit(character, happenings):
	for each in happenings:
		match each.what:
			"began":
				emit_signal("utterance_began", character, each.utterance)
			"ended":
				emit_signal("mouth", character, Mouth.closed())
				emit_signal("captions_changed", character)
				emit_signal("utterance_ended", character, character.utterance, each.complete, each.shown)
			"captions":
				emit_signal("captions_changed", character)
			"cancelled":
				emit_signal("mouth", character, Mouth.closed())
				emit_signal("captions_changed", character)
				emit_signal("cancelled", character, character.utterance)
			"state":
				emit_signal("state_changed", character, character.state)
			"word":
				emit_signal("word", character, each.word)
			"released":
				emit_signal("released", character, each.name, each.cue)
			"cue":
				emit_signal("cue", character, each.name, each.cue)
				_acted(character, each)


func _acted(character, happening):
	_tell(Messages.acted(character.number, character.utterance, happening.id, happening.name, happening.at))


func _welcome(message):
	refusal = ""
	welcome = message
	_by_number.clear()
	for each in Text.list(message, "characters"):
		for character in characters:
			if character.name == Text.words(each, "name"):
				character.number = int(Text.number(each, "number"))
				character.has_sound = each.get("sound") == "yours"
				_by_number[character.number] = character
	_next_report = 0.0
	_loss_is_said = false
	_turn_is_said = ""
	emit_signal("connected", Text.words(message, "version"))
	for each in Text.list(message, "unknown"):
		var words = Text.words(each, "message")
		push_warning("Avatar Bridge: " + words)
		emit_signal("character_unknown", Text.words(each, "name"), words, Text.words(each, "nearest"))


func _lost(happening):
	_forget()
	# the words of a refusal may be lost on the way; its code comes with the closing
	if refusal == "" and REFUSALS.has(happening.code):
		refusal = happening.reason
		push_error("Avatar Bridge refused the connection: " + refusal)
		emit_signal("refused", REFUSALS[happening.code], refusal)
	elif refusal == "":
		if not _loss_is_said:
			push_warning("Avatar Bridge: %s. Is it running? Start it with: avatar-bridge serve --driver game" % happening.reason)
		_loss_is_said = true
		emit_signal("lost", happening.reason)


func _forget():
	welcome = {}
	_by_number.clear()
	for character in characters:
		var was_running = character.running
		var happenings = character.forget()
		if was_running:
			happenings.append({"what": "ended", "complete": false, "shown": ""})
		_emit(character, happenings)


func _report(now):
	if now < _next_report:
		return
	_next_report = now + REPORT_EVERY
	var margin = INF
	var late = 0
	for character in characters:
		margin = min(margin, character.motion.margin)
		late += character.motion.late
		character.motion.margin = INF
		character.motion.late = 0
	var margin_ms = margin * 1000.0 if margin < INF else null
	_tell(Messages.report(margin_ms, late, Engine.get_frames_per_second(), _problems))
	_problems = []


func _tell(message):
	if _link != null and not welcome.empty():
		_link.send(message)


func _number(character):
	if character != null:
		return character.number
	return characters[0].number if not characters.empty() else 0


func _hello():
	var shown = []
	for character in characters:
		shown.append(
			{
				"name": character.name,
				"sound": character.sound != null,
				"actions": character.actions,
				"natives": character.natives,
			}
		)
	var client = {"name": game, "engine": "godot", "version": VERSION}
	var wants = ["sound", "motion", "speech", "captions"] if takes_motion else ["sound", "speech", "captions"]
	return Messages.hello(protocol, oldest, token, client, wants, shown)
