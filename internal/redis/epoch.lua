-- Prelude of the scripts. KEYS[1] is the state: a hash of the epoch and of each
-- user's last number (field u<id>). KEYS[2] is the log: a stream of what every
-- node delivers. One hash holds all numbers, so they are lost only together.
local function begin(epoch)
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('XTRIM', KEYS[2], 'MAXLEN', 0) -- not DEL: ids must go on growing
  redis.call('XADD', KEYS[2], '*', 'e', epoch, 'k', 'begin') -- wakes every node
  return epoch
end
