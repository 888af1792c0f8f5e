extends Reference
# One character: its utterance's words, cues, mouth and captions on the playhead, and its motion on the bridge's clock.
# Messages are fed in; advance() gives out what is due.

const Text = preload("text.gd")
const Motion = preload("motion.gd")
const Mouth = preload("mouth.gd")
const Sound = preload("sound.gd")

const LATE = 0.15  # a gesture whose word is further past than this when it is told of is left out

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
var _cues = []
var _begun = {}  # cue ids that began, and those left out
var _mouths = []
var _clock = {}
var _acts = []
var _releases = []
var _holds = {}  # what natively holds, by key: the cue or act that began it


func _init(its_name):
	name = its_name


# Utterance time that is heard at a bridge time; -INF before it is known.
func playhead(now):
	if has_sound and sound != null:
		return sound.playhead(now)
	if _clock.empty():
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
	var of_utterance = type in ["segment", "cues", "captions", "clock", "closed", "cancel", "ended", "sound_end"]
	if of_utterance and Text.number(message, "utterance") != utterance:
		return []
	match type:
		"utterance":
			return _begin(int(Text.number(message, "utterance")))
		"segment":
			_place(message)
		"cues":
			_replace(Text.list(message, "cues"), now)
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
			_releases.append(message)
		"reset":
			return _let_go()
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
	for act in _taken(_acts, now, INF):
		_begin_one(act, "act " + Text.words(act, "action"), null, now, due)
	if running:
		while _next_word < _words.size() and _words[_next_word].at <= time:
			due.append({"what": "word", "word": _words[_next_word]})
			_next_word += 1
		for cue in _cues:
			if cue.start <= time and not _begun.has(cue.id):
				_begun[cue.id] = true
				_begin_one(cue, "cue %d" % cue.id, int(cue.id), now, due)
	for release in _taken(_releases, time, -INF):
		_release(release, due)
	return due


# Ends everything that belongs to a connection.
func forget():
	var due = _cancel() if running else _let_go()
	motion.clear()
	number = -1
	has_sound = false
	_clock = {}
	_acts.clear()
	_releases.clear()
	if sound != null:
		sound.stop()
	return due


func _begin(which):
	utterance = which
	running = true
	captions = []
	_words.clear()
	_next_word = 0
	_cues = []
	_begun.clear()
	_mouths.clear()
	_clock = {}
	_releases.clear()
	if sound != null:
		sound.begin(which)
	return [{"what": "began", "utterance": which}]


func _place(message):
	for word in Text.list(message, "words"):
		word.at = Text.number(word, "at")
		_words.append(word)
	if typeof(message.get("mouth")) == TYPE_DICTIONARY:
		_mouths.append(Mouth.new(message.mouth))


func _replace(cues, now):
	var time = playhead(now)
	_cues = []
	for cue in cues:
		cue.id = int(Text.number(cue, "id"))
		cue.start = Text.number(cue, "start")
		var late = time - Text.number(cue, "at") > LATE and cue.start < time
		if late and Text.words(cue, "kind") == "gesture":
			_begun[cue.id] = true
		_cues.append(cue)
	_cues.sort_custom(self, "_earlier")


func _earlier(first, second):
	return first.start < second.start


func _recaption(message):
	var from = int(Text.number(message, "from"))
	while captions.size() > from:
		captions.pop_back()
	captions += Text.list(message, "captions")


func _begin_one(asked, key, cue, now, due):
	if typeof(asked.get("native")) == TYPE_DICTIONARY and asked.get("kind") != "gesture":
		_holds[key] = asked
	due.append({"what": "cue", "cue": asked, "id": cue, "name": _action(asked), "at": now})


func _release(release, due):
	var cue = release.get("cue")
	var key = "act " + Text.words(release, "action") if cue == null else "cue %d" % cue
	if _holds.has(key):
		due.append({"what": "released", "cue": _holds[key], "name": Text.words(release, "action")})
		_holds.erase(key)


func _cancel():
	running = false
	captions = []
	_releases.clear()
	if sound != null:
		sound.stop()
	return [{"what": "cancelled"}] + _let_go()


func _end(message):
	running = false
	captions = []
	if sound != null:
		sound.stop()
	var due = []
	for release in _taken(_releases, INF, -INF):
		_release(release, due)
	due.append(
		{
			"what": "ended",
			"heard": Text.number(message, "heard"),
			"complete": message.get("complete") == true,
			"shown": Text.words(message, "shown"),
		}
	)
	return due


func _let_go():
	var due = []
	for key in _holds:
		due.append({"what": "released", "cue": _holds[key], "name": _action(_holds[key])})
	_holds.clear()
	return due


static func _action(asked):
	return asked.name if asked.has("name") else Text.words(asked, "action")


static func _taken(waiting, time, unless):
	var due = []
	for each in waiting.duplicate():
		if Text.number(each, "at", unless) <= time:
			due.append(each)
			waiting.erase(each)
	return due
