extends RefCounted
# The mouth of one segment: how far open, and the weights of the five shapes, over time.

const SHAPES = ["aa", "ih", "ou", "ee", "oh"]

var at = 0.0  # utterance time of the first sample
var rate = 100.0

var _open = PackedByteArray()
var _shapes = PackedByteArray()


# Reads the `mouth` of a segment message.
func _init(mouth):
	at = float(mouth.get("at", 0.0))
	rate = max(float(mouth.get("rate", 100.0)), 1.0)
	_open = _bytes(mouth.get("open"))
	_shapes = _bytes(mouth.get("shapes"))


# The mouth at an utterance time: {open, aa, ih, ou, ee, oh}, each 0 to 1; null outside the segment's samples.
func sample(time):
	var place = (time - at) * rate
	var last = _open.size() - 1
	if place < 0.0 or place > last:
		return null
	var index = int(min(floor(place), max(last - 1, 0)))
	var share = place - index
	var values = {"open": _blend(_open, index, 1, share)}
	for shape in range(5):
		values[SHAPES[shape]] = _blend(_shapes, index * 5 + shape, 5, share)
	return values


# A closed mouth.
static func closed():
	return {"open": 0.0, "aa": 0.0, "ih": 0.0, "ou": 0.0, "ee": 0.0, "oh": 0.0}


static func _bytes(base64):
	if typeof(base64) != TYPE_STRING or base64 == "":
		return PackedByteArray()
	return Marshalls.base64_to_raw(base64)


static func _blend(bytes, index, step, share):
	if index >= bytes.size():
		return 0.0
	var first = bytes[index]
	var second = bytes[index + step] if index + step < bytes.size() else first
	return (first + (second - first) * share) / 255.0
