extends RefCounted
# JSON text into dictionaries, and what is in them by kind.


# Reads one message; null where the text is no JSON object with a type.
static func read(text):
	var reader = JSON.new()
	if reader.parse(text) != OK or typeof(reader.data) != TYPE_DICTIONARY:
		return null
	if typeof(reader.data.get("type")) != TYPE_STRING:
		return null
	return reader.data


# Writes an object as JSON; times keep their microseconds.
static func write(message):
	return JSON.stringify(message, "", false, true)


# The value of a key as a number; the default where it is missing or something else.
static func number(message, key, default = 0.0):
	var value = message.get(key)
	if typeof(value) == TYPE_FLOAT or typeof(value) == TYPE_INT:
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
