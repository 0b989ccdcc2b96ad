-- Numbers one message for each user and appends it to the log, atomically.
-- KEYS[3]: the last command of this node that was applied.
-- ARGV: 1 epoch the node is in, 2 epoch to begin if there is none, 3 number of
-- the command, 4 length of the log, 5 '1' for the first command of a batch,
-- 6 kind, 7 users "7,9" or "*", 8 type, 9 key, 10 time, 11 data
local epoch = redis.call('HGET', KEYS[1], 'epoch')

-- A command may arrive long after its node gave it up and served it alone.
-- That node has begun another epoch since, so the old offer is refused.
if epoch ~= ARGV[1] then
  if not epoch then begin(ARGV[2]) end
  return redis.error_reply('EPOCH another')
end

-- A batch is sent again when an answer was lost or one of it failed. What was
-- taken must not count twice, and nothing may overtake what failed.
local number, last = tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[3]) or '0')
if number <= last then return 0 end
if ARGV[5] == '0' and number ~= last + 1 then
  return redis.error_reply('ERR the command before failed')
end
redis.call('SET', KEYS[3], number, 'EX', 3600)

local kind, users = ARGV[6], ARGV[7]
if kind == 'join' then
  return redis.call('HSETNX', KEYS[1], 'u' .. users, 0)
end

local numbers = {}
local function count(field)
  local seq = redis.call('HINCRBY', KEYS[1], field, 1)
  numbers[#numbers + 1] = string.sub(field, 2) .. ':' .. string.format('%d', seq)
end
if users == '*' then
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if field ~= 'epoch' then count(field) end
  end
else
  for user in string.gmatch(users, '%d+') do count('u' .. user) end
end
if kind == 'message' and #numbers == 0 then return 1 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'e', epoch, 'k', kind,
  'u', table.concat(numbers, ','), 't', ARGV[8], 'key', ARGV[9], 'at', ARGV[10], 'd', ARGV[11])
return 1
