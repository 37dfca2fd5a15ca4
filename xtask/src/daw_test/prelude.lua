-- What all scripts share: Ardour's engine without hardware, waiting for a state, and words for the caller.

RATE, BLOCK = 48000, 256
BY_TRACK = PBD.GroupControlDisposition.NoGroup
BY_USER = ARDOUR.TransportRequestSource.TRS_UI

-- The caller reads this file; what Ardour itself prints goes to its log.
local answers = assert(io.open(arg[1], "w"))

-- Tells the caller something: a key and values, tab-separated.
function tell(...)
  local words = {}
  for i, word in ipairs({ ... }) do words[i] = tostring(word) end
  answers:write(table.concat(words, "\t"), "\n")
  answers:flush()
end

-- Lets Ardour work until something holds, at most for so many seconds.
function wait_until(what, seconds, holds)
  local step, waited = 0.02, 0
  while not holds() do
    if waited > seconds then error("waited " .. seconds .. " s in vain for " .. what) end
    sleep(step)
    waited = waited + step
  end
end

-- Speeds are called as in Ardour's list: "Normal Speed", "10x Speed".
function start_engine(speed)
  local backend = AudioEngine:set_backend("None (Dummy)", "", "")
  assert(not backend:isnil(), "this Ardour has no dummy backend")
  assert(backend:set_driver(speed) == 0, "the dummy backend has no " .. speed)
  backend:set_sample_rate(RATE)
  backend:set_buffer_size(BLOCK)
end

function open_session(folder, speed)
  start_engine(speed)
  local session = load_session(folder, "session")
  assert(session, "cannot load the session in " .. folder)
  return session
end

-- The plugin's place in the track that plays.
function tonenet(session)
  return session:route_by_name("source"):nth_plugin(0)
end

function finish()
  close_session()
  tell("done")
  answers:close()
  quit()
end
