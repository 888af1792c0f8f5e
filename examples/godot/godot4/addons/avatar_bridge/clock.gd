extends RefCounted
# The bridge's clock as seen from here: the offset of the answer with the least round trip of the last 8.

const KEPT = 8
const SLACK = 0.010
const ENOUGH = 4  # answers after which the offset may be relied on
const PATIENCE = 0.3  # or seconds since the first answered ping

var offset = 0.0  # seconds to add to the own clock to have the bridge's
var round_trip = 0.0  # of the sample that the offset is from, in seconds
var known = false
var jumps = 0  # how often a clock was seen to jump

var _samples = []
var _contradictions = 0
var _answers = 0
var _begun = 0.0  # when the first ping that was answered left


# Takes one answer: sent and received on the own clock, now on the bridge's; true where the offset is new.
func feed(sent, received, now):
	var trip = received - sent
	if trip < 0.0:
		return false
	if _answers == 0:
		_begun = sent
	_answers += 1
	var sample = {"trip": trip, "offset": now - (sent + received) / 2.0}
	if known and abs(sample.offset - offset) > trip / 2.0 + SLACK:
		_contradictions += 1
		if _contradictions < 2:
			return false
		jumps += 1
		_samples.clear()
	_contradictions = 0
	_samples.append(sample)
	if _samples.size() > KEPT:
		_samples.pop_front()
	var best = _samples[0]
	for each in _samples:
		if each.trip <= best.trip:
			best = each
	offset = best.offset
	round_trip = best.trip
	known = true
	return true


# Forgets everything: a new connection may lead to another bridge.
func forget():
	_samples.clear()
	_contradictions = 0
	_answers = 0
	known = false


# True once the offset may be relied on: the first answers of a connection may be slow one way.
func settled(own):
	return known and (_answers >= ENOUGH or own - _begun >= PATIENCE)


# Turns seconds of the own clock into the bridge's.
func to_bridge(own):
	return own + offset
