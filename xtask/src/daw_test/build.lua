-- Builds the session: a track that plays through ToneNet, and one that records what comes out.
-- Arguments: answers, session folder, quarter notes a minute.

start_engine("Normal Speed")
local session = create_session(arg[2], "session", RATE)
assert(session, "cannot create a session in " .. arg[2])

local map = Temporal.TempoMap.fetch_writable()
local tempo = tonumber(arg[3])
map:set_tempo(Temporal.Tempo(tempo, tempo, 4), Temporal.timepos_t(0))
Temporal.TempoMap.update(map)
map = nil

local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
local function track(name)
  return session:new_midi_track(
    midi, midi, true, ARDOUR.PluginInfo(), nil, nil, 1, name, ARDOUR.PresentationInfo.max_order,
    ARDOUR.TrackMode.Normal, false, false
  ):front()
end
local source, record = track("source"), track("record")

local plugin = ARDOUR.LuaAPI.new_plugin(session, "ToneNet", ARDOUR.PluginType.VST3, "")
assert(not plugin:isnil(), "Ardour does not find ToneNet among its VST3 plugins")
assert(source:add_processor_by_index(plugin, 0, nil, true) == 0, "Ardour cannot put ToneNet on a track")
assert(source:output():midi(0):connect(record:input():midi(0):name()) == 0, "the tracks cannot be connected")

-- The plugin keeps the tempo it sees in its state; a host that loads that state gets the latency of that tempo.
local seen = AudioEngine:processed_samples() + RATE
wait_until("a second of audio", 20, function() return AudioEngine:processed_samples() >= seen end)
tell("latency", tonenet(session):to_latent():effective_latency())
session:save_state("")
finish()
