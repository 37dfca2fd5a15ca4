-- Sets ToneNet's look-ahead to Timeline, which takes effect when the session is loaded again.
-- Arguments: answers, session folder.

local session = open_session(arg[2], "Normal Speed")
local plugin = tonenet(session):to_insert():plugin(0)

local function parameter(label)
  for place = 0, plugin:parameter_count() - 1 do
    local id, exists = plugin:nth_parameter(place, true)
    if exists and plugin:parameter_label(id) == label then return place end
  end
  error("ToneNet has no parameter " .. label)
end

-- The last of its choices; in VST3 a parameter goes from 0 to 1.
assert(ARDOUR.LuaAPI.set_processor_param(tonenet(session), parameter("Look-ahead"), 1.0), "Ardour refuses the value")
local seen = AudioEngine:processed_samples() + RATE
wait_until("a second of audio", 20, function() return AudioEngine:processed_samples() >= seen end)
session:save_state("")
finish()
