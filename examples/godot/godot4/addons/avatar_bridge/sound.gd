extends Node
# Plays one character's voice through an AudioStreamGenerator that never stops, so that its samples are a clock.
# Put `player` in place of the one that is made here (an AudioStreamPlayer3D, say) before the node enters the tree.

const Schedule = preload("schedule.gd")

const RATE = 48000
const BUFFER = 0.2  # seconds that the engine may fall behind without a gap
const IDLE = 0.05  # seconds of silence kept in hand, so that a voice begins soon
const BLOCK = 256  # the engine takes the samples in such blocks
const CALM = 0.03  # how much of a difference a single look at the output makes
const JUMP = 0.025

var player = null
var schedule = Schedule.new()
var first_start = INF  # bridge time that was first told for the utterance's time 0
var taken_at = INF  # bridge time at which the output really took the utterance's first sample, for whoever measures

var _playback = null
var _capacity = 0
var _pushed = 0
var _voiced = 0  # behind the last sample of a voice among those pushed
var _skips = 0
var _epoch = null  # bridge time at which the output's sample 0 was heard
var _first_index = null


func _ready():
	if player == null:
		player = AudioStreamPlayer.new()
	add_child(player)
	_open()


# A new utterance has the voice.
func begin(_utterance):
	_flush()
	schedule.begin()
	taken_at = INF
	first_start = INF
	_first_index = null


# Takes a chunk as read() gives it.
func feed(chunk):
	schedule.feed(chunk.offset, chunk.data)


# No samples follow.
func finish(samples):
	schedule.finish(samples)


# Silence at once.
func stop():
	_flush()
	schedule.stop()


# The utterance's time that is heard at a bridge time.
func playhead(now):
	return schedule.heard((now - _epoch) * RATE) if _epoch != null else -INF


# Seconds of sound, silence included, that the engine has and did not take yet.
func queued():
	return (_capacity - _playback.get_frames_available()) / float(RATE) if _playback != null else 0.0


# Fills the output; returns what is to be told to the bridge, or null.
func advance(now):
	if _playback == null:
		return null
	var free = _playback.get_frames_available()
	_look(now, _pushed - (_capacity - free))
	var wanted = free
	if not schedule.playing:
		# what is in hand delays the voice that begins next
		wanted = int(max(0, min(free, IDLE * RATE - (_capacity - free))))
	if wanted > 0:
		var was_playing = schedule.playing
		var pulled = schedule.pull(wanted, _pushed)
		if schedule.playing and not was_playing and _first_index == null:
			_first_index = _pushed
		if pulled.data.size() > 0:
			_voiced = _pushed + pulled.data.size() / 2
		_playback.push_buffer(frames(pulled.data, wanted))
		_pushed += wanted
	if _epoch == null:
		return null
	var report = schedule.report(now, _epoch, AudioServer.get_output_latency())
	if report != null and first_start == INF:
		first_start = report.start
	return report


# Reads a sound message: {character, utterance, offset, rate, data}; null where it is none.
static func read(packet):
	if packet.size() < 16 or packet.size() % 2 == 1 or packet[0] != 2:
		return null
	var chunk = {"character": packet.decode_u16(2), "utterance": packet.decode_u32(4), "offset": packet.decode_u32(8)}
	chunk["rate"] = packet.decode_u32(12)
	if chunk.rate == 0:
		return null
	chunk["data"] = packet.slice(16)
	return chunk


func _look(now, consumed):
	var mixed = now - AudioServer.get_time_since_last_mix()
	var seen = mixed + AudioServer.get_output_latency() - (consumed - BLOCK / 2.0) / RATE
	var skips = _playback.get_skips()
	if _epoch == null or abs(seen - _epoch) > JUMP or skips != _skips:
		_epoch = seen
	else:
		_epoch += (seen - _epoch) * CALM
	if skips != _skips:
		_skips = skips
		schedule.skipped()
	if _first_index != null and taken_at == INF and consumed > _first_index:
		taken_at = mixed - max(0, consumed - _first_index - BLOCK) / float(RATE)


func _open():
	var generator = AudioStreamGenerator.new()
	generator.mix_rate = RATE
	generator.buffer_length = BUFFER
	player.stream = generator
	player.play()
	_playback = player.get_stream_playback()
	_capacity = _playback.get_frames_available()
	_pushed = 0
	_voiced = 0
	_skips = _playback.get_skips()
	_epoch = null


# What was handed over of a voice is taken back: only a new stream is empty at once.
func _flush():
	if _playback != null and _pushed - queued() * RATE < _voiced:
		_open()


# 16-bit samples as the engine wants them, `count` of them with silence behind.
static func frames(data, count):
	var frames = PackedVector2Array()
	frames.resize(count)
	for index in range(data.size() / 2):
		var value = data.decode_s16(index * 2) / 32767.0
		frames[index] = Vector2(value, value)
	return frames
