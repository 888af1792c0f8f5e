extends SceneTree
# Runs the vectors of the game protocol through the client's parts: one JSON object a case, {"file", "case", "wrong": [...]}.
#   godot3-server --no-window --path examples/godot/godot3 -s tests/godot/vectors.gd --vectors=FOLDER

const Character = preload("res://addons/avatar_bridge/character.gd")
const Clock = preload("res://addons/avatar_bridge/clock.gd")
const Cues = preload("res://addons/avatar_bridge/cues.gd")
const Messages = preload("res://addons/avatar_bridge/messages.gd")
const Motion = preload("res://addons/avatar_bridge/motion.gd")
const Mouth = preload("res://addons/avatar_bridge/mouth.gd")
const Schedule = preload("res://addons/avatar_bridge/schedule.gd")
const Sound = preload("res://addons/avatar_bridge/sound.gd")
const Text = preload("res://addons/avatar_bridge/text.gd")

var _folder = ""
var _tolerance = 1e-4
var _wrong = []


func _init():
	for argument in OS.get_cmdline_args():
		if argument.begins_with("--vectors="):
			_folder = argument.substr(10, argument.length())
	for name in ["clock", "cues", "mouth", "playhead", "sampling", "motion", "sound", "messages"]:
		var vectors = _load(name)
		_tolerance = vectors.tolerance
		for part in ["cases", "reads", "bad", "writes"]:
			var index = 0
			for case in vectors.get(part, []):
				_wrong = []
				if typeof(case) == TYPE_STRING:
					case = {"text": case, "name": "%d: %s" % [index, case.substr(0, 60)]}
				call("_%s_%s" % [name, part], case, vectors)
				print(JSON.print({"file": name, "part": part, "case": case.name, "wrong": _wrong}))
				index += 1
	print(JSON.print({"done": true}))
	quit()


func _clock_cases(case, _vectors):
	var clock = Clock.new()
	for sample in case.samples:
		clock.feed(sample.sent, sample.received, sample.now)
		_same("offset after %s" % sample.sent, clock.offset if clock.known else null, sample.offset)
		if sample.has("settled"):
			_same("settled at %s" % sample.received, clock.settled(sample.received), sample.settled)


func _cues_cases(case, _vectors):
	var cues = Cues.new()
	var running = true
	cues.begin()
	for tick in case.ticks:
		var ended = []
		if tick.get("utterance", false):
			ended += cues.begin()
		if tick.get("ended", false):
			ended += cues.ends(INF)
		if tick.get("cancel", false):
			running = false
			ended += cues.cancel()
		if tick.has("tell") and running:
			cues.tell(tick.tell)
		if tick.has("release"):
			cues.release(tick.release)
		if tick.get("reset", false):
			ended += cues.reset()
		var begun = []
		for cue in cues.begins(tick.heard):
			begun.append(float(cue.id))
		ended += cues.ends(tick.heard)
		var names = []
		for each in ended:
			names.append(each.name)
		_same("begin at %s" % tick.heard, begun, tick.begin)
		_same("left_out at %s" % tick.heard, _floats(cues.left_out), tick.left_out)
		_same("ends at %s" % tick.heard, names, tick.ends)


func _mouth_cases(case, _vectors):
	var character = Character.new("")
	character.feed({"type": "utterance", "utterance": 1.0}, 0.0)
	for mouth in case.mouths:
		character.feed({"type": "segment", "utterance": 1.0, "words": [], "mouth": mouth}, 0.0)
	for sample in case.samples:
		character.feed({"type": "clock", "utterance": 1.0, "now": 0.0, "heard": sample.time, "running": false}, 0.0)
		var values = character.mouth(0.0)
		_same("open at %s" % sample.time, values.open, sample.open)
		for index in range(5):
			_same("%s at %s" % [Mouth.SHAPES[index], sample.time], values[Mouth.SHAPES[index]], sample.shapes[index])


func _playhead_cases(case, vectors):
	var schedule = Schedule.new()
	var block = int(vectors.block)
	schedule.rate = float(vectors.rate)
	schedule.begin()
	for step in case.steps:
		for chunk in step.get("arrive", []):
			var data = PoolByteArray()
			data.resize(int(chunk.samples) * 2)
			schedule.feed(int(chunk.offset), data)
		if step.has("end"):
			schedule.finish(int(step.end))
		if step.get("cancel", false):
			schedule.stop()
		var index = step.dsp * vectors.rate
		var pulled = schedule.pull(block, index)
		_same("taken at %s" % step.dsp, block - pulled.silent, step.taken)
		_same("position at %s" % step.dsp, schedule.position, step.position)
		var epoch = case.offset + case.latency_ms / 1000.0
		# told at once: what every 250 ms says anew is not asked for here
		var report = schedule.report(0.0, epoch, case.latency_ms / 1000.0)
		_same("report at %s" % step.dsp, report, step.report)


func _sampling_cases(case, _vectors):
	var motion = Motion.new()
	var fed = 0
	for sample in case.samples:
		while fed < sample.get("after", case.frames.size()):
			var frame = case.frames[fed]
			var values = frame.channels.duplicate()
			for bone in frame.bones:
				values[bone] = frame.bones[bone]
			motion.feed(frame.at, values)
			fed += 1
		var seen = motion.sample(sample.time)
		if sample.channels == null:
			_same("nothing at %s" % sample.time, seen, {})
			continue
		var expected = sample.channels.duplicate()
		for bone in sample.bones:
			expected[bone] = sample.bones[bone]
		for name in expected:
			_same("%s at %s" % [name, sample.time], seen.get(name, 0.0), expected[name])
		for name in seen:
			_same("%s is asked for at %s" % [name, sample.time], expected.has(name) or seen[name] == 0.0, true)


func _motion_cases(case, vectors):
	var layout = case.get("layout", vectors)
	var frames = Motion.read(Marshalls.base64_to_raw(case.binary), layout.channels, layout.bones)
	if frames == null or frames.size() != case.frames.size():
		_wrong.append("expected %d frames, got %s" % [case.frames.size(), frames])
		return
	for index in range(frames.size()):
		var expected = case.frames[index]
		_same("character", frames[index].character, expected.character)
		_same("at", frames[index].at, expected.at)
		for place in range(layout.channels.size()):
			_same(layout.channels[place], frames[index]["values"][layout.channels[place]], expected.channels[place])
		for bone in layout.bones:
			_same(bone, frames[index]["values"].get(bone, 0.0), expected.bones.get(bone, 0.0))


func _motion_bad(case, vectors):
	_same("frames", Motion.read(_bytes(case.binary), vectors.channels, vectors.bones), null)


func _sound_cases(case, _vectors):
	var chunk = Sound.read(Marshalls.base64_to_raw(case.binary))
	for key in ["character", "utterance", "offset", "rate"]:
		_same(key, chunk[key], case[key])
	var frames = Sound.frames(chunk.data, case.samples.size())
	for index in range(frames.size()):
		_same("sample %d" % index, frames[index].x, case.samples[index] / 32767.0)


func _sound_bad(case, _vectors):
	_same("sound", Sound.read(_bytes(case.binary)), null)


func _messages_reads(case, _vectors):
	var message = Text.read(case.text)
	if message == null:
		_wrong.append("it was not read")
		return
	_same("type", message.type, case.type)
	for path in case.get("values", {}):
		_same(path, _at(message, path), case["values"][path])
	for path in case.get("counts", {}):
		_same(path, _at(message, path).size(), case.counts[path])
	for path in case.get("starts", {}):
		_same(path, _at(message, path).begins_with(case.starts[path]), true)
	for path in case.get("bytes", {}):
		_same(path, Array(_bytes(_at(message, path))), case.bytes[path])


func _messages_bad(case, _vectors):
	_same("read", Text.read(case.text), null)


func _messages_writes(case, _vectors):
	var asked = case.message
	_same("text", JSON.parse(Text.write(_written(asked))).result, asked)


func _written(asked):
	match asked.type:
		"hello":
			var client = asked.client
			return Messages.hello(1, 1, asked.token, client, asked.capabilities, asked.characters)
		"ping":
			return Messages.ping(asked.sent)
		"sound":
			return Messages.sound(asked.character, asked.claim)
		"abilities":
			return Messages.abilities(asked.character, asked.actions, asked.natives)
		"playing":
			return Messages.playing(asked.character, asked.utterance, asked)
		"acted":
			return Messages.acted(asked.character, asked.utterance, asked.cue, asked.action, asked.at)
		"report":
			return Messages.report(asked.margin_ms, asked.late_frames, asked.fps, asked.problems)
		"event":
			return Messages.event(asked.name, asked.character, asked.data)
		"say":
			return Messages.say(asked.character, asked.text, asked.id)
		"interrupt":
			return Messages.interrupt(asked.character)
		"act":
			return Messages.act(asked.character, asked.action, asked.strength, asked.duration, asked.id)
	return {}


func _same(what, got, expected):
	if not _alike(got, expected):
		_wrong.append("%s: expected %s, got %s" % [what, JSON.print(expected), JSON.print(got)])


func _alike(got, expected):
	if typeof(expected) == TYPE_REAL and typeof(got) in [TYPE_REAL, TYPE_INT]:
		return abs(got - expected) <= _tolerance
	if typeof(expected) != typeof(got):
		return false
	if typeof(expected) == TYPE_ARRAY:
		var alike = got.size() == expected.size()
		for index in range(got.size() if alike else 0):
			alike = alike and _alike(got[index], expected[index])
		return alike
	if typeof(expected) == TYPE_DICTIONARY:
		var alike = got.size() == expected.size()
		for key in expected:
			alike = alike and got.has(key) and _alike(got[key], expected[key])
		return alike
	return got == expected


func _at(message, path):
	var value = message
	for step in path.split("."):
		value = value[int(step)] if typeof(value) == TYPE_ARRAY else value[step]
	return value


func _floats(values):
	var floats = []
	for value in values:
		floats.append(float(value))
	return floats


func _bytes(base64):
	return Marshalls.base64_to_raw(base64) if base64 != "" else PoolByteArray()


func _load(name):
	var file = File.new()
	if file.open(_folder + "/" + name + ".json", File.READ) != OK:
		print(JSON.print({"file": name, "part": "file", "case": name, "wrong": ["it cannot be read"]}))
		return {"tolerance": 0.0}
	return JSON.parse(Text.joined(file.get_as_text())).result
