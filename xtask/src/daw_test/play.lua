-- Plays the piece from its start and records what comes out of ToneNet.
-- Arguments: answers, session folder, file of notes to write first ("-" for none), samples to play, whether Ardour is to
-- "heed" or "ignore" the latency that the plugin reports, and the engine's speed.

local session = open_session(arg[2], arg[6])
local source, record = session:route_by_name("source"):to_track(), session:route_by_name("record"):to_track()

if arg[5] == "ignore" then tonenet(session):to_latent():set_user_latency(0) end

local function first_region(track)
  for region in track:playlist():region_list():iter() do return region end
end

local function write_notes(path)
  local model = first_region(source):to_midiregion():midi_source(0):model()
  local change = model:new_note_diff_command("write the piece")
  for line in io.lines(path) do
    local numbers = {}
    for number in line:gmatch("%d+") do numbers[#numbers + 1] = tonumber(number) end
    local channel, onset, length, key, velocity = table.unpack(numbers)
    change:add(ARDOUR.LuaAPI.new_noteptr(channel, Temporal.Beats(0, onset), Temporal.Beats(0, length), key, velocity))
  end
  model:apply_command(session, change)
end
if arg[3] ~= "-" then write_notes(arg[3]) end

local before = {}
for region in record:playlist():region_list():iter() do before[region:name()] = true end

source:rec_enable_control():set_value(0, BY_TRACK)
record:rec_enable_control():set_value(1, BY_TRACK)
session:maybe_enable_record(false)
session:request_locate(0, false, ARDOUR.LocateTransportDisposition.MustStop, BY_USER)
wait_until("the record button", 10, function()
  return record:rec_enable_control():get_value() == 1 and session:record_status() == ARDOUR.Session.RecordState.Enabled
end)
wait_until("the start of the session", 10, function()
  return session:transport_stopped() and session:transport_sample() == 0
end)

tell("latency", tonenet(session):to_latent():effective_latency())
local last = tonumber(arg[4])
local began = ARDOUR.LuaAPI.monotonic_time()
session:request_roll(BY_USER)
wait_until("the end of the piece", 2 * last / RATE + 30, function() return session:transport_sample() >= last end)
tell("seconds", (ARDOUR.LuaAPI.monotonic_time() - began) / 1e6)
session:request_stop(false, false, BY_USER)
wait_until("the transport to stop", 10, function() return session:transport_stopped() end)

local function recorded()
  for region in record:playlist():region_list():iter() do
    if not before[region:name()] then return region end
  end
end
wait_until("the recorded region", 30, function() return recorded() ~= nil end)
local region = recorded()
tell("take", region:name())
tell("position", region:position():samples() - region:start():samples())
-- Only then is the take's file complete.
session:save_state("")
finish()
