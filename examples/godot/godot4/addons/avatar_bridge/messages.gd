extends RefCounted
# What a game says, as JSON objects.


static func hello(protocol, oldest, token, client, capabilities, characters):
	return {
		"type": "hello",
		"protocol": protocol,
		"oldest": oldest,
		"token": token,
		"client": client,
		"capabilities": capabilities,
		"characters": characters,
	}


static func ping(sent):
	return {"type": "ping", "sent": sent}


static func sound(character, claim):
	return {"type": "sound", "character": character, "claim": claim}


static func abilities(character, actions, natives):
	return {"type": "abilities", "character": character, "actions": actions, "natives": natives}


static func playing(character, utterance, report):
	return {
		"type": "playing",
		"character": character,
		"utterance": utterance,
		"start": report.start,
		"late_ms": report.late_ms,
		"latency_ms": report.latency_ms,
		"underruns": report.underruns,
	}


# `cue` is null for an act outside of a script; then there is no utterance either.
static func acted(character, utterance, cue, action, at):
	var which = null if cue == null else utterance
	return {"type": "acted", "character": character, "utterance": which, "cue": cue, "action": action, "at": at}


static func report(margin_ms, late_frames, fps, problems):
	var told = {"type": "report", "late_frames": late_frames, "fps": fps, "problems": problems}
	if margin_ms != null:
		told["margin_ms"] = margin_ms
	return told


# `character` is null for what is about nobody.
static func event(name, character, data):
	return {"type": "event", "name": name, "character": character, "data": data}


static func say(character, text, id):
	return {"type": "say", "character": character, "text": text, "id": id}


static func interrupt(character):
	return {"type": "interrupt", "character": character}


static func act(character, action, strength, duration, id):
	return {
		"type": "act",
		"character": character,
		"action": action,
		"strength": strength,
		"duration": duration,
		"id": id,
	}
