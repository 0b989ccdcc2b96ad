-- Tells a node where the installation is, and what it has missed.
-- ARGV: 1 epoch to begin if one must begin, 2 epoch the node knows or '',
-- 3 last log id it has delivered, 4 '1' when it served users on its own,
-- 5 most log entries to return
-- Returns: epoch, '1' if the node can go on from its id, state, log entries.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local know = epoch and epoch == ARGV[2]
local found = know and #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 1

-- A known epoch without the node's last entry: Redis lost its end in a restart,
-- or the node was away for longer than the log is long. Either way numbers the
-- node's browsers know may be given again, so the epoch can't go on.
if not epoch or ARGV[4] == '1' or (know and not found) then
  begin(ARGV[1])
  epoch, found = ARGV[1], false
end
if found then
  return {epoch, '1', {}, redis.call('XRANGE', KEYS[2], '(' .. ARGV[3], '+', 'COUNT', ARGV[5])}
end
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', ARGV[5])
local entries = {}
for i = #newest, 1, -1 do entries[#entries + 1] = newest[i] end
return {epoch, '0', redis.call('HGETALL', KEYS[1]), entries}
