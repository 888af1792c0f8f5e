extends RefCounted
# One character: its utterance's words, cues, mouth and captions on the playhead, and its motion on the bridge's clock.
# Messages are fed in; advance() gives out what is due.

const Text = preload("text.gd")
const Motion = preload("motion.gd")
const Mouth = preload("mouth.gd")
const Cues = preload("cues.gd")

var name = ""
var number = -1  # on the wire; -1 while the bridge does not know it
var state = "idle"  # idle, speaking, listening, thinking
var utterance = 0
var running = false  # between `utterance` and `ended` or `cancel`
var has_sound = false
var actions = []  # what this game performs under the motion map's own names
var natives = {}  # what its body knows: {"trigger": [...], "state": [...], "clip": [...], "expression": [...]}
var motion = Motion.new()
var sound = null  # Sound while this game plays the voice
var captions = []

var _words = []
var _next_word = 0
var _cues = Cues.new()
var _mouths = []
var _clock = {}
var _acts = []


func _init(its_name):
	name = its_name


# Utterance time that is heard at a bridge time; -INF before it is known.
func playhead(now):
	if has_sound and sound != null:
		return sound.playhead(now)
	if _clock.is_empty():
		return -INF
	return _clock.heard + (now - _clock.now if _clock.running else 0.0)


# The mouth at a bridge time, each 0 to 1.
func mouth(now):
	if running:
		var time = playhead(now)
		for each in _mouths:
			var values = each.sample(time)
			if values != null:
				return values
	return Mouth.closed()


# Takes a message about this character; returns what happens at once.
func feed(message, now):
	var type = Text.words(message, "type")
	var of_utterance = type in ["segment", "corrected", "cues", "captions", "clock", "closed", "cancel", "ended", "sound_end"]
	if of_utterance and Text.number(message, "utterance") != utterance:
		return []
	match type:
		"utterance":
			return _begin(int(Text.number(message, "utterance")))
		"segment":
			_place(message)
		"corrected":
			_correct(message)
		"cues":
			if running:
				_cues.tell(Text.list(message, "cues"))
		"captions":
			_recaption(message)
			return [{"what": "captions"}]
		"clock":
			_clock = {
				"now": Text.number(message, "now"),
				"heard": Text.number(message, "heard"),
				"running": message.get("running") == true,
			}
		"cancel":
			return _cancel()
		"ended":
			return _end(message)
		"act":
			_acts.append(message)
		"release":
			if not running:
				message.at = null
			_cues.release(message)
		"reset":
			return _let_go(_cues.reset())
		"state":
			state = Text.words(message, "state")
			return [{"what": "state"}]
		"sound_end":
			if sound != null:
				sound.finish(int(Text.number(message, "samples")))
	return []


# What is due at a bridge time, in order: {what: word | cue | released, ...}.
func advance(now):
	var due = []
	var time = playhead(now)
	for act in _acts.duplicate():
		if Text.number(act, "at") <= now:
			_acts.erase(act)
			_cues.hold(Text.words(act, "action"), null, act)
			due.append({"what": "cue", "cue": act, "id": null, "name": Text.words(act, "action"), "at": now})
	if running:
		while _next_word < _words.size() and _words[_next_word].at <= time:
			due.append({"what": "word", "word": _words[_next_word]})
			_next_word += 1
		for cue in _cues.begins(time):
			due.append({"what": "cue", "cue": cue, "id": cue.id, "name": Text.words(cue, "name"), "at": now})
	return due + _let_go(_cues.ends(time))


# Ends everything that belongs to a connection.
func forget():
	var due = _cancel() if running else _let_go(_cues.reset())
	motion.clear()
	number = -1
	has_sound = false
	_clock = {}
	_acts.clear()
	if sound != null:
		sound.stop()
	return due


func _begin(which):
	utterance = which
	running = true
	captions = []
	_words.clear()
	_next_word = 0
	var released = _let_go(_cues.begin())
	_mouths.clear()
	_clock = {}
	if sound != null:
		sound.begin(which)
	return released + [{"what": "began", "utterance": which}]


func _place(message):
	for word in Text.list(message, "words"):
		word.at = Text.number(word, "at")
		_words.append(word)
	if typeof(message.get("mouth")) == TYPE_DICTIONARY:
		_mouths.append(Mouth.new(message.mouth))


# A segment that is known, with its words and mouth at better times; words that were told are not told again.
func _correct(message):
	var words = Text.list(message, "words")
	for word in words:
		word.at = Text.number(word, "at")
		for index in range(_words.size()):
			if _words[index].get("char") == word.get("char"):
				_words[index] = word
	if typeof(message.get("mouth")) == TYPE_DICTIONARY:
		var better = Mouth.new(message.mouth)
		for index in range(_mouths.size()):
			if _mouths[index].at == better.at:
				_mouths[index] = better


func _recaption(message):
	var from = int(Text.number(message, "from"))
	while captions.size() > from:
		captions.pop_back()
	captions += Text.list(message, "captions")


func _cancel():
	running = false
	captions = []
	if sound != null:
		sound.stop()
	return [{"what": "cancelled"}] + _let_go(_cues.cancel())


func _end(message):
	running = false
	captions = []
	if sound != null:
		sound.stop()
	var ended = {"what": "ended", "heard": Text.number(message, "heard"), "complete": message.get("complete") == true}
	ended["shown"] = Text.words(message, "shown")
	return _let_go(_cues.ends(INF)) + [ended]


static func _let_go(holds):
	var due = []
	for each in holds:
		due.append({"what": "released", "name": each.name, "cue": each.asked})
	return due
