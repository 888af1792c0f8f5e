extends RefCounted
# Which cues of an utterance begin, and which native holds end, at a playhead.

const Text = preload("text.gd")

const LATE = 0.15  # a gesture whose word is further past than this is left out

var left_out = []  # ids that never begin, since it was last asked

var _cues = []
var _over = {}  # ids that began or were left out
var _holds = []  # what natively holds, in the order of its beginning: {name, cue, asked}
var _releases = []


# A new utterance: its cues are not told yet; what holds goes on, except what was to be released: {name, asked}.
func begin():
	_cues = []
	_over.clear()
	return ends(INF)


# Takes a cues message's list, in place of the one before.
func tell(cues):
	_cues = []
	for cue in cues:
		cue.id = int(Text.number(cue, "id"))
		cue.start = Text.number(cue, "start")
		_cues.append(cue)
	_cues.sort_custom(_earlier)


# Takes a release message.
func release(message):
	_releases.append(message)


# Notes what an act outside of a script switched on.
func hold(name, cue, asked):
	var lasting = asked.get("kind") != "gesture" or asked.get("duration") == null
	if lasting and typeof(asked.get("native")) == TYPE_DICTIONARY:
		_holds.append({"name": name, "cue": cue, "asked": asked})


# The cues that begin once `heard` was heard, in order of start, then id.
func begins(heard):
	var due = []
	left_out = []
	for cue in _cues:
		if cue.start > heard or _over.has(cue.id):
			continue
		_over[cue.id] = true
		if _too_late(cue, heard):
			left_out.append(cue.id)
		else:
			hold(Text.words(cue, "name"), cue.id, cue)
			due.append(cue)
	left_out.sort()
	return due


# The holds that end once `heard` was heard: {name, asked}.
func ends(heard):
	var ended = []
	for message in _releases.duplicate():
		if Text.number(message, "at", -INF) > heard:
			continue
		_releases.erase(message)
		for each in _holds.duplicate():
			var asked = message.get("cue") == null or (each.cue != null and each.cue == int(message.cue))
			if asked and each.name == Text.words(message, "action"):
				_holds.erase(each)
				ended.append(each)
	return ended


# Ends every hold; what is still to begin begins all the same.
func reset():
	var ended = _holds
	_holds = []
	_releases = []
	return ended


# Ends every hold and forgets the utterance's cues.
func cancel():
	_cues = []
	return reset()


static func _too_late(cue, heard):
	if Text.number(cue, "released", INF) <= heard:
		return true
	return cue.get("kind") == "gesture" and heard - Text.number(cue, "at") > LATE


func _earlier(first, second):
	return first.start < second.start or (first.start == second.start and first.id < second.id)
