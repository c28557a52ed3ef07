-- wrk: POST /bot/pause and /bot/resume in turn.
local paths = { "/api/v1/bot/pause", "/api/v1/bot/resume" }
local n = 0

function request()
	n = n + 1
	return wrk.format("POST", paths[n % 2 + 1])
end
