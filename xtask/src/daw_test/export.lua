-- Exports the piece through ToneNet and Ardour's own synthesiser, faster than real time.
-- Arguments: answers, session folder, samples to export, folder of the audio, its name.

local session = open_session(arg[2], "Normal Speed")
local source, master = session:route_by_name("source"), session:master_out()
source:to_track():rec_enable_control():set_value(0, BY_TRACK)

local synthesiser = ARDOUR.LuaAPI.new_plugin(session, "ACE Reasonable Synth", ARDOUR.PluginType.LV2, "")
if synthesiser:isnil() then
  synthesiser = ARDOUR.LuaAPI.new_plugin(session, "Reasonable Synth", ARDOUR.PluginType.LV2, "")
end
assert(not synthesiser:isnil(), "Ardour's Reasonable Synth is not there")
assert(source:add_processor_by_index(synthesiser, 1, nil, true) == 0, "the synthesiser does not go after ToneNet")
wait_until("the track to have audio", 10, function() return source:n_outputs():n_audio() > 0 end)
for channel = 0, source:n_outputs():n_audio() - 1 do
  source:output():audio(channel):connect(master:input():audio(channel):name())
end

local export = session:simple_export()
assert(export:set_preset("2b8d2c9e-51f0-4b1c-9a43-6d6f0f0a7c22"), "Ardour does not know the preset")
export:set_name(arg[5])
export:set_folder(arg[4])
export:set_range(0, tonumber(arg[3]))
local began = ARDOUR.LuaAPI.monotonic_time()
assert(export:run_export(), "Ardour's export fails")
tell("export", (ARDOUR.LuaAPI.monotonic_time() - began) / 1e6)
-- It must not outlive its session.
export = nil
collectgarbage()
finish()
