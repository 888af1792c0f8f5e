extends Reference
# JSON text into dictionaries. Godot 3 reads each half of an escaped surrogate pair as a letter: they are joined here.


# Reads one message; null where the text is no JSON object with a type.
static func read(text):
	if text.find("\\ud") >= 0 or text.find("\\uD") >= 0:
		text = joined(text)
	var parsed = JSON.parse(text)
	if parsed.error != OK or typeof(parsed.result) != TYPE_DICTIONARY:
		return null
	if typeof(parsed.result.get("type")) != TYPE_STRING:
		return null
	return parsed.result


# Writes an object as JSON; times keep their microseconds.
static func write(message):
	return JSON.print(message)


# The value of a key as a number; the default where it is missing or something else.
static func number(message, key, default = 0.0):
	var value = message.get(key)
	if typeof(value) == TYPE_REAL or typeof(value) == TYPE_INT:
		return value
	return default


# The value of a key as text; empty where it is missing or something else.
static func words(message, key):
	var value = message.get(key)
	return value if typeof(value) == TYPE_STRING else ""


# The value of a key as a list; empty where it is missing or something else.
static func list(message, key):
	var value = message.get(key)
	return value if typeof(value) == TYPE_ARRAY else []


# The text with escaped surrogate pairs as the letters that they mean.
static func joined(text):
	var parts = PoolStringArray()
	var done = 0
	var at = text.find("\\")
	while at >= 0:
		var length = 2  # of any other escape, whose second letter must not be taken for a first
		var code = _surrogate(text, at)
		if code >= 0xD800:
			var low = _surrogate(text, at + 6)
			var whole = "\\ufffd"
			length = 6
			if code < 0xDC00 and low >= 0xDC00:
				length = 12
				whole = _letter(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), text.substr(at, 12))
			parts.append(text.substr(done, at - done))
			parts.append(whole)
			done = at + length
		at = text.find("\\", at + length)
	parts.append(text.substr(done, text.length() - done))
	return parts.join("")


static func _surrogate(text, at):
	if text.substr(at, 2) != "\\u":
		return -1
	var digits = text.substr(at + 2, 4).to_lower()
	if digits.length() < 4 or digits[0] != "d" or not digits[1] in "89abcdef":
		return -1
	return ("0x" + digits).hex_to_int()


static func _letter(code, escaped):
	var letter = char(code)
	# where letters have 16 bits (Windows) the engine keeps pairs as they are
	return letter if ord(letter) == code else escaped
