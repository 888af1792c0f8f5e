extends RefCounted
# The connection: a thread of its own polls the socket, so that clock answers are stamped when they come, not a frame later.
# Connects again after 0.5 to 5 s; after a wrong token or version only when asked.

const Clock = preload("clock.gd")
const Messages = preload("messages.gd")
const Text = preload("text.gd")

const STEP_USEC = 500
const OPENING = 5.0
const SILENCE = 5.0  # seconds without any message after which the bridge is taken for gone
const MANY = 1024  # messages that wait for the game; motion beyond that is dropped
const FINAL_CODES = [4401, 4426]

var clock = Clock.new()
var threaded = false  # else step() has to be called each frame

var _url
var _hello
var _thread = null
var _lock = Mutex.new()
var _out = []
var _in = []
var _ending = false
var _wanted = true

var _socket = null
var _state = "waiting"
var _since = 0.0
var _next = 0.0
var _pause = 0.5
var _code = 0
var _reason = ""
var _pings = 0
var _next_ping = 0.0
var _last_heard = 0.0


# Seconds of the own clock.
static func now():
	return Time.get_ticks_usec() / 1000000.0


# Begins to connect to the address, with the hello that opens every connection; without threads step() has to be called.
func start(url, hello):
	_url = url
	_hello = hello
	if OS.has_feature("threads"):
		_thread = Thread.new()
		if _thread.start(_run) != OK:
			_thread = null
	threaded = _thread != null


# Queues a message.
func send(message):
	_lock.lock()
	_out.append(message)
	_lock.unlock()


# Takes what has come since: {what: opened | text | bytes | closed, data, code, at}.
func take():
	_lock.lock()
	var came = _in
	_in = []
	_lock.unlock()
	return came


# Seconds of the bridge's clock now, and whether it is known yet.
func bridge_time():
	_lock.lock()
	var offset = clock.offset
	_lock.unlock()
	return now() + offset


# True once the bridge's clock may be relied on.
func in_time():
	_lock.lock()
	var settled = clock.settled(now())
	_lock.unlock()
	return settled


# The bridge's clock at `at` of the own one; null before it may be relied on.
func seen(at):
	_lock.lock()
	var there = clock.to_bridge(at) if clock.settled(now()) else null
	_lock.unlock()
	return there


# Connects again after a refusal that was final; the hello may be a new one.
func retry(hello):
	_lock.lock()
	_hello = hello
	_wanted = true
	_lock.unlock()


# Says goodbye and waits for the thread.
func stop():
	_lock.lock()
	_ending = true
	_lock.unlock()
	if _thread != null:
		_thread.wait_to_finish()
		_thread = null
	else:
		step()


# Polls once; false when it is over.
func step():
	_lock.lock()
	var ending = _ending
	var wanted = _wanted
	_lock.unlock()
	if ending:
		_part()
		return false
	var time = now()
	if _state == "waiting" and wanted and time >= _next:
		_connect(time)
	elif _state != "waiting":
		_poll(time)
	return true


func _run():
	while step():
		OS.delay_usec(STEP_USEC)


func _connect(time):
	_socket = WebSocketPeer.new()
	# the sound of 15 s comes at once: room for all of it, or the engine drops messages
	_socket.inbound_buffer_size = 8 * 1024 * 1024
	_socket.outbound_buffer_size = 1024 * 1024
	_socket.max_queued_packets = 4096
	_code = 0
	_reason = ""
	_state = "connecting"
	_since = time
	if _socket.connect_to_url(_url) != OK:
		_reason = "%s is no address of a bridge" % _url
		_lost()


func _poll(time):
	_socket.poll()
	match _socket.get_ready_state():
		WebSocketPeer.STATE_OPEN:
			if _state == "connecting":
				_opened()
			_exchange(time)
		WebSocketPeer.STATE_CLOSED:
			_take_all()
			_code = _socket.get_close_code()
			_reason = _socket.get_close_reason()
			if _state == "connecting":
				_reason = "nothing answers at " + _url
			_lost()
		WebSocketPeer.STATE_CONNECTING:
			if time - _since > OPENING:
				_reason = "nothing answers at " + _url
				_lost()


func _exchange(time):
	_take_all()
	if _pings > 0 and now() >= _next_ping:
		_ping()
	_lock.lock()
	var waiting = _out
	_out = []
	_lock.unlock()
	for message in waiting:
		_put(message)
	if time - _last_heard > SILENCE:
		_reason = "the bridge has fallen silent"
		_socket.close(1001, "silence")
		_lost()


func _take_all():
	while _socket.get_available_packet_count() > 0:
		_receive(_socket.get_packet(), now())


func _receive(packet, at):
	_last_heard = at
	if not _socket.was_string_packet():
		# while a game loads a level only the motion of that time is left out
		if packet.size() > 0 and (packet[0] != 1 or _waiting() < MANY):
			_push({"what": "bytes", "data": packet, "at": at})
		return
	var message = Text.read(packet.get_string_from_utf8())
	if message == null:
		return
	match message.type:
		"pong":
			_lock.lock()
			clock.feed(Text.number(message, "sent"), at, Text.number(message, "now"))
			_lock.unlock()
			return
		"welcome":
			_pause = 0.5
			_pings = 1
			_next_ping = at
	_push({"what": "text", "data": message, "at": at})


func _ping():
	_put(Messages.ping(now()))
	_next_ping = now() + (0.05 if _pings < 4 else 1.0)
	_pings += 1


func _put(message):
	_socket.send_text(Text.write(message))


func _waiting():
	_lock.lock()
	var count = _in.size()
	_lock.unlock()
	return count


func _push(happening):
	_lock.lock()
	_in.append(happening)
	_lock.unlock()


func _opened():
	_state = "open"
	_last_heard = now()
	_pings = 0
	_lock.lock()
	_out.clear()
	clock.forget()
	var hello = _hello
	_lock.unlock()
	_push({"what": "opened", "at": now()})
	_put(hello)


func _lost():
	if _state == "waiting":
		return
	_state = "waiting"
	_next = now() + _pause
	_pause = min(_pause * 2.0, 5.0)
	_lock.lock()
	_wanted = not _code in FINAL_CODES
	_lock.unlock()
	_push({"what": "closed", "code": _code, "reason": _reason, "at": now()})


func _part():
	if _state != "open":
		return
	_socket.close(1000, "goodbye")
	var until = now() + 0.5
	while _socket.get_ready_state() != WebSocketPeer.STATE_CLOSED and now() < until:
		_socket.poll()
		OS.delay_usec(STEP_USEC)
	_state = "waiting"
