extends RefCounted
# Which samples of an utterance go out when: begins with 60 ms in hand, waits for as much where it ran dry, and tells where
# utterance time 0 lies. The output's samples are counted from any beginning; whoever has the output says when they are heard.

const ENOUGH = 0.060
const SAY_EVERY = 0.250

var rate = 48000.0
var underruns = 0
var playing = false

var _chunks = []  # {offset, data}, in order, of what was not taken yet
var position = 0  # the next sample to go out

var _end = 0  # behind the last sample that came
var _total = INF  # samples of the whole utterance, once that is known
var _cancelled = false
var _started = false
var _base = 0.0  # where in the output the utterance's sample 0 lies
var _first_start = null
var _told = -INF
var _news = false


# A new utterance: what is left of the one before is forgotten.
func begin():
	stop()
	_cancelled = false
	underruns = 0
	_started = false
	_total = INF
	position = 0
	_end = 0
	_first_start = null


# Takes 16-bit samples that begin at a sample of the utterance; what came already is left out, what lacks is silence.
func feed(offset, data):
	if _cancelled:
		return
	if _chunks.is_empty() and not _started:
		position = offset
		_end = offset
	if offset > _end:
		var silence = PackedByteArray()
		silence.resize((offset - _end) * 2)
		_append(silence)
	var known = (_end - offset) * 2
	if known < data.size():
		_append(data if known == 0 else data.slice(known))


# Says how many samples the utterance has.
func finish(samples):
	_total = samples


# Silence from the next sample on; the utterance's time stands still.
func stop():
	_chunks.clear()
	_end = position
	playing = false
	_cancelled = true


# Takes `count` samples for the output's samples from `index` on: {data, silent}, of which the last `silent` are not spoken.
func pull(count, index):
	var taken = PackedByteArray()
	if not playing:
		var ready = _end - position
		if ready <= 0 or (ready < ENOUGH * rate and _end < _total):
			return {"data": taken, "silent": count}
		playing = true
		_started = true
		_base = index - position
		_news = true
	while taken.size() < count * 2 and not _chunks.is_empty():
		var chunk = _chunks[0]
		var from = (position - chunk.offset) * 2
		var much = min(count * 2 - taken.size(), chunk.data.size() - from)
		taken.append_array(chunk.data.slice(from, from + much))
		position += much / 2
		if from + much >= chunk.data.size():
			_chunks.pop_front()
	var silent = count - taken.size() / 2
	if silent > 0:
		playing = false
		underruns += 1 if position < _total else 0
	return {"data": taken, "silent": silent}


# Makes good what the output left out by itself: it played silence in the midst of the utterance.
func skipped():
	if playing and _end > position:
		underruns += 1
		_news = true


# The utterance's time that is heard while the output's sample `index` is; -INF before it is known.
func heard(index):
	if not _started:
		return -INF
	var time = (index - _base) / rate
	return time if playing or position >= _total else min(time, position / rate)


# What is to be told to the bridge at `now`, or null; `epoch` is when the output's sample 0 was heard.
func report(now, epoch, latency):
	if not _started or (not _news and (not playing or now - _told < SAY_EVERY)):
		return null
	_news = false
	_told = now
	var start = epoch + _base / rate
	if _first_start == null:
		_first_start = start
	var late = max(0.0, start - _first_start) * 1000.0
	return {"start": start, "late_ms": late, "latency_ms": latency * 1000.0, "underruns": underruns}


func _append(data):
	_chunks.append({"offset": _end, "data": data})
	_end += data.size() / 2
