extends Reference
# Motion frames of one character: the newest few, and what lies between two of them.

const KEPT = 32  # more than the longest lead, 0.3 s, at 60 Hz

var margin = INF  # least seconds by which frames came before their time since it was last asked
var late = 0  # frames that came after their time

var _frames = []  # {at, values}, oldest first


# Takes one frame, unless a later one is here already; `seen` is the bridge time at which it came.
func feed(at, values, seen = null):
	if seen != null:
		margin = min(margin, at - seen)
		late += 1 if seen > at else 0
	if not _frames.empty() and at <= _frames.back().at:
		return
	_frames.append({"at": at, "values": values})
	if _frames.size() > KEPT:
		_frames.pop_front()


# The values at a bridge time, by channel: between two frames in proportion, beyond the last one as it is.
func sample(now):
	if _frames.empty():
		return {}
	var after = 0
	while after < _frames.size() and _frames[after].at <= now:
		after += 1
	if after == 0:
		return _frames[0].values
	if after == _frames.size():
		return _frames[after - 1].values
	var first = _frames[after - 1]
	var second = _frames[after]
	var share = (now - first.at) / (second.at - first.at)
	return _between(first.values, second.values, share)


# Forgets all frames.
func clear():
	_frames.clear()


# What a frame says of a channel that it does not name is rest: 0.
static func _between(first, second, share):
	var values = {}
	for name in first:
		values[name] = first[name] + (second.get(name, 0.0) - first[name]) * share
	for name in second:
		if not first.has(name):
			values[name] = second[name] * share
	return values


# Reads a motion message into [{character, at, values}]; null where it is none or not whole.
static func read(packet, channels, bones):
	var frames = []
	var stream = StreamPeerBuffer.new()
	stream.data_array = packet
	if packet.size() < 8 or packet[0] != 1:
		return null
	stream.seek(2)
	var count = stream.get_u16()
	stream.seek(8)
	for _index in range(count):
		var frame = _read_one(stream, channels, bones)
		if frame == null:
			return null
		frames.append(frame)
	return frames if stream.get_available_bytes() == 0 else null


static func _read_one(stream, channels, bones):
	if stream.get_available_bytes() < 12 + 4 * channels.size():
		return null
	var character = stream.get_u16()
	var moved = stream.get_u16()
	var frame = {"character": character, "at": stream.get_double(), "values": {}}
	for name in channels:
		frame.values[name] = stream.get_float()
	if stream.get_available_bytes() < 4 * moved:
		return null
	for _bone in range(moved):
		var bone = stream.get_u16()
		var value = stream.get_16() / 50.0
		if bone >= bones.size():
			return null
		frame.values[bones[bone]] = value
	return frame
