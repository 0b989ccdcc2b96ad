-- Numbers one message for each user and appends it to the log, atomically.
-- KEYS[3]: the last command of this node that was applied.
-- ARGV: 1 epoch to begin if there is none, 2 number of the command, 3 length of
-- the log, 4 '1' for the first command of a batch, 5 kind, 6 users "7,9" or
-- "*", 7 type, 8 key, 9 time, 10 data
local epoch = redis.call('HGET', KEYS[1], 'epoch') or begin(ARGV[1])

-- A batch is sent again when an answer was lost or one of it failed. What was
-- taken must not count twice, and nothing may overtake what failed.
local number, last = tonumber(ARGV[2]), tonumber(redis.call('GET', KEYS[3]) or '0')
if number <= last then return 0 end
if ARGV[4] == '0' and number ~= last + 1 then
  return redis.error_reply('ERR the command before failed')
end
redis.call('SET', KEYS[3], ARGV[2], 'EX', 3600)

local kind, users = ARGV[5], ARGV[6]
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
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'e', epoch, 'k', kind,
  'u', table.concat(numbers, ','), 't', ARGV[7], 'key', ARGV[8], 'at', ARGV[9], 'd', ARGV[10])
return 1
